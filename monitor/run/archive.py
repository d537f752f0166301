"""Older pages of a feed (RFC 5005), asked for when a document shows nothing that was known: entries may have been missed
between two polls. Bounded, on the feed's own host, and never in a circle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.model import HttpAnswer, HttpFailure, ParsedFeed
from monitor.run.feeds import ParseFault
from monitor.sources.prescan import Prescan, prescan

PAGES_MAX = 5

Get = Callable[[str], Awaitable[HttpAnswer | HttpFailure]]
Parse = Callable[[Prescan, HttpAnswer], Awaitable[ParsedFeed | ParseFault]]


def may_have_gap(scan: Prescan, known: frozenset[bytes]) -> bool:
    """Whether entries of this feed were read before and none of them is listed any more, byte for byte."""
    return bool(known) and bool(scan.prints) and scan.skipped == 0


async def with_older(
    feed: ParsedFeed, scan: Prescan, known: frozenset[bytes], url: str, limit: int, *, get: Get, parse: Parse
) -> tuple[ParsedFeed, Prescan]:
    """The feed with the entries of its older pages, up to the first known one, ``limit`` entries or PAGES_MAX pages."""
    asked, following = {url}, feed.next_page
    for _ in range(PAGES_MAX):
        if not following or following in asked or len(feed.entries) >= limit or not _same_host(url, following):
            break
        asked.add(following)
        answer = await get(following)
        if not isinstance(answer, HttpAnswer) or answer.status != 200:
            break
        older = prescan(answer.body, answer.header("content-type"), known, limit)
        page = await parse(older, answer)
        if isinstance(page, ParseFault):
            break
        entries = (*feed.entries, *page.entries)[:limit]
        feed = replace(feed, entries=entries, listed=feed.listed + page.listed)
        scan = replace(scan, prints=(*scan.prints, *older.prints), skipped=scan.skipped + older.skipped)
        if older.skipped:
            break
        following = page.next_page
    return feed, scan


def _same_host(one: str, other: str) -> bool:
    return urlsplit(one).netloc.rpartition("@")[2] == urlsplit(other).netloc
