"""Silences: an operator's muting with author, reason and an end at most 30 days away. They stop messages, never the
record; what they muted is counted and is not sent afterwards. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from monitor.alert import clean, grammar
from monitor.config import MatchClause
from monitor.errors import ConfigError
from monitor.model import Report, Silence, Story, StoryChange

LONGEST = timedelta(days=30)
REASON_LIMIT = 300
_CLAUSE = TypeAdapter(MatchClause)


def new(
    clause: MatchClause, author: str, reason: str, now: datetime, until: datetime, routes: Iterable[str] = ()
) -> Silence:
    """A silence that may be saved. ConfigError naming everything that is wrong with it."""
    faults = []
    if clause == MatchClause():
        faults.append("a silence of everything is a pause: coopwatch route pause NAME --until DATE")
    if not clean.line(author):
        faults.append("a silence needs its author (--author)")
    if not clean.line(reason):
        faults.append("a silence needs a reason (--reason)")
    if until <= now:
        faults.append(f"the end {until:%Y-%m-%d %H:%M} is past")
    if until > now + LONGEST:
        faults.append(f"a silence lasts at most {LONGEST.days} days; the latest end is {now + LONGEST:%Y-%m-%d %H:%M}")
    if faults:
        raise ConfigError("\n".join(faults))
    text = written(clause)
    digest = sha256(f"{text}|{author}|{now.isoformat()}".encode()).hexdigest()[:10]
    return Silence(
        id=f"sil_{digest}",
        clause=text,
        author=clean.line(author, 80),
        reason=clean.line(reason, REASON_LIMIT),
        created_at=now,
        until=until,
        routes=tuple(routes),
    )


def written(clause: MatchClause) -> str:
    """A clause as JSON without its empty keys, as the store keeps it."""
    return json.dumps(_CLAUSE.dump_python(clause, mode="json", exclude_defaults=True), sort_keys=True)


def clause(keys: Mapping[str, object]) -> MatchClause:
    """A clause from its keys. ConfigError naming each value that does not fit."""
    try:
        return _CLAUSE.validate_python(dict(keys))
    except ValidationError as exc:
        faults = (
            f"{each['loc'][0] if each['loc'] else 'clause'}: {each['msg'].removeprefix('Value error, ')}"
            for each in exc.errors()
        )
        raise ConfigError("\n".join(faults)) from exc


def read(text: str) -> MatchClause:
    """The clause that ``written`` wrote. ConfigError where it is none."""
    try:
        return _CLAUSE.validate_json(text)
    except ValidationError as exc:
        raise ConfigError(f"not a match clause: {text[:200]!r}") from exc


def words_of(text: str) -> str:
    """What ``written`` wrote as operators write it: the keys that say something."""
    table = json.loads(text)
    return "; ".join(
        f"{name}: " + ", ".join("–".join(each) if isinstance(each, list) else str(each) for each in values)
        for name, values in table.items()
        if values
    )


def is_active(silence: Silence, now: datetime) -> bool:
    return silence.created_at <= now < silence.until and silence.ended_at is None


def mutes(silence: Silence, route: str, story: Story, report: Report) -> bool:
    """Whether a silence covers what ``report`` says of ``story`` on ``route``; whether it is active is not asked."""
    if silence.routes and route not in silence.routes:
        return False
    return grammar.refusal((read(silence.clause),), grammar.subject(story, report)) is None


def is_about_sources(silence: Silence) -> bool:
    """Whether it mutes feeds or rules rather than acts: the same act from elsewhere is told all the same."""
    clause = read(silence.clause)
    return bool(clause.feeds or clause.rules)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a silence would have muted: the stories, and how many of them people judged right."""

    muted: tuple[Story, ...]
    judged_right: int


def preview(silence: Silence, told: Sequence[StoryChange], right: frozenset[str]) -> Preview:
    """``told`` are the changes told in the last 30 days, ``right`` the stories that people judged right."""
    muted = {
        change.story.id: change.story
        for change in told
        if any(mutes(silence, route, change.story, change.report) for route in silence.routes or ("",))
    }
    return Preview(tuple(muted.values()), len(right & set(muted)))
