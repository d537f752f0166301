"""Articles as JSON lines (contract 1), as several commands take them: from a file, or from standard input as ``-``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from monitor.errors import ConfigError
from monitor.model import Article
from monitor.quality.labels import article_of


def articles_in(file: Path) -> Iterator[Article]:
    """The articles of a file, in its order. Raises ConfigError where it cannot be read, or naming the line that is none."""
    if str(file) == "-":
        yield from articles_of(sys.stdin.buffer, "standard input")
        return
    try:
        with file.open("rb") as lines:
            yield from articles_of(lines, str(file))
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror}") from exc


def articles_of(lines: Iterable[bytes], name: str) -> Iterator[Article]:
    """The articles of JSON lines. Raises ConfigError naming the line that is none."""
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            record = json.loads(raw)
            if not isinstance(record, dict) or not record.get("id"):
                raise ValueError('needs an object with an "id"')
            article = article_of(record)
        except (ValueError, TypeError, RecursionError) as exc:
            raise ConfigError(f"{name}:{number}: not an article: {exc}") from exc
        yield article
