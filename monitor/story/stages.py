"""The ladder of an act's life: which stage is news, and when. Pure; a story's past comes in as its signature."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.model import Change, Novelty, Reason, Report, Stage, Step
from monitor.story.signature import Signature, told_at

THRESHOLD: Final = 0.5  # of a route that sets none; a report below it tells nobody anything at once
# "will be signed" and "signed" within three days are one piece of news to those who were told the first
ONE_NEWS: Final = timedelta(hours=72)
# a mention this much older than an announcement proves that the act was known; a younger one may be talk about the
# same news
OLD_NEWS: Final = timedelta(days=14)
# a yearly act (a call, a drill, a scheme) is renewed again after half a year
NEXT_EDITION: Final = timedelta(days=180)

RANK: Final = {
    Stage.PROPOSED: 0,
    Stage.ANNOUNCED: 1,
    Stage.SIGNED: 2,
    Stage.LAUNCHED: 3,
    Stage.RENEWED: 4,
    Stage.COMPLETED: 5,
    Stage.SUSPENDED: 6,
}
ALERTING: Final = frozenset({Stage.ANNOUNCED, Stage.SIGNED, Stage.LAUNCHED, Stage.RENEWED})
_REFUSED_BY_A_SIDE: Final = frozenset({Reason.DENIED, Reason.SUSPENDED})
# reasons of mentions that say an act exists, beside those that say it is only wished for
_EXISTS: Final = frozenset({Reason.OLD, Reason.ANNIVERSARY, Reason.IN_PASSING, Reason.OPINION})


def tells(report: Report, threshold: float = THRESHOLD) -> bool:
    """Whether a route without filters would send this report at once, were it new."""
    said = report.announcement
    return report.reason is None and said.stage in ALERTING and said.score >= threshold and not said.trial


def stage_of(report: Report) -> Stage:
    """The stage that a report stands for; a mention of a mere plan counts as proposed whatever its verb says."""
    if report.reason is Reason.SUSPENDED or report.announcement.step in (Step.SUSPENDED, Step.ENDED):
        return Stage.SUSPENDED
    if report.reason is not None and report.reason not in _EXISTS:
        return Stage.PROPOSED
    return report.announcement.stage


def refuses(report: Report) -> bool:
    """Whether a report says that an act is off: suspended, ended or denied."""
    return stage_of(report) is Stage.SUSPENDED or report.reason in _REFUSED_BY_A_SIDE


def proves_known(report: Report) -> bool:
    """Whether a mention says that its act stood at its stage before the article was written."""
    return report.reason in _EXISTS


def highest(stages: frozenset[Stage]) -> Stage:
    """The stage a story stands at: the highest reached."""
    return max(stages, key=RANK.__getitem__)


def verdict(report: Report, memory: Signature, threshold: float, *, extended: bool) -> tuple[Novelty, Change | None]:
    """What a report that joins a known story is to it, and what it moves.

    ``memory`` is the story's before the report joined; ``extended`` says that a later deadline replaces a known one.
    """
    if refuses(report):
        return _refusal(report, memory)
    if not tells(report, threshold):
        return Novelty.KNOWN, None
    at = report.published_at or report.seen_at
    stage = Stage.RENEWED if extended else report.announcement.stage
    if not memory.told:
        return (Novelty.KNOWN if _was_known(stage, memory, at) else Novelty.NEW), None
    if not _is_next(stage, memory, at):
        return Novelty.KNOWN, None
    last = max(datetime.fromisoformat(value) for value in memory.told.values())
    soon = at - last <= ONE_NEWS and not extended and not memory.denied
    return (Novelty.KNOWN if soon else Novelty.NEW_STAGE), Change.STAGE


def _refusal(report: Report, memory: Signature) -> tuple[Novelty, Change | None]:
    """An act that is off already is not off again, and what was written before an act was told does not take it back.

    A story below the usual threshold may have been told on a route with a lower one: the change is named for that route.
    """
    at = (report.published_at or report.seen_at).astimezone(UTC).date()
    if memory.denied or any(datetime.fromisoformat(value).date() > at for value in memory.told.values()):
        return Novelty.KNOWN, None
    change = Change.STAGE if stage_of(report) is Stage.SUSPENDED else Change.DISPUTED
    return (Novelty.NEW_STAGE if memory.told else Novelty.KNOWN), change


def _is_next(stage: Stage, memory: Signature, at: datetime) -> bool:
    if memory.denied:  # taken up again after a break: any stage is news
        return True
    told = told_at(memory, stage)
    if told is not None:
        return stage is Stage.RENEWED and at - told >= NEXT_EDITION
    return RANK[stage] > max(RANK[Stage(name)] for name in memory.told)


def _was_known(stage: Stage, memory: Signature, at: datetime) -> bool:
    for name, value in memory.known.items():
        if at - datetime.fromisoformat(value) >= OLD_NEWS and RANK[stage] <= RANK[Stage(name)]:
            return True
    return False
