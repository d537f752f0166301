"""The HTTP API: the published story object (contract 4) and the figures of the pages as JSON, described by OpenAPI."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Path, Query

from monitor.alert import published
from monitor.console.backstage import Backstage
from monitor.console.pages.quality import estimated_recall
from monitor.console.shown import median_and_p95, share_interval
from monitor.console.wanted import Wanted
from monitor.model import ActType, DeliveryState, FeedState
from monitor.store import desk

Id = Annotated[str, Path(min_length=1, max_length=200)]
Text = Annotated[str, Query(max_length=300)]
PageNumber = Annotated[int, Query(ge=1, le=2000)]


def router(behind: Backstage) -> APIRouter:
    """Everything that the pages show, for programs; reading only."""
    found = APIRouter(prefix="/api", tags=["coopwatch"])
    _stories(found, behind)
    _upkeep(found, behind)
    return found


def _stories(found: APIRouter, behind: Backstage) -> None:
    @found.get("/stories", summary="Stories, newest first")
    def stories(wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
        with behind.database.read() as connection:
            lines, more = desk.find_stories(connection, wanted.filter(ZoneInfo(behind.timezone)), page=wanted.page)
        found = [
            {**published.story(line.story), "sources_total": line.sources, "judged": line.judged or None}
            for line in lines
        ]
        return {"stories": found, "page": wanted.page, "more": more}

    @found.get(
        "/stories/{story_id}", summary="One story with its sources", responses={404: {"description": "no such story"}}
    )
    def story(story_id: Id) -> dict[str, Any]:
        with behind.database.read() as connection:
            file = desk.story_file(connection, story_id)
        if file is None:
            raise HTTPException(404, "no such story")
        return {
            "story": published.story(file.story, sources=200),
            "deliveries": [
                dict(zip(("route", "target", "event", "state", "reason", "at"), row, strict=True))
                for row in file.deliveries
            ],
            "verdicts": [dict(zip(("route", "decision", "reason", "at"), row, strict=True)) for row in file.verdicts],
            "actions": [dict(zip(("at", "by", "kind", "detail"), row, strict=True)) for row in file.actions],
        }

    @found.get("/relations", summary="How many acts each pair of principals had, by type")
    def relations(
        since: datetime | None = None, until: datetime | None = None, type: ActType | None = None
    ) -> dict[str, Any]:
        start, end = (behind_zone(each, behind) for each in (since, until))
        with behind.database.read() as connection:
            counts = desk.pair_counts(connection, since=start, until=end, type=type or "")
        return {"pairs": [asdict(count) for count in counts]}


def behind_zone(at: datetime | None, behind: Backstage) -> datetime | None:
    """An aware time; one without a zone is local to the page."""
    return at.replace(tzinfo=ZoneInfo(behind.timezone)) if at is not None and at.tzinfo is None else at


def _upkeep(found: APIRouter, behind: Backstage) -> None:
    @found.get("/feeds", summary="Feeds and their health")
    def feeds(q: Text = "", state: FeedState | None = None, page: PageNumber = 1) -> dict[str, Any]:
        with behind.database.read() as connection:
            lines, more = desk.feed_lines(connection, behind.clock(), words=q, state=state or "", page=page)
        return {"feeds": [asdict(line) for line in lines], "page": page, "more": more}

    @found.get("/coverage", summary="What was polled and read since a moment, and how long alerts took")
    def coverage(since: datetime | None = None) -> dict[str, Any]:
        start = behind_zone(since, behind) or behind.clock() - timedelta(days=1)
        with behind.database.read() as connection:
            covered = desk.coverage(connection, start)
        figures = asdict(covered)
        latencies = figures.pop("latencies_s")
        median, p95 = median_and_p95(latencies) or (None, None)
        return {**figures, "latency_median_s": median, "latency_p95_s": p95, "since": start}

    @found.get("/deliveries", summary="The outbox and what left it")
    def deliveries(state: DeliveryState | None = None, route: Text = "", page: PageNumber = 1) -> dict[str, Any]:
        with behind.database.read() as connection:
            lines, more = desk.deliveries(connection, state=state or "", route=route, page=page)
        return {"deliveries": [asdict(line) for line in lines], "page": page, "more": more}

    @found.get("/quality", summary="Precision from feedback, recall estimated from the sample")
    def quality(days: Annotated[int, Query(ge=1, le=400)] = 30) -> dict[str, Any]:
        with behind.database.read() as connection:
            figures = desk.quality(connection, behind.clock() - timedelta(days=days))
        interval = share_interval(figures.right, figures.right + figures.wrong)
        precision, low, high = interval or (None, None, None)
        return {
            "right": figures.right,
            "wrong": figures.wrong,
            "precision": precision,
            "precision_low": low,
            "precision_high": high,
            "sampled": figures.sampled,
            "recall": estimated_recall(figures),
        }

    @found.get("/rules", summary="The rule set in force")
    def rules() -> dict[str, Any]:
        loaded = behind.rules()
        return {
            "digest": loaded.digest,
            "rules": [{"id": rule.id, "title": rule.title, "status": rule.status} for rule in loaded.rules],
        }
