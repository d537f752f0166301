"""What a message says about a story, taken from its coded fields: the report it rests on, its sources and how
independent they are, what it was before. Pure; no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.model import Announcement, Change, Mention, Novelty, Reason, Report, Stage, Story, StoryChange


@dataclass(frozen=True, slots=True)
class Alert:
    """What one article sets off for one route: the stories that it opens or moves on, best first, and what else it
    holds. ``known`` are the stories that these name (nearest act, package, possible twin), by id."""

    changes: tuple[StoryChange, ...]
    known: Mapping[str, Story]
    others: tuple[Announcement, ...] = ()  # acts of the article that are told already
    beside: tuple[Announcement, ...] = ()  # further acts of the article that count to the stories of ``changes``
    mentions: tuple[Mention, ...] = ()
    late: bool = False
    method: str = "page"  # model.ReadMethod

    @property
    def report(self) -> Report:
        """The report of the article that set this off."""
        return self.changes[0].report


@dataclass(frozen=True, slots=True)
class Source:
    """One report that announces the act."""

    report: Report
    is_copy: bool  # its text is that of another report
    is_party: bool  # its publisher takes part in the act


@dataclass(frozen=True, slots=True)
class Independence:
    """How many outlets say so on their own: no copy, no publisher that takes part, each feed once."""

    independent: int
    copies: int
    parties: int


def sources(story: Story) -> tuple[Source, ...]:
    """The articles that announce the act, each by one report, earliest first; mentions prove nothing and are left out."""
    sides = {party.id for party in story.parties} | {party.country for party in story.parties if party.country}
    known: dict[str, Report] = {}
    for report in story.reports:
        if report.reason is None and not _is_echo(report, known.get(report.article_id)):
            known[report.article_id] = report
    return tuple(
        Source(report, bool(report.copy_of) and report.copy_of in known, report.publisher_party in sides)
        for report in sorted(known.values(), key=_told_at)
    )


def _is_echo(report: Report, first: Report | None) -> bool:
    """Whether an article, in these very words, told the act before and no worse; an edited one tells it anew."""
    if first is None or (report.title, report.simhash) != (first.title, first.simhash):
        return False
    return report.announcement.score <= first.announcement.score


def _told_at(report: Report) -> datetime:
    return report.published_at or report.seen_at


def independence(found: tuple[Source, ...]) -> Independence:
    """Counts what ``sources`` found."""
    copies = sum(source.is_copy for source in found)
    parties = sum(source.is_party and not source.is_copy for source in found)
    own = {source.report.feed_id for source in found if not source.is_copy and not source.is_party}
    return Independence(len(own), copies, parties)


def proof(change: StoryChange) -> Announcement:
    """The announcement whose sentence proves this change: the article's own, which set the alert off."""
    return change.report.announcement


def tone(change: StoryChange) -> str:
    """The colour family of a change: new, update, doubt or alarm."""
    if is_withdrawal(change) or change.change is Change.DISPUTED:
        return "alarm"
    if change.novelty is Novelty.UNSURE:
        return "doubt"
    return "new" if change.novelty is Novelty.NEW else "update"


def is_withdrawal(change: StoryChange) -> bool:
    """Whether a told act is denied, withdrawn, suspended or ended: told only to those who were told the act."""
    report = change.report
    return (
        change.change is Change.RETRACTED
        or report.reason in {Reason.DENIED, Reason.SUSPENDED}
        or report.announcement.stage is Stage.SUSPENDED
    )


def stage_of(change: StoryChange) -> Stage:
    """The stage that the article reports; a suspension names the one that it interrupts."""
    return Stage.SUSPENDED if kind_of(change) == "suspended" else change.report.announcement.stage


def kind_of(change: StoryChange) -> str:
    """The catalogue's word for a change (``new``, ``new_stage``, ``suspended`` ...)."""
    if change.change is Change.RETRACTED or change.report.reason is Reason.DENIED:
        return "retracted"
    if is_withdrawal(change):
        return "suspended"
    if change.change is not None and change.change is not Change.STAGE:
        return change.change.value
    return change.novelty.value


def link_of(story: Story) -> str:
    """The address of the earliest report that announces the act, or an empty string."""
    return next((source.report.url for source in sources(story) if source.report.url), "")


def stages_in_order(story: Story) -> list[tuple[Stage, str, datetime]]:
    """By day; what one day saw, in the order of an act's life (a second sentence may say "agreed" of what was signed)."""
    life = list(Stage)
    return sorted(story.stages, key=lambda each: (each[1] or each[2].date().isoformat(), life.index(each[0])))
