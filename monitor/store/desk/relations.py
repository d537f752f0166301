"""Who acted with whom, how often: counted by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from monitor.store import tables


@dataclass(frozen=True, slots=True)
class PairCount:
    """How many acts of one type two principals (ids in alphabetical order) have had."""

    left: str
    right: str
    type: str
    acts: int


def pair_counts(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None, type: str = ""
) -> tuple[PairCount, ...]:
    """Every pair that acted together in the period, by type; mentions, wrong and merged stories are left out."""
    story, one, other = tables.story.c, tables.story_tag.alias(), tables.story_tag.alias()
    statement = (
        select(one.c.value.label("left"), other.c.value.label("right"), story.type, func.count().label("acts"))
        .join_from(tables.story, one, and_(one.c.story_id == story.id, one.c.kind == "principal"))
        .join(other, and_(other.c.story_id == story.id, other.c.kind == "principal", other.c.value > one.c.value))
        .where(story.state == "open", story.opened_by_mention.is_(False))
        .group_by(one.c.value, other.c.value, story.type)
    )
    if since is not None:
        statement = statement.where(story.opened_at >= since)
    if until is not None:
        statement = statement.where(story.opened_at < until)
    if type:
        statement = statement.where(story.type == type)
    return tuple(PairCount(row.left, row.right, row.type, row.acts) for row in connection.execute(statement))
