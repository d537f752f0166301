"""What a page says of itself in schema.org terms (JSON-LD): headline, text, date, language, paid or free. Trusts none
of it further than as a candidate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_SCRIPT_CHARS = 400_000
_MAX_NODES = 2_000
_ARTICLE_TYPES = ("article", "posting", "report", "pressrelease", "webpage")


@dataclass(frozen=True, slots=True)
class LinkedData:
    """The fields of the page's article; empty where it says nothing."""

    headline: str = ""
    body: str = ""
    published: str = ""
    language: str = ""
    site: str = ""
    is_paid: bool = False


def read(scripts: Iterable[tuple[str, str]]) -> LinkedData:
    """Reads the JSON-LD among ``scripts`` ((type, text) pairs); broken, huge or deep ones count as absent."""
    nodes = [node for kind, text in scripts if "ld+json" in kind for node in _nodes(_parsed(text))]
    articles = sorted((node for node in nodes if _rank(node) is not None), key=lambda node: _rank(node) or 0)
    bodies = [_text(node.get("articleBody")) for node in articles]
    return LinkedData(
        headline=_first(_text(node.get("headline")) for node in articles),
        body=max(bodies, key=len, default=""),
        published=_first(_text(node.get("datePublished")) for node in articles),
        language=_first(_language(node.get("inLanguage")) for node in articles),
        site=_first(_text(node.get("name")) for node in nodes if _type(node).endswith(("organization", "website"))),
        is_paid=any(str(node.get("isAccessibleForFree", "")).strip().lower() == "false" for node in articles),
    )


def _parsed(text: str) -> Any:
    if not 2 < len(text) <= MAX_SCRIPT_CHARS:
        return None
    text = (
        text.strip().removeprefix("<!--").removesuffix("-->").strip().removeprefix("//<![CDATA[").removesuffix("//]]>")
    )
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a document, outermost first, at most ``_MAX_NODES`` values looked at."""
    queue, seen = [value], 0
    while queue and seen < _MAX_NODES:
        current = queue.pop(0)
        seen += 1
        if isinstance(current, dict):
            yield current
            queue += [
                current[key] for key in ("@graph", "mainEntity", "mainEntityOfPage", "publisher") if key in current
            ]
        elif isinstance(current, list):
            queue += current[:200]


def _type(node: dict[str, Any]) -> str:
    kind = node.get("@type")
    return str(kind[0] if isinstance(kind, list) and kind else kind or "").lower()


def _rank(node: dict[str, Any]) -> int | None:
    """How close to an article a node is: 0 the best; None for what is none."""
    kind = _type(node)
    return next((rank for rank, word in enumerate(_ARTICLE_TYPES) if kind.endswith(word)), None)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _language(value: Any) -> str:
    return _text(value.get("alternateName") or value.get("name")) if isinstance(value, dict) else _text(value)


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
