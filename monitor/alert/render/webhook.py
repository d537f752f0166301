"""Webhook events as JSON bytes (contract 4; docs/webhook.md, docs/webhook.schema.json). Pure; the signature is made at
each sending, over these same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from monitor.alert import clean, facts, headline, published
from monitor.alert.facts import Alert
from monitor.alert.published import Json, when
from monitor.alert.words import Words
from monitor.model import Change, EventType, Novelty, Story, StoryChange

# Standard Webhooks asks for less than 20 kB; the headers and a margin are not ours to count on.
LIMIT_BYTES = 19_000
MENTIONS_LIMIT = 8


def story_event(change: StoryChange, alert: Alert, route: str, words: Words, now: datetime) -> bytes:
    """``story.new`` or ``story.updated`` of one change. Sources are left out from the end until the event fits."""
    for sources in (published.SOURCES_LIMIT, 10, 4, 1):
        body = _bytes(event_type(change), now, _story_data(change, alert, route, words, sources))
        if len(body) <= LIMIT_BYTES:
            break
    return body


def event_type(change: StoryChange) -> EventType:
    """New and unsure acts open a story for the receiver; everything else moves one that it knows."""
    opened = change.novelty in (Novelty.NEW, Novelty.UNSURE) and change.change is None
    return EventType.STORY_NEW if opened and not facts.is_withdrawal(change) else EventType.STORY_UPDATED


def _story_data(change: StoryChange, alert: Alert, route: str, words: Words, sources: int) -> Json:
    return {
        "route": route,
        "headline": clean.cut(headline.of_change(change, words), published.TITLE_LIMIT),
        "headline_language": words.language,
        "novelty": change.novelty.value,
        "change": _change(change),
        "late": alert.late,
        "story": published.story(change.story, sources=sources),
        "announcement": published.announcement(change.report.announcement),
        "article": published.article(change.report),
        "also_in_article": {
            "stories": [each.story.id for each in alert.changes if each is not change][:40],
            "mentions": [published.mention(each) for each in alert.mentions[:MENTIONS_LIMIT]],
        },
    }


def _change(change: StoryChange) -> str | None:
    if change.change is not None:
        return change.change.value
    if facts.is_withdrawal(change):
        return Change.RETRACTED.value if facts.kind_of(change) == "retracted" else Change.STAGE.value
    return Change.STAGE.value if change.novelty is Novelty.NEW_STAGE else None


def reminder(story: Story, route: str, days: int, words: Words, now: datetime) -> bytes:
    """``story.reminder``: a call closes in ``days`` days."""
    text = clean.cut(headline.of_story(story, words), published.TITLE_LIMIT)
    common = {"route": route, "headline": text, "headline_language": words.language}
    return _bytes(EventType.STORY_REMINDER, now, {**common, "days": days, "story": published.story(story, sources=4)})


def digest(
    kind: str,
    stories: Sequence[tuple[str, Story]],
    part: tuple[int, int],
    period: tuple[datetime, datetime],
    route: str,
    now: datetime,
) -> bytes:
    """``digest``: stories that were collected, each with why it stands here. ``part`` is (this event, how many)."""
    rows = [
        {
            "why": why,
            "id": story.id,
            "type": story.type.value,
            "stage": story.stage.value,
            "parties": [clean.line(party.id, 60) for party in story.parties[:6]],
            "score": round(story.score, 4),
            "url": _short_link(facts.link_of(story)),
        }
        for why, story in stories
    ]
    since, until = period
    data = {"route": route, "kind": kind, "since": when(since), "until": when(until)}
    return _bytes(EventType.DIGEST, now, data | {"part": part[0], "parts": part[1], "stories": rows})


def _short_link(url: str) -> str | None:
    """An address of ordinary length; a longer one is not cut but left out: the id leads to it."""
    link = clean.link(url)
    return link if link and len(link) <= 200 else None


def notice(event: EventType, route: str, title: str, text: str, now: datetime) -> bytes:
    """``health`` or ``test``: a title and a text for people."""
    return _bytes(event, now, {"route": route, "title": clean.line(title, 200), "text": clean.line(text, 4000)})


def _bytes(event: EventType, now: datetime, data: Json) -> bytes:
    whole = {"type": event.value, "timestamp": when(now), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
