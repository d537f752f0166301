"""Feeds parsed in worker processes: the feed, or a fault with its kind."""

from __future__ import annotations

import asyncio
import os
import signal

from monitor.model import FeedSpec, ParsedFeed
from monitor.run.feeds import ParseFault, parse_feed
from monitor.run.workers import WorkerPool

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Agenzia</title>
<item><guid>1</guid><title>Italia e Cina firmano</title><link>/a/1</link></item></channel></rss>"""
FEED = FeedSpec(url="https://feed.example/rss")


def parsed(*bodies: bytes, deadline_s: float = 10.0, kill: bool = False) -> list[ParsedFeed | ParseFault]:
    async def main() -> list[ParsedFeed | ParseFault]:
        pool = WorkerPool(1, preload=("monitor.sources.parse",))
        found = []
        try:
            for body in bodies:
                task = asyncio.create_task(parse_feed(pool, body, content_type="", feed=FEED, deadline_s=deadline_s))
                while kill and not task.done():
                    for pid in pool.process_ids():
                        os.kill(pid, signal.SIGSEGV)
                    await asyncio.sleep(0.01)
                found.append(await task)
        finally:
            await pool.close()
        return found

    return asyncio.run(main())


def test_a_feed_comes_back_with_its_entries() -> None:
    (feed,) = parsed(RSS)
    assert isinstance(feed, ParsedFeed)
    assert [(entry.title, entry.url) for entry in feed.entries] == [
        ("Italia e Cina firmano", "https://feed.example/a/1")
    ]


def test_what_is_no_feed_comes_back_with_its_kind_and_the_next_is_read() -> None:
    empty, page, feed = parsed(b"", b"<!doctype html><html><body>Ciao</body></html>", RSS)
    assert isinstance(empty, ParseFault)
    assert empty.kind == "empty"
    assert isinstance(page, ParseFault)
    assert page.kind == "html"
    assert isinstance(feed, ParsedFeed)


def test_a_parser_that_hangs_is_stopped() -> None:
    body = RSS.replace(b"<item>", b"<item>" + b"<title>long</title>" * 60_000)
    (fault,) = parsed(body, deadline_s=0.01)
    assert isinstance(fault, ParseFault)
    assert fault.kind == "parse_timeout"


def test_a_parser_that_dies_twice_is_named() -> None:
    (fault,) = parsed(RSS, kill=True)
    assert isinstance(fault, ParseFault)
    assert fault.kind == "parse_crash"
