"""Labelled articles as JSON lines: the labels of data/GUIDE.md beside the articles of contract 1."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from monitor.errors import ConfigError
from monitor.model import Article
from monitor.text import clean


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article and what people say of it. ``held_out`` articles are scored, never fitted and never listed."""

    article: Article
    label: str
    types: tuple[str, ...] = ()
    stage: str = ""
    countries: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    stratum: str = ""
    held_out: bool = False
    quote: str = ""  # the proving sentence, verbatim

    @property
    def positive(self) -> bool:
        return self.label == "announcement"


def is_held_out(article_id: str) -> bool:
    """The half of a labelled file that stays unread: sha256 of the id ends in an odd hexadecimal digit."""
    return int(hashlib.sha256(article_id.encode()).hexdigest()[-1], 16) % 2 == 1


def article_of(record: Mapping[str, Any]) -> Article:
    """An article of contract 1. Raises ValueError where neither title nor text is there, or the date is none."""
    title, text = record.get("title") or "", record.get("text") or ""
    if not isinstance(title, str) or not isinstance(text, str) or not (title or text):
        raise ValueError("needs a title or a text")
    published = record.get("published")
    stamp = None
    if published:
        stamp = datetime.fromisoformat(str(published).replace("Z", "+00:00"))
        stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return Article(
        id=str(record["id"]),
        title=title,
        text=text,
        published_at=stamp,
        date_only=bool(published) and len(str(published)) <= 10,
        url=record.get("url") or "",
        language=record.get("lang") or "",
    )


def _label_of_report(record: Mapping[str, Any]) -> str:
    """The label of a report of a story (``role`` and ``stage``): done acts are announcements, the rest is context."""
    done = record["role"] == "report" and record["stage"] in ("announced", "signed", "ratified", "launched", "renewed")
    return "announcement" if done else "context"


def read(lines: Iterable[str], name: str = "labels") -> Iterator[Labelled]:
    """Labelled articles of JSON lines. Raises ConfigError naming the line that is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            yield Labelled(
                article=article_of(record),
                label=record["label"] if "label" in record else _label_of_report(record),
                types=tuple(record.get("types") or ()),
                stage=record.get("stage") or "",
                countries=frozenset(record.get("countries") or ()),
                sectors=frozenset(record.get("sectors") or ()),
                stratum=record.get("stratum") or "",
                held_out=is_held_out(str(record["id"])),
                quote=clean(record.get("quote")),
            )
        except (ValueError, KeyError, TypeError) as exc:
            raise ConfigError(f"{name}:{number}: not a labelled article: {exc!r}") from exc


_SHORT = {"a": "announcement", "c": "context", "n": "none"}


def labels_by_id(lines: Iterable[str], name: str = "labels") -> dict[str, str]:
    """Labels of lines of an id and a, c or n; ``#`` begins a remark. Raises ConfigError naming the line that is none."""
    out: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        article_id, _, label = line.strip().partition(" ")
        if label not in _SHORT:
            raise ConfigError(f"{name}:{number}: write an id, a blank and a, c or n")
        out[article_id] = _SHORT[label]
    return out


def relabelled(articles: Sequence[Labelled], told: Mapping[str, str]) -> list[Labelled]:
    """A set with the labels of ``told``, of which then only what is named is left; any other set as it is."""
    if not any(x.article.id in told for x in articles):
        return list(articles)
    return [replace(x, label=told[x.article.id]) for x in articles if x.article.id in told]
