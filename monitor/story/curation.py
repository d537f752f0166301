"""What operators mend by hand: two stories that are one act, one story that holds two, a call's deadline.
Remembered, so that no later article undoes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce

from monitor.errors import ConfigError
from monitor.model import Report, Stage, Story
from monitor.story import signature as memory_of
from monitor.story.growth import report_mark, story_id
from monitor.story.signature import Signature
from monitor.story.stages import RANK, stage_of, tells

_Words = Mapping[str, Mapping[str, int]]


def merge(target: Story, source: Story) -> tuple[Story, Story]:
    """Two stories that are one act: the target with all reports of both, and the source, closed and pointing to it.

    The target is found under the keys of both from now on; what either was told for is told. Raises ConfigError for
    a story with itself and for one that was merged before.
    """
    if target.id == source.id:
        raise ConfigError(f"story {target.id} cannot be merged with itself")
    for story in (target, source):
        if story.state == "merged":
            raise ConfigError(f"story {story.id} was merged into {story.merged_into} before: name that one")
    memory = memory_of.joined(memory_of.of_story(target), memory_of.of_story(source))
    heads = [story for story in (target, source) if not story.opened_by_mention] or [target]
    grown = replace(
        target,
        opened_at=min(story.opened_at for story in heads),
        stage=max((story.stage for story in heads), key=RANK.__getitem__),
        stages=_earliest((*target.stages, *source.stages)),
        reports=tuple(sorted({*target.reports, *source.reports}, key=_arrival)),
        score=max(target.score, source.score),
        sectors=tuple(dict.fromkeys((*target.sectors, *source.sectors))),
        topics=tuple(dict.fromkeys((*target.topics, *source.topics))),
        object=target.object or source.object,
        deadline=max(target.deadline, source.deadline),
        count=max(target.count, source.count),
        part_of=target.part_of if target.part_of != source.id else "",
        may_belong_to=target.may_belong_to if target.may_belong_to != source.id else "",
        opened_by_mention=target.opened_by_mention and source.opened_by_mention,
        signature=memory_of.dump(replace(memory, apart=frozenset())),
    )
    return grown, replace(source, state="merged", merged_into=target.id)


def split(story: Story, article_ids: Collection[str]) -> tuple[Story, Story]:
    """One story that holds two acts: what stays, and a new story of the reports of ``article_ids``.

    Both are made anew from their reports, and neither takes the other's articles again. Raises ConfigError when an
    article is not in the story, or when nothing would stay.
    """
    wanted = frozenset(article_ids)
    missing = wanted - {report.article_id for report in story.reports}
    if missing:
        raise ConfigError(f"story {story.id} holds no report of article {', '.join(sorted(missing))}")
    out = tuple(report for report in story.reports if report.article_id in wanted)
    stay = tuple(report for report in story.reports if report.article_id not in wanted)
    if not out or not stay:
        why = "nothing would stay" if out else "no article was named"
        raise ConfigError(f"story {story.id} cannot be split: {why}")
    kept = _rebuilt(story, stay, wanted)
    taken = _rebuilt(
        replace(story, id=story_id(out[0], taken_from=story.id), part_of="", may_belong_to="", nearest=story.id),
        out,
        frozenset(report.article_id for report in stay),
    )
    return kept, taken


def judge(story: Story, right: bool) -> Story:
    """A story that a person called right or wrong. What joins a wrong one later is never told."""
    if story.state == "merged":
        raise ConfigError(f"story {story.id} was merged into {story.merged_into}: judge that one")
    return replace(story, state="open" if right else "wrong")


def set_deadline(story: Story, deadline: date) -> Story:
    """A call whose deadline a person looked up; an article that names a later one renews the call."""
    return replace(story, deadline=deadline.isoformat())


def _rebuilt(story: Story, reports: tuple[Report, ...], apart: frozenset[str]) -> Story:
    told = [report for report in reports if report.reason is None] or list(reports)
    first, best = told[0], max(told, key=lambda report: report.announcement.score)
    said = best.announcement
    stages = _earliest(tuple((stage_of(one), one.announcement.event_date, _at(one)) for one in told))
    memory = reduce(memory_of.joined, (_remembered(report, memory_of.of_story(story)) for report in reports))
    return replace(
        story,
        opened_at=_at(first),
        type=said.type,
        stage=max((stage for stage, *_ in stages), key=RANK.__getitem__),
        stages=stages,
        parties=said.parties,
        object=said.object,
        sectors=said.sectors,
        topics=said.topics,
        score=said.score if best.reason is None else 0.0,
        reports=reports,
        deadline=max(report.announcement.deadline for report in told),
        count=max(report.announcement.count for report in told),
        opened_by_mention=all(report.reason is not None for report in reports),
        signature=memory_of.dump(replace(memory, apart=apart)),
    )


def _remembered(report: Report, whole: Signature) -> Signature:
    """One report's part of the story it was in: its words are those that the story kept, so that no list is needed
    again."""
    stage, at = stage_of(report).value, _at(report).isoformat()
    if report.reason is not None:
        return Signature(known={stage: at}, sources=((report.article_id, 0),), seen=(report_mark(report),))
    memory = memory_of.of_report(report)
    return replace(
        memory,
        words=_kept(memory.words, whole.words),
        things=_kept(memory.things, whole.words),
        names=_kept(memory.names, whole.names),
        told={stage: at} if tells(report) else {},
        seen=(report_mark(report),),
    )


def _kept(mine: _Words, whole: _Words) -> _Words:
    return {lang: {word: 1 for word in counts if word in whole.get(lang, {})} for lang, counts in mine.items()}


def _earliest(entries: tuple[tuple[Stage, str, datetime], ...]) -> tuple[tuple[Stage, str, datetime], ...]:
    first: dict[Stage, tuple[Stage, str, datetime]] = {}
    for entry in sorted(entries, key=lambda one: one[2]):
        first.setdefault(entry[0], entry)
    return tuple(first.values())


def _arrival(report: Report) -> tuple[datetime, str]:
    return report.seen_at, report.article_id


def _at(report: Report) -> datetime:
    return (report.published_at or report.seen_at).astimezone(UTC)
