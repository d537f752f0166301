"""The published story object (contract 4): one form for webhooks, the API, exports and feeds, described by
docs/webhook.schema.json. Plain JSON values; text is cleaned, never HTML. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.alert import clean, facts
from monitor.alert.facts import Source
from monitor.model import Announcement, Mention, Party, Report, Story

Json = dict[str, Any]

# Limits keep an event under 20 kB (Standard Webhooks: receivers may refuse more) whatever a feed sends.
TITLE_LIMIT = 200
QUOTE_LIMIT = 1000
NAME_LIMIT = 120
SOURCES_LIMIT = 20
PARTIES_LIMIT = 40
STAGES_LIMIT = 20


def story(value: Story, *, sources: int = SOURCES_LIMIT) -> Json:
    """A story with its parties, stages and at most ``sources`` sources (earliest first; ``sources_total`` counts all).
    Mentions are not sources."""
    found = facts.sources(value)
    counted = facts.independence(found)
    best = max((source.report for source in found), key=lambda report: report.announcement.score, default=None)
    return {
        "id": value.id,
        "opened_at": when(value.opened_at),
        "state": value.state,
        "merged_into": value.merged_into or None,
        "type": value.type.value,
        "stage": value.stage.value,
        "parties": [party(each) for each in value.parties[:PARTIES_LIMIT]],
        "parties_total": len(value.parties),
        "object": clean.line(value.object, TITLE_LIMIT) or None,
        "count": value.count,
        "sectors": [sector.value for sector in value.sectors],
        "topics": [clean.line(topic, NAME_LIMIT) for topic in value.topics[:20]],
        "stages": [
            {"stage": stage.value, "event_date": day or None, "first_seen_at": when(seen)}
            for stage, day, seen in value.stages[-STAGES_LIMIT:]
        ],
        "deadline": value.deadline or None,
        "score": round(value.score, 4),
        "quote": clean.line(best.announcement.quote, QUOTE_LIMIT) if best else None,
        "quote_language": (best.lang or None) if best else None,
        "part_of": value.part_of or None,
        "may_belong_to": value.may_belong_to or None,
        "nearest": value.nearest or None,
        "sources": [source(each) for each in found[:sources]],
        "sources_total": len(found),
        "independent_sources": counted.independent,
        "copies": counted.copies,
    }


def party(value: Party) -> Json:
    return {
        "id": clean.line(value.id, NAME_LIMIT),
        "kind": value.kind,
        "country": value.country,
        "name": clean.line(value.name, NAME_LIMIT),
        "role": value.role,
    }


def source(value: Source) -> Json:
    return {
        **article(value.report),
        "stage": value.report.announcement.stage.value,
        "is_copy": value.is_copy,
        "publisher_is_party": value.is_party,
    }


def article(report: Report) -> Json:
    """The article of a report: where it stands, who published it and when."""
    return {
        "id": report.article_id,
        "title": clean.line(report.title, TITLE_LIMIT),
        "url": clean.link(report.url) or None,
        "publisher": clean.line(report.feed_title, NAME_LIMIT),
        "feed_id": report.feed_id,
        "language": report.lang or None,
        "published_at": when(report.published_at) if report.published_at else None,
        "seen_at": when(report.seen_at),
    }


def announcement(value: Announcement) -> Json:
    """One article's report of the act, with the sentence that proves it and why the rules think so."""
    return {
        "type": value.type.value,
        "stage": value.stage.value,
        "step": value.step.value if value.step else None,
        "claimed_by": value.claimed_by or None,
        "event_date": value.event_date or None,
        "date_basis": value.date_basis or None,
        "deadline": value.deadline or None,
        "quote": clean.line(value.quote, QUOTE_LIMIT),
        "rule": clean.line(value.rule, NAME_LIMIT),
        "score": round(value.score, 4),
    }


def mention(value: Mention) -> Json:
    """A refused report: its coded fields and the reason. Without the sentence: it proves nothing."""
    act = value.announcement
    return {
        "type": act.type.value,
        "stage": act.stage.value,
        "parties": [clean.line(each.id, NAME_LIMIT) for each in act.parties[:PARTIES_LIMIT]],
        "reason": value.reason.value,
    }


def when(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
