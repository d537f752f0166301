"""Values for the tests of monitor.alert: stories, reports and changes, written for these tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alert.facts import Alert
from monitor.model import (
    ActType,
    Announcement,
    Mention,
    Novelty,
    Party,
    Reason,
    Report,
    Sector,
    Stage,
    Story,
    StoryChange,
)

NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
ITALY = Party("IT", "state", "IT", "Italia")
CHINA = Party("CN", "state", "CN", "Pechino")
RUSSIA = Party("RU", "state", "RU", "Russia")
FRANCE = Party("FR", "state", "FR", "Francia")
OPEN = Party("open", "open", None, "")


def announcement(**changes: Any) -> Announcement:
    fields: dict[str, Any] = {
        "type": ActType.AGREEMENT,
        "stage": Stage.SIGNED,
        "parties": (ITALY, CHINA),
        "quote": "Italia e Cina hanno firmato oggi a Roma un accordo sulla ricerca polare.",
        "rule": "any-two-states",
        "score": 0.93,
        "object": "ricerca polare",
        "sectors": (Sector.SCIENCE_EDUCATION,),
        "event_date": "2026-03-05",
        "date_basis": "relative",
    }
    return Announcement(**(fields | changes))


def report(number: int = 1, **changes: Any) -> Report:
    fields: dict[str, Any] = {
        "article_id": f"article-{number}",
        "title": f"Roma e Pechino firmano sull'Artide ({number})",
        "url": f"https://news{number}.example/a/{number:03}",
        "feed_id": f"feed-{number}",
        "feed_title": f"Gazzetta {number}",
        "lang": "it",
        "published_at": NOW - timedelta(minutes=20 - number),
        "seen_at": NOW - timedelta(minutes=3),
        "announcement": announcement(),
    }
    return Report(**(fields | changes))


def story(*reports: Report, **changes: Any) -> Story:
    reports = reports or (report(),)
    best = reports[0].announcement
    fields: dict[str, Any] = {
        "id": "st-1",
        "opened_at": NOW,
        "type": best.type,
        "stage": best.stage,
        "parties": best.parties,
        "object": best.object,
        "sectors": best.sectors,
        "topics": best.topics,
        "score": best.score,
        "reports": reports,
        "stages": ((best.stage, best.event_date, NOW),),
    }
    return Story(**(fields | changes))


def change(value: Story | None = None, **changes: Any) -> StoryChange:
    value = value or story()
    fields: dict[str, Any] = {"story": value, "novelty": Novelty.NEW, "report": value.reports[-1]}
    return StoryChange(**(fields | changes))


def alert(*changes_: StoryChange, **changes: Any) -> Alert:
    fields: dict[str, Any] = {"changes": changes_ or (change(),), "known": {}}
    return Alert(**(fields | changes))


def mention(reason: Reason = Reason.OLD, **changes: Any) -> Mention:
    return Mention(announcement(**changes), reason)
