"""Fills a store with invented feeds, articles and stories, for the tests of the page and of what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert

from monitor.fetch.answers import Problem, Trouble
from monitor.fetch.state import PollState, pack
from monitor.fetch.words import feed_words, poll_words
from monitor.model import (
    ActType,
    Announcement,
    FeedSpec,
    FeedState,
    Judgement,
    Party,
    Reason,
    Report,
    Sector,
    Span,
    Stage,
    Story,
    Verdict,
)
from monitor.store import Store, tables
from monitor.store.stories import save_story
from monitor.store.types import to_json

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PARTIES = {
    "IT": Party("IT", "state", "IT", "Italia"),
    "CN": Party("CN", "state", "CN", "Cina"),
    "RU": Party("RU", "state", "RU", "Russia"),
    "FR": Party("FR", "state", "FR", "Francia"),
    "EU": Party("EU", "state", "EU", "Unione europea"),
    "org.un": Party("org.un", "organisation", None, "Nazioni Unite"),
}
PAIRS = (("IT", "CN"), ("RU", "CN"), ("IT", "FR"), ("EU", "org.un"), ("IT", "CN", "RU"))
TYPES = tuple(ActType)
STAGES = (Stage.SIGNED, Stage.ANNOUNCED, Stage.LAUNCHED, Stage.RENEWED)
SECTORS = tuple(Sector)


def feeds(connection: Connection, count: int = 4) -> None:
    """``count`` feeds with a poll each."""
    for n in range(count):
        since = NOW - timedelta(days=1) if n == 1 else None
        trouble = Trouble(Problem.SERVER_ERROR, "answers 500", 500)
        state = PollState(failures=3, failing_since_at=since, problem=trouble.kind) if n == 1 else PollState()
        spec = FeedSpec(f"https://feed{n}.example/rss", f"Gazzetta {n}", "it", "IT", "newspaper")
        connection.execute(
            insert(tables.feed).values(
                id=f"f{n}",
                listed_url=spec.url,
                url=spec.url,
                host=f"feed{n}.example",
                title=spec.title,
                spec=to_json(spec),
                state="failing" if n == 1 else "ok",
                reason=feed_words(state, FeedState.FAILING) if n == 1 else "",
                schedule=pack(state),
                interval_s=900.0,
                due_at=NOW + timedelta(minutes=5),
                added_at=NOW - timedelta(days=90),
                last_polled_at=NOW - timedelta(minutes=10),
                last_ok_at=NOW - timedelta(minutes=10) if n != 1 else None,
                last_new_at=NOW - timedelta(hours=2),
            )
        )
        connection.execute(
            insert(tables.poll).values(
                feed_id=f"f{n}",
                started_at=NOW - timedelta(minutes=10),
                outcome="failed" if n == 1 else "new",
                words=poll_words(trouble) if n == 1 else "30 listed: 3 new, 0 edited, 27 known",
                listed=0 if n == 1 else 30,
                new=0 if n == 1 else 3,
                gap=n == 2,
                wire_bytes=900,
            )
        )


def article(
    connection: Connection,
    number: int,
    title: str,
    text: str,
    *,
    score: float = 0.9,
    alert: bool = True,
    seen: datetime | None = None,
) -> None:
    """One entry with its text and judgement; the entry's id is ``number``."""
    seen = seen or NOW - timedelta(hours=number)
    connection.execute(
        insert(tables.entry).values(
            id=number,
            feed_id=f"f{number % 4}",
            batch=number,
            url=f"https://feed{number % 4}.example/a/{number}",
            title=title,
            published_at=seen - timedelta(minutes=12),
            first_seen_at=seen,
            order_at=seen,
            state="judged",
            due_at=seen,
            wait_until=seen,
        )
    )
    connection.execute(
        insert(tables.article).values(
            entry_id=number,
            title=title,
            text=text,
            method="page",
            read_at=seen,
            language="it",
            wall="",
            text_hash=str(number),
            canonical_url="",
        )
    )
    verdict = Verdict.ANNOUNCEMENT if alert else Verdict.CONTEXT
    judged = Judgement("it", verdict, score, alert, (), (), (), "r1")
    connection.execute(
        insert(tables.judgement).values(
            entry_id=number,
            judged_at=seen,
            ruleset="r1",
            verdict=verdict,
            score=score,
            alert=alert,
            body=to_json(judged),
        )
    )


def story(number: int, *, hostile: str = "") -> Story:
    """An invented act; parties, type, stage and sector follow from its number."""
    parties = tuple(PARTIES[code] for code in PAIRS[number % len(PAIRS)])
    quote = hostile or f"Le parti hanno firmato l'intesa numero {number} sulla ricerca."
    said = Announcement(
        type=TYPES[number % len(TYPES)],
        stage=STAGES[number % len(STAGES)],
        parties=parties,
        quote=quote,
        rule="any-two",
        score=0.5 + (number % 50) / 100,
        object=hostile or f"intesa {number}",
        sectors=(SECTORS[number % len(SECTORS)],),
        event_date="2026-03-05",
        evidence=(Span(4, 9, "text", "act.sign"),),
        terms=(("act in title", 1.4), ("two states", 0.9), ("old date", -0.3)),
    )
    seen = NOW - timedelta(hours=number)
    made = Report(
        article_id=str(number),
        title=hostile or f"Firmata l'intesa {number}",
        url="javascript:alert(1)" if hostile else f"https://feed{number % 4}.example/a/{number}",
        feed_id=f"f{number % 4}",
        feed_title=hostile or f"Gazzetta {number % 4}",
        lang="it",
        published_at=seen - timedelta(minutes=12),
        seen_at=seen,
        announcement=said,
    )
    return Story(
        id=f"st-{number}",
        opened_at=seen,
        type=said.type,
        stage=said.stage,
        parties=parties,
        object=said.object,
        sectors=said.sectors,
        topics=("italy-china",) if parties[:2] == (PARTIES["IT"], PARTIES["CN"]) else (),
        score=said.score,
        reports=(made,),
        stages=((said.stage, "2026-03-05", seen),),
    )


def stories(connection: Connection, numbers: Sequence[int]) -> None:
    """Stories with their articles; each seventh has a second source that only mentions it."""
    for number in numbers:
        value = story(number)
        article(
            connection,
            number,
            value.reports[0].title,
            f"Roma. {value.reports[0].announcement.quote} Il resto è contesto.",
        )
        added = value.reports
        if number % 7 == 0:
            added += (replace(value.reports[0], title="Di passaggio", reason=Reason.IN_PASSING),)
        save_story(connection, value, {f"k{number}"}, value.opened_at, known=False, added=added)


def delivery(connection: Connection, number: int, state: str, *, route: str = "desk") -> None:
    """One delivery of story ``number``."""
    at = NOW - timedelta(hours=number)
    connection.execute(
        insert(tables.delivery).values(
            id=f"d{number}-{route}",
            route=route,
            channel="email",
            target="desk@example.org",
            event="story.new",
            article_id=str(number),
            subject=f"Intesa {number}",
            body=b"x",
            state=state,
            reason="550 no such user" if state == "dead" else "",
            created_at=at,
            due_at=at,
            ended_at=at + timedelta(minutes=1) if state in {"sent", "dead"} else None,
            attempts=1,
        )
    )
    connection.execute(
        insert(tables.delivery_story).values(delivery_id=f"d{number}-{route}", story_id=f"st-{number}", position=0)
    )


def everything(store: Store, count: int = 60) -> None:
    """A small desk: four feeds, ``count`` stories, some deliveries, quiet articles, one silence, judgements."""
    with store.database.write() as connection:
        feeds(connection)
        stories(connection, range(1, count + 1))
        for number, state in ((1, "sent"), (2, "dead"), (3, "queued")):
            delivery(connection, number, state)
        for number in range(1001, 1011):
            article(connection, number, f"Colloqui {number}", "Nessun annuncio qui.", score=0.1, alert=False)
        connection.execute(
            insert(tables.silence).values(
                author="anna",
                reason="too many",
                clause='{"principals": ["FR"], "sectors": []}',
                routes="[]",
                created_at=NOW,
                until=NOW + timedelta(days=3),
                muted=2,
            )
        )
        for number, detail in ((4, "right"), (5, "wrong old"), (6, "right")):
            connection.execute(
                insert(tables.action).values(
                    done_at=NOW, actor="anna", kind="judge", subject="story", subject_id=f"st-{number}", detail=detail
                )
            )
