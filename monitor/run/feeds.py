"""Parses one feed document in the worker pool and says what came of it, also when the parser hung or died."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model import FeedSpec, ParsedFeed
from monitor.run.together import Caller
from monitor.run.workers import Ending, Outcome

# the slowest of 496 real feeds takes 1.0 s; one that takes longer than this is hostile
PARSE_DEADLINE_S = 10.0
PARSE = "monitor.sources.parse:parse"


@dataclass(frozen=True, slots=True)
class ParseFault:
    """Why a document gave no feed. ``kind`` is one word: of sources.NotAFeedKind, else ``parse_timeout``,
    ``parse_crash`` or ``parse_error`` (a bug of ours or of a library, met at the worker's guard)."""

    kind: str
    detail: str


async def parse_feed(
    pool: Caller,
    body: bytes,
    *,
    content_type: str,
    feed: FeedSpec,
    final_url: str = "",
    limit: int | None = None,
    allow: frozenset[str] = frozenset(),
    deadline_s: float = PARSE_DEADLINE_S,
) -> ParsedFeed | ParseFault:
    """The feed in ``body``, links relative to ``final_url`` (the feed's own address where it is empty). A parser that dies
    is tried once more. Never raises for a document."""
    options = {
        "content_type": content_type,
        "feed_url": final_url or feed.url,
        "format": feed.format or "auto",
        "selector": feed.selector,
        "allow": allow,
        "timezone": feed.timezone,
    } | ({} if limit is None else {"limit": limit})
    outcome = await pool.call(PARSE, body, deadline_s=deadline_s, **options)
    if outcome.ending is Ending.DIED:
        outcome = await pool.call(PARSE, body, deadline_s=deadline_s, **options)
    if outcome.ending is Ending.DONE and isinstance(outcome.value, ParsedFeed):
        return outcome.value
    return _fault(outcome)


def _fault(outcome: Outcome) -> ParseFault:
    if outcome.error == "NotAFeed" and outcome.said:
        return ParseFault(outcome.said[0], outcome.detail)
    if outcome.ending is Ending.DEADLINE:
        return ParseFault("parse_timeout", f"parsing was stopped: {outcome.detail}")
    if outcome.ending is Ending.DIED:
        return ParseFault("parse_crash", f"the parser died twice: {outcome.detail}")
    return ParseFault("parse_error", f"{outcome.error}: {outcome.detail}")
