"""Which story an article's acts belong to, and what is new about them. Values in, values out; no store, no clock,
no words.

An article is placed act by act, announcements first, best first. Doubt never swallows: an act that may be a known
one or another becomes a story of its own, told once, that names the story it may belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from monitor.model import (
    ActType,
    Announcement,
    Article,
    Judgement,
    Novelty,
    Reason,
    Report,
    Stage,
    Story,
    StoryChange,
)
from monitor.story import growth
from monitor.story import outline as outlines
from monitor.story import signature as memory_of
from monitor.story.affinity import Affinity
from monitor.story.edits import Earlier, is_whole, settle
from monitor.story.nearest import Match, nearest
from monitor.story.signature import Signature
from monitor.story.simhash import simhash
from monitor.story.stages import THRESHOLD, proves_known, refuses, stage_of, tells
from monitor.story.vocabulary import WORDLESS, Vocabulary
from monitor.text import clean

# log-odds from which a report joins a story, and from which its membership is in doubt (docs/decisions.md)
JOINS: Final = 0.0
DOUBTS: Final = -2.0
_MENTIONED: Final = 1.5
_PACKAGE_DAYS: Final = 3
NOT_EDITED: Final[Earlier] = MappingProxyType({})
_NOTHING: Final = Announcement(ActType.AGREEMENT, Stage.PROPOSED, (), quote="", rule="", score=0.0)
# refused for want of two sides or of cooperation: no act that a later report could belong to
_NO_ACT: Final = frozenset(
    {Reason.DOMESTIC, Reason.PURCHASE, Reason.ONE_PARTY, Reason.BELLIGERENTS, Reason.UNKNOWN_PARTIES}
)


def place(
    article: Article,
    judgement: Judgement,
    candidates: Sequence[Story],
    now: datetime,
    *,
    vocabulary: Vocabulary = WORDLESS,
    threshold: float = THRESHOLD,
    earlier: Earlier = NOT_EDITED,
) -> tuple[StoryChange, ...]:
    """What an article does to the stories: one change for each announcement, in the article's order, then for each
    mention that belongs to a story or is worth remembering.

    ``candidates`` are the stories found under ``lookup_keys``; ``vocabulary`` is the rule set's;
    ``threshold`` is the score from which a report alerts where a route sets none. ``earlier`` holds the reports of the
    stories that an earlier version of the article told (see ``tellers``): what it takes back or corrects comes as one
    more change. An article placed a second time changes nothing.
    """
    open_stories = {story.id: story for story in candidates if story.state != "merged"}
    text = clean(article.text)
    reports = _reports(article, judgement, simhash(article.text), now)
    version = _version(reports)
    if any(version in outlines.of_story(story).seen for story in open_stories.values()):
        return _as_before(reports, tuple(open_stories.values()))
    changes: list[StoryChange] = []
    package = ""
    for report in reports:
        kin = _kin(report, changes)
        if kin is not None and report.reason is not None and not _other_thing(report, kin):
            continue  # the article says the same again in passing, or speaks of limits of what it announces
        # headline and first sentences tell of the best act only; the others have their quotes
        headed = report.reason is None and report.announcement == judgement.announcements[0]
        new = memory_of.of_report(report, headed=headed, text=text, vocabulary=vocabulary)
        told = {stage_of(report).value: growth.happened(report).isoformat()} if tells(report, threshold) else {}
        new = replace(new, seen=(version, growth.report_mark(report)), told=told)
        match = nearest(report.article_id, new.seen[-1], new, tuple(open_stories.values()), earlier)
        change = _place_one(report, new, match, tuple(open_stories.values()), kin, package, threshold)
        if change is None:
            continue
        open_stories[change.story.id] = change.story
        if new.package and report.reason is None:
            package = package or change.story.id
        changes.append(change)
    if not earlier or not is_whole(article):
        return tuple(changes)
    known = {story.id: story for story in candidates if story.state != "merged"}
    return settle(_blank(article, judgement.lang, now), text, judgement, changes, known, earlier)


def tellers(article: Article, candidates: Sequence[Story]) -> frozenset[str]:
    """The ids of the stories that an article is part of, in this or an earlier version."""
    return frozenset(story.id for story in candidates if article.id in outlines.of_story(story).articles)


def _blank(article: Article, lang: str, now: datetime) -> Report:
    """A report by an article, of nothing yet."""
    return Report(
        article_id=article.id,
        title=clean(article.title).strip(),
        url=article.url,
        feed_id=article.feed_id,
        feed_title=article.feed_title,
        lang=lang,
        published_at=article.published_at,
        seen_at=article.first_seen_at or now,
        announcement=_NOTHING,
        publisher_party=article.publisher_party,
    )


def _reports(article: Article, judgement: Judgement, body_hash: int, now: datetime) -> list[Report]:
    blank = replace(_blank(article, judgement.lang, now), simhash=body_hash)

    def report(said: Announcement, reason: Reason | None) -> Report:
        return replace(blank, announcement=said, reason=reason)

    told = [report(said, None) for said in judgement.announcements]
    # the package first, so that the acts it holds can name it
    told.sort(key=lambda one: one.announcement.count <= 1)
    named = [report(one.announcement, one.reason) for one in judgement.mentions if one.reason not in _NO_ACT]
    # what is taken back last: it may be one of the acts that this very article names
    return told + sorted(named, key=refuses)


def _kin(report: Report, changes: Sequence[StoryChange]) -> Story | None:
    """The first act of the same parties that this article tells of."""
    mine = frozenset(memory_of.principals(report.announcement))
    for change in changes:
        sides = frozenset(memory_of.principals(change.report.announcement))
        if mine <= sides or sides <= mine:
            return change.story
    return None


def _place_one(
    report: Report,
    new: Signature,
    best: Match | None,
    stories: Sequence[Story],
    kin: Story | None,
    package: str,
    threshold: float,
) -> StoryChange | None:
    if best is not None and best.is_same:  # this part of an edited article stayed
        return StoryChange(best.story, Novelty.KNOWN, report, before=best.story)
    if best is not None and best.affinity.value >= JOINS + _caution(best.story) and _is_proven(report, new, best):
        return growth.join(report, new, best, threshold)
    if kin is not None and report.reason is None and not new.package and _repeats(report, kin, threshold):
        # a second reading of the same act, in words that must not describe it: of a treaty, what the states pay
        return growth.join(report, _echo(new), Match(kin, Affinity(0.0)), threshold)
    if report.reason is None:
        return _open(report, new, best, package or _package_of(new, stories), threshold)
    return growth.opened(growth.open_story(report, new, threshold), in_doubt=False) if _is_act(report, new) else None


def _open(report: Report, new: Signature, best: Match | None, package: str, threshold: float) -> StoryChange:
    """The story of an act that is not known, with the known act that is likest to it."""
    story = growth.open_story(report, new, threshold)
    in_doubt = best is not None and best.affinity.value >= DOUBTS
    nearest_id = best.story.id if best is not None else ""
    story = replace(
        story,
        part_of="" if new.package else package,
        nearest=nearest_id,
        may_belong_to=nearest_id if in_doubt else "",
    )
    return growth.opened(story, in_doubt=in_doubt)


def _is_proven(report: Report, new: Signature, best: Match) -> bool:
    """Whether a report that announces nothing belongs to a story by more than its parties: an opinion on two states is no
    report of their last pact. A bare "they suspend the agreement" can only mean the one that there is."""
    if best.affinity.names_it or (report.reason is None and not refuses(report)):
        return True
    return (
        refuses(report) and not new.objects and not any(new.things.values()) and not best.affinity.facts["rivals_log"]
    )


def _caution(story: Story) -> float:
    """What a story that only mentions opened asks beyond the usual: they speak of many things in few words."""
    return _MENTIONED if story.opened_by_mention else 0.0


def _repeats(report: Report, kin: Story, threshold: float) -> bool:
    """Whether a further announcement of the same parties in the same article is the act told before: weak, or of its
    type and sectors. An article that tells of two acts of one kind in one breath is one alert in any case."""
    said = report.announcement
    if said.score < threshold:
        return True
    same_sector = not said.sectors or not kin.sectors or bool(set(said.sectors) & set(kin.sectors))
    return said.type is kin.type and same_sector and kin.count == 1 and not _other_thing(report, kin)


def _other_thing(report: Report, kin: Story) -> bool:
    """Whether the rule set knows the thing, and knows it for another than the article's first act."""
    thing = report.announcement.object
    return memory_of.is_id(thing) and thing not in outlines.of_story(kin).objects


def _echo(new: Signature) -> Signature:
    return Signature(sources=new.sources, seen=new.seen, last_at=new.last_at, told=new.told)


def _is_act(report: Report, new: Signature) -> bool:
    """Whether a mention names enough to be known again: two sides, and a thing that the rule set knows or that is
    said to exist in two words at least. Refusals open nothing: what was never told need not be taken back."""
    if refuses(report) or len(new.principals) < 2:
        return False
    return bool(new.objects) or (proves_known(report) and max(map(len, new.things.values()), default=0) >= 2)


def _as_before(reports: Sequence[Report], stories: Sequence[Story]) -> tuple[StoryChange, ...]:
    """Where the reports of an article that was placed before, in these words, stand: nothing changes."""
    homes = [(story, outlines.of_story(story).seen) for story in stories]
    marks = [(report, growth.report_mark(report)) for report in reports]
    return tuple(
        StoryChange(story, Novelty.KNOWN, report, before=story)
        for report, mark in marks
        for story, seen in homes
        if mark in seen
    )


def _version(reports: Sequence[Report]) -> str:
    """A short hash of all that an article says; an edited article has another."""
    said = [f"{report.title}\x1f{growth.report_mark(report)}\x1f{report.simhash:x}" for report in reports]
    return "v" + sha256("\x1e".join(said).encode()).hexdigest()[:12]


def _package_of(new: Signature, stories: Sequence[Story]) -> str:
    """The package that an act told on its own belongs to: same principals, within three days."""
    at = datetime.fromisoformat(new.last_at)
    for story in sorted(stories, key=lambda one: (one.opened_at, one.id)):
        old = outlines.of_story(story)
        is_near = abs(at - story.opened_at).days <= _PACKAGE_DAYS
        if old.package and not new.package and is_near and frozenset(new.principals) == old.core:
            return story.id
    return ""
