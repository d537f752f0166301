"""Stories -> a report as values: relations, and under each its acts in order of date. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from zoneinfo import ZoneInfo

from monitor.alert import clean, facts, headline
from monitor.alert.words import Words
from monitor.model import Story

QUOTE_LIMIT = 600
SOURCES_SHOWN = 8
CONFIRMED_BY = 2  # independent sources; one alone is starred unless a person judged the story right


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report is about. ``between``: both sides of one pair take part; ``principals``: any of them does; neither:
    everything. Days are local and inclusive."""

    since: date
    until: date
    between: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was seen: feeds that are polled, reached in the last day, possible gaps in the last seven."""

    feeds: int
    reached: int
    gaps: int


@dataclass(frozen=True, slots=True)
class Act:
    """One story in words. ``sources`` are (name, address or "", when)."""

    story_id: str
    day: str  # ISO, cut to what is known
    day_shown: str
    headline: str
    stage: str
    starred: bool
    quote: str
    quote_language: str
    steps: tuple[str, ...]
    deadline: str
    sources: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    name: str
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report in one language; ``labels`` are its fixed words."""

    language: str
    title: str
    period: str
    made: str
    coverage: str
    relations: tuple[Relation, ...]
    starred: str  # what the star means, or "" where nothing is starred
    none: str  # the sentence that stands in place of relations, or ""
    labels: dict[str, str]


def compose(
    stories: Iterable[Story],
    asked: Asked,
    words: Words,
    *,
    zone: ZoneInfo,
    now: datetime,
    coverage: Coverage,
    right: Collection[str] = (),
    wrong: Collection[str] = (),
) -> Report:
    """The report on ``stories``. ``right`` and ``wrong`` are the ids of stories that a person judged so."""
    chosen = [story for story in stories if story.id not in wrong and _belongs(story, asked, zone)]
    relations: dict[str, list[Act]] = {}
    for story in sorted(chosen, key=lambda each: (_day(each, zone), each.opened_at, each.id)):
        relations.setdefault(_relation(story, asked, words), []).append(_act(story, words, zone, story.id in right))
    ordered = sorted(relations.items(), key=lambda item: (-len(item[1]), item[0]))
    starred = any(act.starred for _, acts in ordered for act in acts)
    names = [words.name_of(code) or code for code in asked.between or asked.principals]
    return Report(
        language=words.language,
        title=words.text("report.title", who=" – ".join(names) if names else words.text("report.everyone")),
        period=words.text(
            "report.period", since=words.day(asked.since.isoformat()), until=words.day(asked.until.isoformat())
        ),
        made=words.text("report.made", when=words.moment(now, zone)),
        coverage=words.text("report.coverage", reached=coverage.reached, feeds=coverage.feeds, gaps=coverage.gaps),
        relations=tuple(Relation(name, tuple(acts)) for name, acts in ordered),
        starred=words.text("report.unconfirmed") if starred else "",
        none="" if ordered else words.text("report.none"),
        labels={key: words.text(f"report.col.{key}") for key in ("date", "act", "stage", "sources")},
    )


def _belongs(story: Story, asked: Asked, zone: ZoneInfo) -> bool:
    if story.state != "open" or story.opened_by_mention:
        return False
    sides = {party.id for party in story.parties} | {party.country for party in story.parties if party.country}
    if asked.between and not all(code in sides for code in asked.between):
        return False
    if asked.principals and not sides.intersection(asked.principals):
        return False
    return asked.since <= story.opened_at.astimezone(zone).date() <= asked.until


def _day(story: Story, zone: ZoneInfo) -> str:
    """The day of the act's present stage where the text says it, else when it was first seen."""
    dated = [day for _, day, _ in story.stages if day]
    return dated[-1] if dated else story.opened_at.astimezone(zone).date().isoformat()


def _relation(story: Story, asked: Asked, words: Words) -> str:
    if len(asked.between) == 2:
        left, right = asked.between
    else:
        pairs = list(combinations(sorted({party.id for party in story.parties}), 2))
        wanted = [pair for pair in pairs if not asked.principals or set(pair) & set(asked.principals)]
        if len(wanted) != 1:
            return words.text("report.relation_other")
        left, right = wanted[0]
    shown = {party.id: words.party(party) for party in story.parties}
    name = [shown.get(code) or words.name_of(code) or code for code in (left, right)]
    return words.text("report.relation", left=name[0], right=name[1])


def _act(story: Story, words: Words, zone: ZoneInfo, confirmed: bool) -> Act:
    found = facts.sources(story)
    best = max((source.report for source in found), key=lambda report: report.announcement.score, default=None)
    day = _day(story, zone)
    steps = tuple(
        f"{words.text(f'stage.{stage}')}: {words.day(said) if said else words.day(seen.astimezone(zone).date().isoformat())}"
        for stage, said, seen in facts.stages_in_order(story)
    )
    return Act(
        story_id=story.id,
        day=day,
        day_shown=words.day(day),
        headline=headline.of_story(story, words),
        stage=words.text(f"stage.{story.stage}"),
        starred=not confirmed and facts.independence(found).independent < CONFIRMED_BY,
        quote=clean.line(best.announcement.quote, QUOTE_LIMIT) if best else "",
        quote_language=words.tongue(best.lang) if best and best.lang and best.lang != words.language else "",
        steps=steps if len(steps) > 1 else (),
        deadline=words.text("report.deadline", day=words.day(story.deadline)) if story.deadline else "",
        sources=tuple(
            (
                clean.line(source.report.feed_title or source.report.feed_id, 80),
                clean.link(source.report.url),
                words.moment(source.report.published_at or source.report.seen_at, zone),
            )
            for source in found[:SOURCES_SHOWN]
        ),
    )
