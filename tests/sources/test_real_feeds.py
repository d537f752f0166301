"""Real feeds: nothing that feedparser finds is lost, none is slow."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.sources.parse import parse

pytestmark = pytest.mark.shared


def _manifest(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "data" / "feeds" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_entry_that_feedparser_finds_is_found_in_time(shared: Path) -> None:
    feeds = _manifest(shared)
    assert len(feeds) > 100
    for feed in feeds:
        body = (shared / "data" / "feeds" / feed["file"]).read_bytes()
        started = time.process_time()  # what the parser needs; how busy the machine is says nothing about it
        url = f"https://{feed['site'] or 'x.example'}/feed"
        parsed = parse(body, feed_url=url)
        assert time.process_time() - started < 2, feed["file"]
        theirs = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url})
        expected = max(len(theirs.entries), feed["n_entries"])
        assert (parsed.listed, len(parsed.entries)) == (expected, min(expected, 500)), feed["file"]
        if not theirs.bozo:  # where its strict parser fails, it damages ampersands in guids that are kept whole here
            ours = {entry.guid for entry in parsed.entries}
            assert {str(entry.id).strip() for entry in theirs.entries if entry.get("id")} <= ours, feed["file"]
