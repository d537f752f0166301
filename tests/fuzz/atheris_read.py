"""Coverage-guided fuzzing of what reads strangers' bytes: feeds and pages. Not part of the tests (atheris is no
dependency); run it by hand for as long as you like, from the checkout:

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris
    PYTHONPATH=.:.venv/lib/python3.11/site-packages /tmp/fuzz/bin/python tests/fuzz/atheris_read.py extract -max_total_time=600

``parse`` may raise NotAFeed, ``extract`` nothing; a unit that takes longer than ten seconds is a finding, too.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["monitor", "trafilatura", "htmldate", "feedparser"]):
    from monitor.errors import CoopwatchError
    from monitor.extract import extract
    from monitor.rulebook.pages import load_page_phrases
    from monitor.sources.parse import parse

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TYPES = (
    "",
    "text/html",
    "text/html; charset=gb2312",
    "application/rss+xml",
    "text/xml; charset=utf-16",
    "application/json",
)
URL = "https://news.example/2026/11/21/a.html"


def page_target() -> Callable[[bytes], None]:
    phrases = load_page_phrases([Path(__file__).resolve().parents[2] / "rules"])

    def one(content: bytes) -> None:
        kind = TYPES[content[0] % len(TYPES)] if content else ""
        extract(content[1:], kind, URL, NOW, phrases)

    return one


def feed_target() -> Callable[[bytes], None]:
    def one(content: bytes) -> None:
        kind = TYPES[content[0] % len(TYPES)] if content else ""
        selector = "a" if content[:1] >= b"\x80" else ""
        with contextlib.suppress(CoopwatchError):
            parse(
                content[1:],
                content_type=kind,
                feed_url=URL,
                format="html_list" if selector else "auto",
                selector=selector,
            )

    return one


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    target = {"extract": page_target, "parse": feed_target}[sys.argv.pop(1)]()
    atheris.Setup([*sys.argv, "-timeout=10", "-rss_limit_mb=2048"], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
