"""Who acted with whom, how often."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sqlalchemy import Connection, select

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
    story, tag = tables.story.c, tables.story_tag.c
    statement = select(story.id, story.type).where(story.state == "open", story.opened_by_mention.is_(False))
    if since is not None:
        statement = statement.where(story.opened_at >= since)
    if until is not None:
        statement = statement.where(story.opened_at < until)
    if type:
        statement = statement.where(story.type == type)
    acts = {row.id: row.type for row in connection.execute(statement)}
    # joined and counted here: two plain scans cost a fifth of the self-join in the database
    sides: dict[str, list[str]] = defaultdict(list)
    principals = select(tag.story_id, tag.value).where(tag.kind == "principal")
    for story_id, side in connection.execute(principals):
        if story_id in acts:
            sides[story_id].append(side)
    counts = Counter(
        (*pair, acts[story_id]) for story_id, found in sides.items() for pair in combinations(sorted(found), 2)
    )
    return tuple(PairCount(left, right, act, number) for (left, right, act), number in counts.items())
