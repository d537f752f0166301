"""What an edited article does to the stories that it told before: it takes its report back, or corrects it. Pure.

An article in which the proving sentence still stands changes nothing here, whatever the rules make of the rest. One that
was read by less than its page, and one whose act other sources tell as well, takes nothing back by being silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.model import (
    Announcement,
    Article,
    Change,
    Judgement,
    Novelty,
    ReadMethod,
    Reason,
    Report,
    Stage,
    Story,
    StoryChange,
)
from monitor.story import growth
from monitor.story import signature as memory_of
from monitor.story.affinity import Affinity
from monitor.story.nearest import Match
from monitor.story.signature import Signature
from monitor.story.stages import RANK, THRESHOLD, refuses

Earlier = Mapping[str, tuple[Report, ...]]  # story id -> its reports, of the stories that the article is part of
_WHOLE = frozenset({ReadMethod.PAGE, ReadMethod.FEED})
_REFUSALS = frozenset({Reason.DENIED, Reason.SUSPENDED})
_MERE_WISHES = frozenset({Reason.TALKS_ONLY, Reason.PROPOSAL, Reason.CONDITIONAL})


def settle(
    edited: Report,
    text: str,
    judgement: Judgement,
    changes: Sequence[StoryChange],
    known: Mapping[str, Story],
    earlier: Earlier,
) -> tuple[StoryChange, ...]:
    """The changes that ``place`` found for an edited article, those that correct a story marked, and one more for each
    story that it takes back.

    ``edited`` is a report by the article as it reads now, whatever of, and ``text`` its text; ``known`` are the stories
    before it.
    """
    settled = list(changes)
    for story_id, reports in earlier.items():
        said = _told_by(edited.article_id, reports)
        if said is None or story_id not in known or _still_stands(said.announcement, edited.title, text):
            continue
        alone = not any(_stands_beside(edited.article_id, report) for report in reports)
        mine = [place for place, change in enumerate(settled) if change.story.id == story_id]
        for place in mine:
            settled[place] = _mended(settled[place], said.announcement, alone=alone)
        told = [place for place in mine if settled[place].report.reason not in _MERE_WISHES]
        if not told and alone and not _speaks_of(judgement, said.announcement):
            settled = [change for place, change in enumerate(settled) if place not in mine]
            settled.append(_taken_back(edited, said.announcement, known[story_id]))
    return tuple(settled)


def is_whole(article: Article) -> bool:
    """Whether an article was read in full, so that what it does not say says something."""
    return article.method in _WHOLE


def _told_by(article_id: str, reports: Sequence[Report]) -> Report | None:
    """What the article last said of the story, where that was an announcement."""
    own = [report for report in reports if report.article_id == article_id]
    return own[-1] if own and own[-1].reason is None else None


def _stands_beside(article_id: str, report: Report) -> bool:
    return report.article_id != article_id and report.reason is None and report.copy_of != article_id


def _mended(change: StoryChange, said: Announcement, *, alone: bool) -> StoryChange:
    """A change of the story that the article told, as what the edit makes of it."""
    if refuses(change.report):
        return replace(change, change=Change.RETRACTED) if alone and change.change is Change.DISPUTED else change
    stayed = change.before == change.story or change.report.reason is not None
    if stayed or change.novelty is not Novelty.KNOWN or not _differs(said, change.report.announcement):
        return change
    return _corrected(change)


def _differs(old: Announcement, new: Announcement) -> bool:
    """Whether what was told is no longer right: other principals, a stage not reached yet, another deadline. Type,
    sectors and words follow the wording; they correct nothing."""
    if memory_of.principals(old) != memory_of.principals(new) or RANK[new.stage] < RANK[old.stage]:
        return True
    return bool(old.deadline and new.deadline and old.deadline != new.deadline)


def _corrected(change: StoryChange) -> StoryChange:
    """The story as the edited article tells it. A stage that was told too early is news when it comes."""
    story, said = change.story, change.report.announcement
    memory = memory_of.of_story(story)
    reached = {name: at for name, at in memory.told.items() if RANK[Stage(name)] <= RANK[said.stage]}
    here = growth.happened(change.report)
    mended = replace(
        story,
        stage=said.stage,
        stages=tuple(entry for entry in story.stages if RANK[entry[0]] <= RANK[said.stage]),
        parties=said.parties,
        deadline=said.deadline or story.deadline,
        signature=memory_of.dump(replace(memory, told=reached or {said.stage.value: here.isoformat()})),
    )
    return replace(change, story=mended, change=Change.CORRECTION)


def _still_stands(said: Announcement, title: str, text: str) -> bool:
    """Whether the sentence that proved the act is in the article as before."""
    quote = " ".join(said.quote.split())
    return bool(quote) and (quote in " ".join(text.split()) or quote == " ".join(title.split()))


def _speaks_of(judgement: Judgement, said: Announcement) -> bool:
    """Whether the edited article still tells of an act of these principals, if only in passing; that it is wished for or
    talked about is another matter."""
    others = _REFUSALS | _MERE_WISHES
    kept = [*judgement.announcements, *(one.announcement for one in judgement.mentions if one.reason not in others)]
    sides = set(memory_of.principals(said))
    return any(sides <= set(memory_of.principals(one)) for one in kept)


def _taken_back(edited: Report, said: Announcement, story: Story) -> StoryChange:
    # the sentence that proved it is no longer there: nothing is quoted
    gone = replace(edited, announcement=replace(said, quote="", evidence=()), reason=Reason.DENIED)
    new = Signature(seen=(growth.report_mark(gone),))
    change = growth.join(gone, new, Match(story, Affinity(0.0)), THRESHOLD)
    return replace(change, novelty=Novelty.NEW_STAGE, change=Change.RETRACTED)
