"""The keys by which the memory of what was told holds news of the same stage of a story apart. Pure."""

from __future__ import annotations

from monitor.alert import facts
from monitor.model import Change, Novelty, StoryChange, Why

_AGAIN = "again:"  # a stage that was told before and is news once more


def of_change(change: StoryChange) -> str:
    """What tells news of the same stage apart in the memory: "" for the stage itself. A story may be corrected,
    suspended and taken up again more than once; that each is told once is for the memory to say."""
    kind = facts.kind_of(change)
    if change.change is Change.MERGED:
        return kind  # a story ends once
    if facts.is_withdrawal(change) or change.change in (Change.CORRECTION, Change.DISPUTED):
        return f"{kind}:{change.report.article_id}"
    return f"{_AGAIN}{change.report.article_id}" if _is_again(change) else ""


def _is_again(change: StoryChange) -> bool:
    """Whether a story reaches a stage anew: taken up after a break, the next edition of a yearly act, or really now,
    after it was told too early and corrected."""
    if change.novelty is not Novelty.NEW_STAGE or change.before is None:
        return False
    reported = {report.announcement.stage for report in change.before.reports if report.reason is None}
    return change.report.announcement.stage in reported | {stage for stage, *_ in change.before.stages}


def of_line(why: Why, change: StoryChange) -> str:
    """The key of a digest line that is not the news itself."""
    if why is Why.NEAR_MISS:
        return "near"
    if why is Why.STEP:
        return f"step:{change.report.announcement.step or change.report.announcement.stage}"
    return f"source:{change.report.article_id}"


def is_stage(key: str) -> bool:
    """Whether a key stands for a stage itself, reached for the first time or anew."""
    return key == "" or key.startswith(_AGAIN)


def is_line(key: str) -> bool:
    """Whether a key stands for a line beside the news; a route that got nothing else was not told."""
    return key == "near" or key.startswith(("source:", "step:", "reminder:", "muted:"))
