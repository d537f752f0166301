"""The tables as they are defined, with SQLModel (types, names and indexes: no relationships, no validation, no sessions).

The program never imports this module: building its classes takes a quarter of a second of every command. ``make tables``
writes ``tables.py`` from it, the same tables for statements; tests hold it equal to that and to the migrations.

Columns that hold JSON are called ``body``, ``spec``, ``schedule`` or ``detail``; what is searched for has a column of its own.
Work columns are the same everywhere: ``due_at`` (when it is next to be done), ``claim_id`` and ``claim_until`` (who has it,
until when).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from monitor.store.types import UtcDateTime


def _time(*, null: bool = True, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null, index=index))


# Ids outgrow 32 bits: 100,000 feeds polled four times an hour make two thousand million polls in seven months.
_BIG = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Any:
    return Field(default=None, sa_column=Column(_BIG, primary_key=True))


def _entry_id(*, primary_key: bool = False) -> Any:
    column = Column(_BIG, ForeignKey("entry.id"), primary_key=primary_key, index=not primary_key, nullable=False)
    return Field(sa_column=column)


def _text(default: str = "") -> Any:
    return Field(default=default, sa_column=Column(Text, nullable=False, default=default))


# ---------------------------------------------------------------------------------------------- feeds and polls


class FeedRow(SQLModel, table=True):
    """A polled source. ``listed_url`` is how the feeds file names it, ``url`` where it is asked now."""

    __tablename__ = "feed"
    id: str = Field(primary_key=True)
    listed_url: str = Field(unique=True)
    url: str = Field(index=True)
    host: str = Field(default="", index=True)
    title: str = ""
    spec: str = _text()  # FeedSpec
    state: str = Field(index=True)  # FeedState
    reason: str = _text()  # plain words
    schedule: str = _text()  # what monitor.fetch remembers between polls; opaque here
    interval_s: float = 0.0
    due_at: datetime = _time(null=False)
    claim_id: str = ""
    claim_until: datetime | None = _time()
    added_at: datetime = _time(null=False)
    last_polled_at: datetime | None = _time()
    last_ok_at: datetime | None = _time()
    last_new_at: datetime | None = _time()
    failing_since_at: datetime | None = _time()
    failures: int = 0  # in a row
    polls: int = 0
    entries: int = 0
    __table_args__ = (
        Index(
            "ix_feed_due",
            "due_at",
            sqlite_where=text("state IN ('ok', 'failing', 'gone')"),
            postgresql_where=text("state IN ('ok', 'failing', 'gone')"),
        ),
    )


class PollRow(SQLModel, table=True):
    """One request of a feed, in words and numbers; the last 30 of each feed are kept."""

    __tablename__ = "poll"
    id: int | None = _id()
    feed_id: str = Field(foreign_key="feed.id")
    started_at: datetime = _time(null=False)
    elapsed_s: float = 0.0
    outcome: str = ""
    words: str = _text()
    status: int = 0
    wire_bytes: int = Field(default=0, sa_column=Column(_BIG, nullable=False, default=0))
    listed: int = 0
    new: int = 0
    edited: int = 0
    known: int = 0
    repeated: int = 0
    refused: int = 0
    left_out: int = 0
    gap: bool = False
    flags: str = _text()
    __table_args__ = (Index("ix_poll_feed", "feed_id", "id"), {"sqlite_autoincrement": True})


class HostRow(SQLModel, table=True):
    """Manners towards one host, shared by all machines: when it may be asked next."""

    __tablename__ = "host"
    host: str = Field(primary_key=True)
    next_at: datetime = _time(null=False)
    not_before_at: datetime | None = _time()  # Retry-After
    asked_at: datetime | None = _time()


class HostTurnRow(SQLModel, table=True):
    """One request to a host that is under way somewhere, or was when its machine died."""

    __tablename__ = "host_turn"
    id: str = Field(primary_key=True)
    host: str = Field(index=True)
    owner: str = ""
    until: datetime = _time(null=False)


class WorkerRow(SQLModel, table=True):
    """One worker of a fleet, and when it gave its last sign of life."""

    __tablename__ = "worker"
    owner: str = Field(primary_key=True)
    machine: str = ""
    rules: str = ""
    started_at: datetime = _time(null=False)
    seen_at: datetime = _time(null=False)


class RobotsRow(SQLModel, table=True):
    """robots.txt of one origin, kept at most 24 hours."""

    __tablename__ = "robots"
    origin: str = Field(primary_key=True)
    fetched_at: datetime = _time(null=False)
    expires_at: datetime = _time(null=False)
    verdict: str = ""  # rules | allow | deny
    body: str = _text()


# ---------------------------------------------------------------------------------------------- entries and articles


class EntryRow(SQLModel, table=True):
    """One thing that a feed listed, and how far it has come. ``batch`` is the poll that brought it (or its edit)."""

    __tablename__ = "entry"
    id: int | None = _id()
    feed_id: str = Field(foreign_key="feed.id", index=True)
    batch: int = Field(default=0, sa_column=Column(_BIG, nullable=False, default=0))
    guid: str = _text()
    url: str = _text()
    title: str = _text()
    summary: str = _text()
    content: str = _text()  # emptied once the article has it
    published_at: datetime | None = _time()
    date_only: bool = False
    updated_at: datetime | None = _time()
    language: str = ""
    first_seen_at: datetime = _time(null=False, index=True)
    order_at: datetime = _time(null=False)  # published, else first seen: articles of one poll are judged by it
    text_hash: str = ""  # of title, summary and content: what an edit changes
    edits: int = 0
    held: bool = False  # older than alert_max_age where that counts: told by no immediate alert
    late: bool = False  # first seen now, dated earlier: told, and marked
    quiet: bool = False  # imported: stored, never told
    state: str = ""  # EntryState
    disposition: str = ""
    reason: str = _text()
    due_at: datetime = _time(null=False)
    wait_until: datetime = _time(null=False)  # article_wait: from then on the summary stands in
    attempts: int = 0
    claim_id: str = ""
    claim_until: datetime | None = _time()
    __table_args__ = (
        Index(
            "ix_entry_work",
            "state",
            "due_at",
            sqlite_where=text("state IN ('listed', 'read')"),
            postgresql_where=text("state IN ('listed', 'read')"),
        ),
        Index(
            "ix_entry_batch",
            "batch",
            "order_at",
            sqlite_where=text("state IN ('listed', 'read')"),
            postgresql_where=text("state IN ('listed', 'read')"),
        ),
        {"sqlite_autoincrement": True},
    )


class EntryKeyRow(SQLModel, table=True):
    """By what an entry is known again (guid, canonical link, title and content); kept longer than any text."""

    __tablename__ = "entry_key"
    feed_id: str = Field(primary_key=True, foreign_key="feed.id")
    key: str = Field(primary_key=True)
    entry_id: int = _entry_id()
    first_seen_at: datetime = _time(null=False)
    last_seen_at: datetime = _time(null=False)


class ArticleRow(SQLModel, table=True):
    """The text of an entry, as it was read."""

    __tablename__ = "article"
    entry_id: int = _entry_id(primary_key=True)
    title: str = _text()
    text: str = _text()
    url: str = _text()  # where the page was found after redirects
    canonical_url: str = Field(default="", sa_column=Column(Text, nullable=False, index=True, default=""))
    published_at: datetime | None = _time()
    language: str = ""
    method: str = ""  # ReadMethod
    wall: str = ""
    read_at: datetime = _time(null=False, index=True)
    text_hash: str = ""
    simhash: str = ""


class JudgementRow(SQLModel, table=True):
    """What the rules said of an article, under which rule set; one row for each time it was judged."""

    __tablename__ = "judgement"
    id: int | None = _id()
    entry_id: int = _entry_id()
    judged_at: datetime = _time(null=False, index=True)
    ruleset: str = ""
    verdict: str = Field(default="", index=True)
    score: float = 0.0
    alert: bool = False
    body: str = _text()  # Judgement


# ---------------------------------------------------------------------------------------------- stories


class StoryRow(SQLModel, table=True):
    """One act over its life; ``version`` counts its changes, so that a decision made on an older one is refused."""

    __tablename__ = "story"
    id: str = Field(primary_key=True)
    version: int = 1
    opened_at: datetime = _time(null=False, index=True)
    changed_at: datetime = _time(null=False, index=True)
    type: str = ""
    stage: str = ""
    state: str = Field(default="open", index=True)
    score: float = 0.0
    object: str = _text()
    deadline: str = Field(default="", index=True)
    part_of: str = Field(default="", index=True)
    merged_into: str = ""
    opened_by_mention: bool = False
    reports: int = 0
    body: str = _text()  # Story without its reports


class StoryKeyRow(SQLModel, table=True):
    """Under which keys a story is sought (made by monitor.story, opaque here)."""

    __tablename__ = "story_key"
    key: str = Field(primary_key=True)
    story_id: str = Field(primary_key=True, foreign_key="story.id", index=True)


class StoryTagRow(SQLModel, table=True):
    """What a story is filtered by: principal, sector, topic, lang, feed."""

    __tablename__ = "story_tag"
    story_id: str = Field(primary_key=True, foreign_key="story.id")
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    __table_args__ = (Index("ix_story_tag_value", "kind", "value", "story_id"),)


class ReportRow(SQLModel, table=True):
    """One article's part in a story."""

    __tablename__ = "report"
    id: int | None = _id()
    story_id: str = Field(foreign_key="story.id")
    article_id: str = Field(index=True)
    position: int = 0
    feed_id: str = Field(default="", index=True)
    lang: str = ""
    reason: str = ""  # of a mention
    rule: str = ""
    seen_at: datetime = _time(null=False, index=True)
    body: str = _text()  # Report
    __table_args__ = (Index("ix_report_story", "story_id", "position"),)


class ToldRow(SQLModel, table=True):
    """What was told: each story once per route, stage and kind of change, whatever happens twice."""

    __tablename__ = "told"
    id: int | None = _id()
    story_id: str = Field(foreign_key="story.id")
    route: str = ""
    stage: str = ""
    change: str = ""
    told_at: datetime = _time(null=False)
    delivery_id: str = Field(default="", index=True)  # empty while it waits for a digest
    article_id: str = Field(default="", index=True)
    decision: str = ""  # Decision
    why: str = ""  # Why
    detail: str = _text()
    __table_args__ = (
        UniqueConstraint("story_id", "route", "stage", "change", name="uq_told"),
        Index("ix_told_route", "route", "delivery_id", "told_at"),
    )


class VerdictRow(SQLModel, table=True):
    """What each route was found to owe for a change of a story, and why; also each "not sent"."""

    __tablename__ = "verdict"
    id: int | None = _id()
    story_id: str = Field(foreign_key="story.id", index=True)
    article_id: str = Field(default="", index=True)
    route: str = ""
    stage: str = ""
    change: str = ""
    decision: str = ""  # Decision
    why: str = ""  # Why
    detail: str = _text()
    decided_at: datetime = _time(null=False)


# ---------------------------------------------------------------------------------------------- outbox


class DeliveryRow(SQLModel, table=True):
    """One message to one target: rendered once, sent perhaps twice, always the same bytes under the same id."""

    __tablename__ = "delivery"
    id: str = Field(primary_key=True)
    route: str = Field(default="", index=True)
    channel: str = ""
    target: str = _text()
    event: str = ""
    article_id: str = Field(default="", index=True)
    subject: str = _text()
    body: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    state: str = ""  # DeliveryState
    reason: str = _text()
    created_at: datetime = _time(null=False, index=True)
    due_at: datetime = _time(null=False)
    ended_at: datetime | None = _time()
    attempts: int = 0
    doubtful: int = 0  # attempts that may have arrived without our knowing
    replays: int = 0
    claim_id: str = ""
    claim_until: datetime | None = _time()
    __table_args__ = (
        Index(
            "ix_delivery_work",
            "due_at",
            sqlite_where=text("state IN ('queued', 'sending', 'retry')"),
            postgresql_where=text("state IN ('queued', 'sending', 'retry')"),
        ),
        Index("ix_delivery_state", "state", "created_at"),
    )


class DeliveryStoryRow(SQLModel, table=True):
    """Which stories a delivery tells, in its order."""

    __tablename__ = "delivery_story"
    delivery_id: str = Field(primary_key=True, foreign_key="delivery.id")
    story_id: str = Field(primary_key=True, foreign_key="story.id", index=True)
    position: int = 0


class AttemptRow(SQLModel, table=True):
    """One attempt to send, with the other side's answer."""

    __tablename__ = "attempt"
    id: int | None = _id()
    delivery_id: str = Field(foreign_key="delivery.id", index=True)
    number: int = 0
    started_at: datetime = _time(null=False)
    ended_at: datetime | None = _time()
    result: str = ""  # sent | retry | dead | unknown
    answer: str = _text()


class TargetRow(SQLModel, table=True):
    """How one target of one route fares: failures in a row open its circuit, 410 disables it."""

    __tablename__ = "target"
    route: str = Field(primary_key=True)
    target: str = Field(sa_column=Column(Text, primary_key=True))
    failures: int = 0
    open_until: datetime | None = _time()
    disabled: bool = False
    answer: str = _text()
    changed_at: datetime = _time(null=False)


# ---------------------------------------------------------------------------------------------- people and upkeep


class RouteStateRow(SQLModel, table=True):
    """What a route remembers: its absence, its digest."""

    __tablename__ = "route_state"
    route: str = Field(primary_key=True)
    paused_since_at: datetime | None = _time()
    paused_until: datetime | None = _time()
    paused_to: str = ""  # a route's name, or digest
    paused_by: str = ""
    digest_due_at: datetime | None = _time(index=True)
    digest_from_at: datetime | None = _time()  # the last digest told everything up to here
    body: str = _text()  # what monitor.alert remembers besides; opaque here


class SilenceRow(SQLModel, table=True):
    """An operator's muting."""

    __tablename__ = "silence"
    id: int | None = _id()
    author: str = ""
    reason: str = _text()
    clause: str = _text()  # a match table
    routes: str = _text()  # JSON list; empty = all
    created_at: datetime = _time(null=False)
    until: datetime = _time(null=False, index=True)
    ended_at: datetime | None = _time()  # ended early, or its end was reported
    muted: int = 0


class ActionRow(SQLModel, table=True):
    """What people did. Append-only."""

    __tablename__ = "action"
    id: int | None = _id()
    done_at: datetime = _time(null=False, index=True)
    actor: str = ""
    kind: str = Field(default="", index=True)
    subject: str = ""  # story, article, feed, route, delivery, silence, rules ...
    subject_id: str = Field(default="", index=True)
    detail: str = _text()


class RuleSetRow(SQLModel, table=True):
    """Every rule set and every configuration of routes that was ever in force, whole, under its digest."""

    __tablename__ = "ruleset"
    digest: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)  # rules | routes
    loaded_at: datetime = _time(null=False)
    body: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


class EpisodeRow(SQLModel, table=True):
    """One trouble from its start to its end: told at the start, reminded of, told at the end."""

    __tablename__ = "episode"
    id: int | None = _id()
    kind: str = Field(default="", index=True)
    subject: str = ""
    started_at: datetime = _time(null=False)
    seen_at: datetime = _time(null=False)
    ended_at: datetime | None = _time()
    told_at: datetime | None = _time()
    detail: str = _text()


class MetaRow(SQLModel, table=True):
    """Single facts: when the service last ran, what it counts."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str = _text()


metadata = SQLModel.metadata
