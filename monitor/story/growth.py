"""How a report opens a story or becomes part of one: new values of Story, with what is new about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from monitor.model import Novelty, Report, Stage, Step, Story, StoryChange
from monitor.story import signature as memory_of
from monitor.story.nearest import Match
from monitor.story.signature import Signature
from monitor.story.stages import RANK, proves_known, refuses, stage_of, tells, verdict

Kind = TypeVar("Kind")


def join(report: Report, new: Signature, match: Match, threshold: float) -> StoryChange:
    """A story with one more report. ``new`` is what the story is to remember of it."""
    story, old = match.story, memory_of.of_story(match.story)
    said, is_mention = report.announcement, report.reason is not None
    copied = match.affinity.copy_of
    # an edited article is no copy of itself
    report = replace(report, copy_of="" if copied == report.article_id else copied)
    extended = bool(story.deadline and said.deadline > story.deadline and not is_mention)
    novelty, change = verdict(report, old, threshold, extended=extended)
    if extended:
        report = replace(report, announcement=replace(said, stage=Stage.RENEWED, step=Step.EXTENDED))
    stage = stage_of(report)
    memory = memory_of.dump(_remember(report, old, new, stage, threshold))
    grown = replace(story, reports=(*story.reports, report), signature=memory)
    if not is_mention or refuses(report):
        grown = _moved(grown, report, stage, was_denied=old.denied)
    if not is_mention:
        grown = _told(grown, report)
    return StoryChange(grown, novelty, report, before=story, change=change)


def open_story(report: Report, new: Signature, threshold: float) -> Story:
    """The story that a report opens."""
    said, at, is_mention = report.announcement, happened(report), report.reason is not None
    stage = stage_of(report)
    memory = replace(
        new,
        told={stage.value: at.isoformat()} if tells(report, threshold) else {},
        known={stage.value: at.isoformat()} if is_mention else {},
        denied=refuses(report),
    )
    return Story(
        id=story_id(report),
        opened_at=at,
        type=said.type,
        stage=stage,
        parties=said.parties,
        object=said.object,
        sectors=said.sectors,
        topics=said.topics,
        score=0.0 if is_mention else said.score,
        reports=(report,),
        stages=((stage, said.event_date, at),),
        deadline=said.deadline,
        count=said.count,
        opened_by_mention=is_mention,
        signature=memory_of.dump(memory),
    )


def opened(story: Story, *, in_doubt: bool) -> StoryChange:
    """What the opening of a story is to those who are told: nothing where only a mention opened it, or where its
    first report is too weak to be in doubt about."""
    (report,) = story.reports
    if story.opened_by_mention:
        return StoryChange(story, Novelty.KNOWN, report)
    told = bool(memory_of.of_story(story).told)
    return StoryChange(story, Novelty.UNSURE if in_doubt and told else Novelty.NEW, report)


def report_mark(report: Report) -> str:
    """A short hash of what one article says of one act: the same report has the same mark for ever."""
    said = report.announcement
    parts = (report.article_id, said.type.value, said.stage.value, *memory_of.principals(said), said.object, said.quote)
    return sha256("\x1f".join((*parts, report.reason or "")).encode()).hexdigest()[:12]


def story_id(report: Report, taken_from: str = "") -> str:
    """Day, principals and a hash of the opening report: the same on every machine, in no language. ``taken_from`` is
    the story that it was split from; its own first id may be that of a story that was merged into it."""
    sides = "-".join(name.split(".")[-1].lower() for name in memory_of.principals(report.announcement)[:3])
    mark = sha256(f"{report_mark(report)}{taken_from}".encode()).hexdigest() if taken_from else report_mark(report)
    return f"{happened(report):%Y%m%d}-{sides or 'act'}-{mark[:8]}"


def happened(report: Report) -> datetime:
    """When a report was published, else first seen; UTC."""
    return (report.published_at or report.seen_at).astimezone(UTC)


def _moved(story: Story, report: Report, stage: Stage, *, was_denied: bool) -> Story:
    """The story at the stage of a report, where that is further on; after a suspension any stage is."""
    stages = story.stages
    if all(stage is not known for known, *_ in stages):
        stages = (*stages, (stage, report.announcement.event_date, happened(report)))
    onward = refuses(report) or was_denied or RANK[stage] >= RANK[story.stage]
    return replace(story, stage=stage if onward else story.stage, stages=stages)


def _told(story: Story, report: Report) -> Story:
    """The story with what an announcement adds. The first one that follows a mere mention says what the act is."""
    said = report.announcement
    if story.opened_by_mention:
        story = replace(story, type=said.type, parties=said.parties, object=said.object, opened_by_mention=False)
    names_it = memory_of.is_id(said.object) and not memory_of.is_id(story.object)
    return replace(
        story,
        score=max(story.score, said.score),
        deadline=max(story.deadline, said.deadline),
        sectors=_union(story.sectors, said.sectors),
        topics=_union(story.topics, said.topics),
        object=said.object if names_it else story.object,
        count=max(story.count, said.count),
    )


def _remember(report: Report, old: Signature, new: Signature, stage: Stage, threshold: float) -> Signature:
    at = happened(report).isoformat()
    if report.reason is not None:
        # of a mention only the fact is kept: its words are those of another story
        known = {stage.value: at} if proves_known(report) or stage is Stage.PROPOSED else {}
        spoken = Signature(known=known, sources=((report.article_id, 0),), seen=new.seen, denied=refuses(report))
        return memory_of.joined(old, spoken)
    told = {stage.value: at} if tells(report, threshold) else {}
    memory = memory_of.joined(old, replace(new, told=told, denied=refuses(report)))
    if told and old.denied:  # taken up again
        return replace(memory, denied=False, told={**old.told, **told})
    if told and stage is Stage.RENEWED:  # the next edition
        return replace(memory, told={**memory.told, **told})
    return memory


def _union(one: Iterable[Kind], other: Iterable[Kind]) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys((*one, *other)))
