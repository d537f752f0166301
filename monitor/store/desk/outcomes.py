"""What became of entries: how each ended and why, what the rules said, and which stories it reports. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from monitor.model import Decision, Disposition, Judgement, Why
from monitor.store import tables
from monitor.store.types import from_json


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one entry ended. ``disposition`` is None while it is not judged; ``decisions`` are what the routes were found
    to owe for it: (route, decision, why)."""

    entry_id: int
    url: str
    title: str
    disposition: Disposition | None
    reason: str
    judgement: Judgement | None
    story_ids: tuple[str, ...]
    decisions: tuple[tuple[str, Decision, Why], ...]

    @property
    def is_told(self) -> bool:
        """True when a route owed a message of its own for it."""
        return any(decision is Decision.IMMEDIATE for _, decision, _ in self.decisions)


def outcomes(connection: Connection, urls: Sequence[str]) -> dict[str, Outcome]:
    """The outcome of every entry that was listed under one of ``urls``, by that address; the newest entry where one
    address was listed several times."""
    entry = tables.entry.c
    columns = (entry.id, entry.url, entry.title, entry.disposition, entry.reason)
    rows = connection.execute(select(*columns).where(entry.url.in_(urls)).order_by(entry.id)).all()
    newest = {row.url: row for row in rows}
    ids = [row.id for row in newest.values()]
    judged, reported, decided = _judgements(connection, ids), _stories(connection, ids), _decisions(connection, ids)
    return {
        url: Outcome(
            row.id,
            url,
            row.title,
            Disposition(row.disposition) if row.disposition else None,
            row.reason,
            judged.get(row.id),
            reported.get(row.id, ()),
            decided.get(row.id, ()),
        )
        for url, row in newest.items()
    }


def _judgements(connection: Connection, ids: Sequence[int]) -> dict[int, Judgement]:
    judgement = tables.judgement.c
    statement = select(judgement.entry_id, judgement.body).where(judgement.entry_id.in_(ids)).order_by(judgement.id)
    return {row.entry_id: from_json(Judgement, row.body) for row in connection.execute(statement)}


def _stories(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    report = tables.report.c
    statement = (
        select(report.article_id, report.story_id)
        .where(report.article_id.in_([str(each) for each in ids]))
        .order_by(report.id)
    )
    found: dict[int, dict[str, None]] = {}  # an article may report and mention one story
    for row in connection.execute(statement):
        found.setdefault(int(row.article_id), {})[row.story_id] = None
    return {entry_id: tuple(story_ids) for entry_id, story_ids in found.items()}


def _decisions(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[tuple[str, Decision, Why], ...]]:
    verdict = tables.verdict.c
    statement = (
        select(verdict.article_id, verdict.route, verdict.decision, verdict.why)
        .where(verdict.article_id.in_([str(each) for each in ids]))
        .order_by(verdict.id)
    )
    found: dict[int, tuple[tuple[str, Decision, Why], ...]] = {}
    for row in connection.execute(statement):
        one = (row.route, Decision(row.decision), Why(row.why))
        found[int(row.article_id)] = (*found.get(int(row.article_id), ()), one)
    return found
