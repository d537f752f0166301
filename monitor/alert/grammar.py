"""The grammar of ``match`` (contract 6), shared by routes and silences: in a clause every non-empty key must hold, of a
key's values one suffices, ``!X`` excludes; of several clauses one suffices; no clause is everything. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.config import MatchClause
from monitor.model import Report, Story, StoryChange, Why

# In the order in which they are tried: the cheapest and most telling reason first.
KEYS = (Why.PAIRS, Why.PRINCIPALS, Why.SECTORS, Why.TYPES, Why.STAGES, Why.TOPICS, Why.STORIES, Why.FEEDS, Why.RULES)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a clause is held against: the values of each key."""

    principals: frozenset[str]
    types: frozenset[str]
    stages: frozenset[str]
    sectors: frozenset[str]
    topics: frozenset[str]
    stories: frozenset[str]
    feeds: frozenset[str]
    rules: frozenset[str]


def subject(story: Story, report: Report) -> Subject:
    """A story as one report tells it. A company or university counts as itself and as its country; so a route for
    Italy and Algeria gets the deal of their energy companies."""
    parties = {party.id for party in story.parties} | {party.country for party in story.parties if party.country}
    return Subject(
        principals=frozenset(parties),
        types=frozenset({story.type.value}),
        stages=frozenset({report.announcement.stage.value}),
        sectors=frozenset(sector.value for sector in story.sectors),
        topics=frozenset(story.topics),
        stories=frozenset({story.id} | ({story.part_of} - {""})),
        feeds=frozenset({report.feed_id, report.feed_title} - {""}),
        rules=frozenset({report.announcement.rule}),
    )


def subject_of(change: StoryChange) -> Subject:
    return subject(change.story, change.report)


def refusal(clauses: Sequence[MatchClause], found: Subject) -> Why | None:
    """None where one clause holds; else the key that failed in the clause that came furthest."""
    furthest, why = -1, None
    for clause in clauses:
        failed = _failed(clause, found)
        if failed is None:
            return None
        if KEYS.index(failed) > furthest:
            furthest, why = KEYS.index(failed), failed
    return why


def _failed(clause: MatchClause, found: Subject) -> Why | None:
    """The first key of ``clause`` that does not hold."""
    for key in KEYS:
        if key is Why.PAIRS:
            holds = not clause.pairs or any({one, other} <= found.principals for one, other in clause.pairs)
        else:
            holds = _holds(getattr(clause, key.value), getattr(found, key.value))
        if not holds:
            return key
    return None


def _holds(wanted: Iterable[str], values: frozenset[str]) -> bool:
    """Whether one of the wanted values is there, and none of the excluded ones; only exclusions want nothing more."""
    excluded = {value[1:] for value in wanted if value.startswith("!")}
    asked = {value for value in wanted if not value.startswith("!")}
    return not excluded & values and (not asked or bool(asked & values))
