"""Stories: found by key, loaded, and saved together with everything that one article changes. Grouping and whom to tell
are decided elsewhere; what is stored here is refused when the stories moved on since the decision.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.sql.elements import BindParameter

from monitor.model import Report, Story
from monitor.store.bulk import execute_many
from monitor.store.engine import Database
from monitor.store.statements import IDS, chunks, insert_new, upsert
from monitor.store.tables import report, story, story_key, story_tag
from monitor.store.types import from_json, to_json

# of more candidates the newest: two great powers share a pair key with every story of a year
MAX_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Candidates:
    """Stories found under some keys, without their reports, and the versions they were seen in."""

    stories: tuple[Story, ...]
    versions: Mapping[str, int]


class StoryStore:
    """Reads stories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, keys: Collection[str]) -> Candidates:
        """The stories that stand under any of these keys, newest change first."""
        with self._database.read() as connection:
            return find_stories(connection, keys)

    def load(self, ids: Collection[str]) -> dict[str, Story]:
        """Stories with their reports, by id; unknown ids are left out."""
        with self._database.read() as connection:
            return load_stories(connection, ids)

    def reports(self, ids: Collection[str]) -> dict[str, tuple[Report, ...]]:
        """The reports of stories, in order of arrival."""
        with self._database.read() as connection:
            return load_reports(connection, ids)


def find_stories(connection: Connection, keys: Collection[str]) -> Candidates:
    """See ``StoryStore.find``; on an open transaction."""
    if not keys:
        return Candidates((), {})
    rows = connection.execute(_FOUND_UNDER, {_KEYS.key: sorted(keys)}).all()
    return Candidates(tuple(_story(row.body) for row in rows), {row.id: row.version for row in rows})


def versions_under(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """The versions of the stories that ``find_stories`` would give, without reading what they hold."""
    if not keys:
        return {}
    return {row.id: row.version for row in connection.execute(_VERSIONS_UNDER, {_KEYS.key: sorted(keys)})}


# Written once for all: to build a statement costs more than to execute it.
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)


def _under(*columns: Any) -> Any:
    named = select(story_key.c.story_id).where(story_key.c.key.in_(_KEYS))
    newest_first = (story.c.changed_at.desc(), story.c.id)
    return select(*columns).where(story.c.id.in_(named)).order_by(*newest_first).limit(MAX_CANDIDATES)


_FOUND_UNDER = _under(story.c.id, story.c.version, story.c.body)
_VERSIONS_UNDER = _under(story.c.id, story.c.version)
_BODIES = select(story.c.id, story.c.body).where(story.c.id.in_(IDS))
_REPORTS = (
    select(report.c.story_id, report.c.body)
    .where(report.c.story_id.in_(IDS))
    .order_by(report.c.story_id, report.c.position)
)
_COUNT_REPORTS = select(func.count()).select_from(report).where(report.c.story_id == bindparam("key"))
_INSERT_REPORT = report.insert()
_KEYS_OF = select(story_key.c.key).where(story_key.c.story_id == bindparam("key"))


# An agency text that fifty papers print comes fifty times in an hour, and each time its story is read with all reports:
# what was parsed a moment ago is not parsed again (values of the model do not change).
@lru_cache(maxsize=1024)
def _story(body: str) -> Story:
    return from_json(Story, body)


@lru_cache(maxsize=8192)
def _report(body: str) -> Report:
    return from_json(Report, body)


def load_stories(connection: Connection, ids: Collection[str]) -> dict[str, Story]:
    """See ``StoryStore.load``; on an open transaction."""
    found: dict[str, Story] = {}
    for chunk in chunks(sorted(ids)):
        rows = connection.execute(_BODIES, {IDS.key: chunk})
        found |= {row.id: _story(row.body) for row in rows}
    reports = load_reports(connection, found)
    return {key: replace(value, reports=reports.get(key, ())) for key, value in found.items()}


def load_reports(connection: Connection, ids: Collection[str]) -> dict[str, tuple[Report, ...]]:
    """See ``StoryStore.reports``; on an open transaction."""
    found: dict[str, list[Report]] = {}
    for chunk in chunks(sorted(ids)):
        for row in connection.execute(_REPORTS, {IDS.key: chunk}):
            found.setdefault(row.story_id, []).append(_report(row.body))
    return {key: tuple(value) for key, value in found.items()}


def save_story(
    connection: Connection, value: Story, keys: Collection[str], now: datetime, *, known: bool, added: Sequence[Report]
) -> None:
    """Writes a story (its ``reports`` are ignored), its keys and tags, and appends the reports in ``added``."""
    position = 0
    if known:
        position = connection.execute(_COUNT_REPORTS, {"key": value.id}).scalar_one()
    row = _row(value, now) | {"reports": position + len(added)}
    if known:
        connection.execute(update(story).where(story.c.id == value.id).values(row | {"version": story.c.version + 1}))
    else:
        upsert(connection, story, [row | {"version": 1}])
    execute_many(connection, _INSERT_REPORT, [_report_row(value.id, position + n, one) for n, one in enumerate(added)])
    _replace_keys(connection, value.id, keys)
    tags = {*_tags(value), *(("feed", one.feed_id) for one in added), *(("lang", one.lang) for one in added)}
    insert_new(
        connection,
        story_tag,
        [{"story_id": value.id, "kind": kind, "value": name} for kind, name in sorted(tags) if name],
    )


def _row(value: Story, now: datetime) -> dict[str, Any]:
    return {
        "id": value.id,
        "opened_at": value.opened_at,
        "changed_at": now,
        "type": value.type,
        "stage": value.stage,
        "state": value.state,
        "score": value.score,
        "object": value.object,
        "deadline": value.deadline,
        "part_of": value.part_of,
        "merged_into": value.merged_into,
        "opened_by_mention": value.opened_by_mention,
        "body": to_json(replace(value, reports=())),
    }


def _report_row(story_id: str, position: int, value: Report) -> dict[str, Any]:
    return {
        "story_id": story_id,
        "article_id": value.article_id,
        "position": position,
        "feed_id": value.feed_id,
        "lang": value.lang,
        "reason": value.reason or "",
        "rule": value.announcement.rule,
        "seen_at": value.seen_at,
        "body": to_json(value),
    }


def _tags(value: Story) -> Iterable[tuple[str, str]]:
    for party in value.parties:
        yield "principal", party.id
        if party.country and party.country != party.id:
            yield "principal", party.country
    yield from (("sector", sector.value) for sector in value.sectors)
    yield from (("topic", topic) for topic in value.topics)


def _replace_keys(connection: Connection, story_id: str, keys: Collection[str]) -> None:
    stored = set(connection.execute(_KEYS_OF, {"key": story_id}).scalars())
    insert_new(connection, story_key, [{"key": key, "story_id": story_id} for key in sorted(set(keys) - stored)])
    for chunk in chunks(sorted(stored - set(keys))):
        connection.execute(delete(story_key).where(story_key.c.story_id == story_id, story_key.c.key.in_(chunk)))
