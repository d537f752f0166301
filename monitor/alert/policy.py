"""Who is told what, when and why: for each change of a story and each route one decision with a reason from a closed
set. Pure; what was told before is an argument.

A story is told when the best score of its reports at a stage first reaches the route's threshold: once per stage, so
that a second report, an edit or a restart tells nothing again, and a new route does not tell the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alert import facts, grammar, keys, silence
from monitor.config import Route
from monitor.model import (
    Change,
    Decision,
    Novelty,
    Owed,
    Pause,
    Report,
    RouteMode,
    Silence,
    Stage,
    Story,
    StoryChange,
    Told,
    Why,
)

ALERT_STAGES = frozenset({Stage.ANNOUNCED, Stage.SIGNED, Stage.LAUNCHED, Stage.RENEWED})
NEAR_SHARE = 0.5  # a near miss has at least half the threshold
# "Will be signed on the 17th" and "signed" are one piece of news when they come within three days.
SOON = timedelta(hours=72)
# What a route was told, or will be: a digest and the end of a pause tell too.
_REACHES = frozenset({Decision.IMMEDIATE, Decision.HELD, Decision.DIGEST, Decision.PAUSED})
_KINDS = {Novelty.NEW: Why.NEW, Novelty.NEW_STAGE: Why.NEW_STAGE, Novelty.UNSURE: Why.UNSURE, Novelty.KNOWN: Why.NEW}


@dataclass(frozen=True, slots=True)
class Standing:
    """A route and what counts for it now: what it was told of these stories, its absence, and how many messages of
    their own it got in the past hour."""

    route: Route
    told: tuple[Told, ...] = ()
    pause: Pause | None = None
    messages_past_hour: int = 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for the article as a whole. ``held``: too old where ``alert_max_age`` counts; ``late``: first seen now
    but dated earlier."""

    now: datetime
    silences: tuple[Silence, ...] = ()
    held: bool = False
    late: bool = False


def decide(
    changes: Sequence[StoryChange], standings: Sequence[Standing], circumstances: Circumstances
) -> tuple[Owed, ...]:
    """One decision for each change and route, in the order of the routes. Paused routes hand over, then hourly caps
    count: all that one article sets off on one route is one message."""
    owed = [_one(change, standing, circumstances) for standing in standings for change in changes]
    return tuple(_capped(_handed_over(owed, standings), standings))


def _one(change: StoryChange, standing: Standing, around: Circumstances) -> Owed:
    """What one route owes for one change."""
    route = standing.route
    key = keys.of_change(change)
    decision, why, detail = _news(change, key, standing, around)
    if decision in (Decision.IMMEDIATE, Decision.DIGEST, Decision.NEAR):
        muted = _muted_by(change, route, around)
        if muted is not None:
            decision, why, detail = Decision.SILENCED, Why.SILENCE, muted.id
            if silence.is_about_sources(muted):  # another source may tell it still
                key = f"muted:{change.report.article_id}"
        elif decision is Decision.IMMEDIATE and standing.pause and standing.pause.until > around.now:
            decision, why, detail = Decision.PAUSED, Why.PAUSE, standing.pause.to
    if why in (Why.SOURCE, Why.STEP, Why.NEAR_MISS):
        key = keys.of_line(why, change)
    stage = change.report.announcement.stage
    return Owed(route.name, change.story.id, stage, key, decision, why, change.report.article_id, detail)


def _news(change: StoryChange, key: str, standing: Standing, around: Circumstances) -> tuple[Decision, Why, str]:
    """The decision before silences, pauses and caps."""
    route, story = standing.route, change.story
    if route.mode in (RouteMode.HEALTH, RouteMode.REPORT):
        return Decision.NOT, Why.MODE, ""
    if not keys.is_stage(key):
        decided = _moved(change, key, standing)
        if decided[1] is not Why.NEVER_TOLD or not _is_first_here(change, route):
            return decided
    if story.state != "open":
        return Decision.NOT, Why.STORY_CLOSED, ""
    if change.report.reason is not None or (change.novelty is Novelty.KNOWN and story.opened_by_mention):
        return Decision.NOT, Why.MENTION, ""
    refused = _refused(change, route)
    if refused is not None:
        return Decision.NOT, refused, ""
    if around.held:
        return Decision.NOT, Why.TOO_OLD, ""
    return _stage(change, key, standing, around)


def _is_first_here(change: StoryChange, route: Route) -> bool:
    """Whether a correction makes a story one for this route: the party that was left out is the one it waits for."""
    if change.change is not Change.CORRECTION or change.before is None:
        return False
    return grammar.refusal(route.match, grammar.subject(change.before, change.report)) is not None


def _moved(change: StoryChange, key: str, standing: Standing) -> tuple[Decision, Why, str]:
    """Withdrawals, corrections, disputes and merges: at once, to those who were told the story, to nobody else."""
    told = [each for each in standing.told if each.owed.story_id == change.story.id]
    if not any(each.owed.decision in _REACHES and not keys.is_line(each.owed.change) for each in told):
        return Decision.NOT, Why.NEVER_TOLD, ""
    if _remembered(told, change.report.announcement.stage, key) or _is_withdrawn(change, told):
        return Decision.NOT, Why.ALREADY_TOLD, ""
    return _due(standing.route), Why.WITHDRAWAL if facts.is_withdrawal(change) else Why.CHANGED, ""


def _is_withdrawn(change: StoryChange, told: Sequence[Told]) -> bool:
    """Whether this route knows already that the act is off, by whichever article, and not since that it is on again."""
    if not facts.is_withdrawal(change):
        return False
    kind = facts.kind_of(change)
    on_since = max((each.told_at for each in told if keys.is_stage(each.owed.change)), default=None)
    off = [each.told_at for each in told if each.owed.change.split(":")[0] == kind]
    return any(on_since is None or at >= on_since for at in off)


def _stage(change: StoryChange, key: str, standing: Standing, around: Circumstances) -> tuple[Decision, Why, str]:
    """Whether this report makes the stage news on this route: its best score crosses the threshold here."""
    route, stage = standing.route, change.report.announcement.stage
    told = [each for each in standing.told if each.owed.story_id == change.story.id]
    if stage not in ALERT_STAGES:
        return _line(change, told, route, Why.STEP, Why.STAGE_NOT_TOLD)
    if change.novelty is Novelty.KNOWN and (stage is not change.story.stage or not _reported(change.before, stage)):
        return _line(change, told, route, Why.SOURCE, Why.NOTHING_NEW)
    best = max(best_score(change.story, stage, route, around), change.report.announcement.score)
    best_before = best_score(change.before, stage, route, around) if change.before else 0.0
    if _is_first_here(change, route):
        best_before = 0.0
    if best_before >= route.threshold and change.novelty is Novelty.KNOWN:
        why = Why.STEP if _is_new_step(change) else Why.SOURCE
        return _line(change, told, route, why, Why.NOTHING_NEW)
    if best < route.threshold:
        near = best >= route.threshold * NEAR_SHARE and route.mode is RouteMode.DIGEST
        return (Decision.NEAR, Why.NEAR_MISS, "") if near else (Decision.NOT, Why.THRESHOLD, "")
    if _remembered(told, stage, key):
        return Decision.NOT, Why.ALREADY_TOLD, ""
    if change.report.announcement.trial:
        return _digest_only(route, Why.TRIAL)
    if _is_soon(change, told, around.now):
        return _digest_only(route, Why.SOON)
    why = _KINDS[change.novelty]
    return _due(route), Why.LATE if around.late and why is Why.NEW else why, ""


def _reported(story: Story | None, stage: Stage) -> bool:
    """Whether a known story still holds a report of ``stage``; old ones are forgotten, and then nothing crosses."""
    return story is not None and any(
        report.reason is None and report.announcement.stage is stage for report in story.reports
    )


def best_score(story: Story, stage: Stage, route: Route, around: Circumstances) -> float:
    """The best score of the reports at a stage that count for a route: in its languages and from none of the muted
    feeds and rules. So an act first seen in a muted feed is told when another feed brings it."""
    return max(
        (report.announcement.score for report in story.reports if _counts(report, story, stage, route, around)),
        default=0.0,
    )


def _counts(report: Report, story: Story, stage: Stage, route: Route, around: Circumstances) -> bool:
    if report.reason is not None or report.announcement.stage is not stage or not _speaks(report, route):
        return False
    by_source = any(clause.feeds or clause.rules for clause in route.match)
    if by_source and grammar.refusal(route.match, grammar.subject(story, report)) is not None:
        return False
    return not any(
        silence.is_about_sources(each) and silence.mutes(each, route.name, story, report)
        for each in around.silences
        if silence.is_active(each, around.now)
    )


def _refused(change: StoryChange, route: Route) -> Why | None:
    refused = grammar.refusal(route.match, grammar.subject_of(change)) if route.match else None
    return refused or (None if _speaks(change.report, route) else Why.LANGUAGES)


def _speaks(report: Report, route: Route) -> bool:
    return not route.source_languages or report.lang.split("-")[0] in route.source_languages


def _muted_by(change: StoryChange, route: Route, around: Circumstances) -> Silence | None:
    return next(
        (
            each
            for each in around.silences
            if silence.is_active(each, around.now) and silence.mutes(each, route.name, change.story, change.report)
        ),
        None,
    )


def _remembered(told: Sequence[Told], stage: Stage, key: str) -> bool:
    """Whether this very news was told, is waiting, or was muted."""
    return any(each.owed.stage is stage and each.owed.change == key for each in told)


def _is_new_step(change: StoryChange) -> bool:
    before = change.before.reports if change.before else ()
    step = change.report.announcement.step
    return step is not None and all(report.announcement.step != step for report in before)


def _is_soon(change: StoryChange, told: Sequence[Told], now: datetime) -> bool:
    """Whether a signature was told as coming less than 72 hours ago."""
    return change.report.announcement.stage is Stage.SIGNED and any(
        each.owed.stage is Stage.ANNOUNCED
        and keys.is_stage(each.owed.change)
        and each.owed.decision in _REACHES
        and now - each.told_at < SOON
        for each in told
    )


def _line(
    change: StoryChange, told: Sequence[Told], route: Route, why: Why, else_why: Why
) -> tuple[Decision, Why, str]:
    """A line in the digest of a route that was told the story; nothing anywhere else."""
    reached = any(each.owed.decision in _REACHES for each in told)
    if route.mode is not RouteMode.DIGEST or not reached:
        return Decision.NOT, else_why, ""
    stage = change.report.announcement.stage
    if _remembered(told, stage, keys.of_line(why, change)):
        return Decision.NOT, Why.ALREADY_TOLD, ""
    return Decision.DIGEST, why, ""


def _digest_only(route: Route, why: Why) -> tuple[Decision, Why, str]:
    return (Decision.DIGEST if route.mode is RouteMode.DIGEST else Decision.NOT), why, ""


def _due(route: Route) -> Decision:
    return Decision.DIGEST if route.mode is RouteMode.DIGEST else Decision.IMMEDIATE


def _handed_over(owed: list[Owed], standings: Sequence[Standing]) -> list[Owed]:
    """What a paused route would have got goes to the route that stands in for it, unless that one gets it anyway or
    was told it before."""
    by_name = {standing.route.name: standing for standing in standings}
    for paused in [each for each in owed if each.decision is Decision.PAUSED and each.detail in by_name]:
        stand_in = by_name[paused.detail]
        for index, each in enumerate(owed):
            same = (each.route, each.story_id, each.stage) == (paused.detail, paused.story_id, paused.stage)
            told = [t for t in stand_in.told if t.owed.story_id == each.story_id]
            if same and each.decision is Decision.NOT and not _remembered(told, each.stage, paused.change):
                owed[index] = replace(
                    each, change=paused.change, decision=_due(stand_in.route), why=Why.REDIRECTED, detail=paused.route
                )
    return owed


def _capped(owed: list[Owed], standings: Sequence[Standing]) -> list[Owed]:
    full = {
        standing.route.name
        for standing in standings
        if standing.route.hourly_cap and standing.messages_past_hour >= standing.route.hourly_cap
    }
    return [
        replace(each, decision=Decision.HELD, why=Why.CAP)
        if each.decision is Decision.IMMEDIATE and each.route in full
        else each
        for each in owed
    ]
