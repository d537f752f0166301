"""Feeds and their polls -> what a page says of them, in its own language. Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from monitor.console.shown import STATE_CLASS, Tongue
from monitor.fetch.answers import Problem
from monitor.fetch.state import unpack
from monitor.fetch.words import told
from monitor.model import FeedState, PollOutcome
from monitor.store.desk import FeedLine, PollLine

FAILED = (PollOutcome.FAILED, PollOutcome.NOT_A_FEED, PollOutcome.GONE)


def feed_row(feed: FeedLine, tongue: Tongue, now: datetime) -> dict[str, object]:
    state = feed.state
    return {
        "id": feed.id,
        "title": feed.title or feed.url,
        "url": feed.url,
        "host": urlsplit(feed.url).hostname or "",
        "kind": publisher(feed.spec.kind, tongue),
        "state": tongue(f"feed.{state}"),
        "class": STATE_CLASS.get(state, "plain"),
        "paused": state == FeedState.PAUSED,
        "health": health_words(feed, tongue),
        "last_new": tongue.moment(feed.last_new_at),
        "new_week": feed.new_week,
        "gaps": feed.gaps_week,
        "next": tongue.moment(feed.due_at) if feed.due_at > now else "…",
    }


def publisher(kind: str, tongue: Tongue) -> str:
    """What a feeds file calls its publisher; a word of its own stands as it is."""
    key = f"publisher.{kind}"
    return tongue(key) if tongue.words.has(key) else kind


def health_words(feed: FeedLine, tongue: Tongue) -> str:
    """Why a feed is in its state, as ``monitor.fetch.words.feed_words`` says it, in the page's language."""
    state = unpack(feed.schedule)
    if feed.state == FeedState.GONE:
        kind = state.problem or Problem.GONE
        return tongue("health.gone", what=trouble_words(kind, tongue), since=tongue.moment(state.gone_since_at))
    if feed.state == FeedState.FAILING and state.failures:
        times = tongue.words.count("health.failing", state.failures, since=tongue.moment(state.failing_since_at))
        return f"{trouble_words(state.problem, tongue)}; {times}"
    if state.moved_to and not state.failures and feed.state == FeedState.OK:
        return tongue("health.moves", url=state.moved_to)
    return feed.reason


def trouble_words(kind: str, tongue: Tongue) -> str:
    key = f"trouble.{kind}"
    return tongue(key) if tongue.words.has(key) else kind.replace("_", " ")


def poll_row(poll: PollLine, tongue: Tongue) -> dict[str, object]:
    kind, seen = told(poll.words) if poll.outcome in FAILED else ("", "")
    said = f"{trouble_words(kind, tongue)} {seen}".strip() if kind else tongue(f"poll.{poll.outcome}")
    return {
        "when": tongue.moment(poll.started_at),
        "words": f"{said}; {tongue('poll.gap')}" if poll.gap else said,
        "listed": poll.listed,
        "new": poll.new,
    }
