"""Which story an article's acts belong to, and what is new about them. Values in, values out; no store, no clock,
no words.

An article is placed act by act, announcements first, best first. Doubt never swallows: an act that may be a known
one or another becomes a story of its own, told once, that names the story it may belong to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeVar

from monitor.model import Announcement, Article, Judgement, Novelty, Reason, Report, Stage, Story, StoryChange
from monitor.story import signature as memory_of
from monitor.story.affinity import Affinity, affinity, rarities
from monitor.story.signature import Signature
from monitor.story.simhash import simhash
from monitor.story.stages import RANK, THRESHOLD, proves_known, refuses, stage_of, tells, verdict
from monitor.text import clean

Kind = TypeVar("Kind")

# log-odds from which a report joins a story, and from which its membership is in doubt (docs/decisions.md)
JOINS: Final = 0.0
DOUBTS: Final = -0.5
_MENTIONED: Final = 1.5
_PACKAGE_DAYS: Final = 3
_LAST: Final = datetime.max.replace(tzinfo=UTC)
# refused for want of two sides or of cooperation: no act that a later report could belong to
_NO_ACT: Final = frozenset(
    {Reason.DOMESTIC, Reason.PURCHASE, Reason.ONE_PARTY, Reason.BELLIGERENTS, Reason.UNKNOWN_PARTIES}
)


@dataclass(frozen=True, slots=True)
class _Match:
    story: Story
    affinity: Affinity


def turn(article: Article) -> tuple[datetime, datetime, str]:
    """The sort key by which the articles of one poll are placed: published, first seen, id; whichever was read first.
    An article without a date counts from when it was first seen; one without either comes last."""
    seen = article.first_seen_at or _LAST
    return article.published_at or seen, seen, article.id


def place(
    article: Article,
    judgement: Judgement,
    candidates: Sequence[Story],
    now: datetime,
    *,
    common: Collection[str] = frozenset(),
    threshold: float = THRESHOLD,
) -> tuple[StoryChange, ...]:
    """What an article does to the stories: one change for each announcement, in the article's order, then for each
    mention that belongs to a story or is worth remembering.

    ``candidates`` are the stories found under ``lookup_keys``; ``common`` holds stems that tell no act from another
    (``common_stems`` of the rule set); ``threshold`` is the score from which a report alerts where a route sets
    none. An article placed a second time changes nothing.
    """
    open_stories = {story.id: story for story in candidates if story.state != "merged"}
    text = clean(article.text)
    reports = _reports(article, judgement, simhash(article.text), now)
    version = _version(reports)
    if any(version in memory_of.of_story(story).seen for story in open_stories.values()):
        return _as_before(reports, tuple(open_stories.values()))
    changes: list[StoryChange] = []
    package = ""
    for report in reports:
        # headline and first sentences tell of the best act only; the others have their quotes
        headed = report.reason is None and report.announcement == judgement.announcements[0]
        new = memory_of.of_report(report, headed=headed, text=text, common=common)
        told = {stage_of(report).value: _at(report).isoformat()} if tells(report, threshold) else {}
        new = replace(new, seen=(version, report_mark(report)), told=told)
        kin = _kin(new, changes)
        change = _place_one(report, new, tuple(open_stories.values()), kin, package, threshold)
        if change is None:
            continue
        open_stories[change.story.id] = change.story
        if new.package and report.reason is None:
            package = package or change.story.id
        changes.append(change)
    return tuple(changes)


def _reports(article: Article, judgement: Judgement, body_hash: int, now: datetime) -> list[Report]:
    def report(said: Announcement, reason: Reason | None) -> Report:
        return Report(
            article_id=article.id,
            title=clean(article.title).strip(),
            url=article.url,
            feed_id=article.feed_id,
            feed_title=article.feed_title,
            lang=judgement.lang,
            published_at=article.published_at,
            seen_at=article.first_seen_at or now,
            announcement=said,
            reason=reason,
            simhash=body_hash,
            publisher_party=article.publisher_party,
        )

    told = [report(said, None) for said in judgement.announcements]
    # the package first, so that the acts it holds can name it
    told.sort(key=lambda one: one.announcement.count <= 1)
    named = [report(one.announcement, one.reason) for one in judgement.mentions if one.reason not in _NO_ACT]
    # what is taken back last: it may be one of the acts that this very article names
    return told + sorted(named, key=refuses)


def _kin(new: Signature, changes: Sequence[StoryChange]) -> Story | None:
    """The first act of the same parties that this article tells of."""
    mine = frozenset(new.principals)
    for change in changes:
        sides = frozenset(memory_of.principals(change.report.announcement))
        if mine <= sides or sides <= mine:
            return change.story
    return None


def _place_one(
    report: Report, new: Signature, stories: Sequence[Story], kin: Story | None, package: str, threshold: float
) -> StoryChange | None:
    if kin is not None and report.reason is not None and not _other_thing(new, kin):
        return None  # the article says the same again in passing, or speaks of limits of what it announces
    best = _best(report, new, stories)
    if best is not None and report_mark(report) in memory_of.of_story(best.story).seen:
        return StoryChange(
            best.story, Novelty.KNOWN, report, before=best.story
        )  # this part of an edited article stayed
    if best is not None and best.affinity.value >= JOINS + _caution(best.story):
        return _join(report, new, best, threshold)
    if kin is not None and report.reason is None and not new.package and _repeats(report, new, kin, threshold):
        # a second reading of the same act, in words that must not describe it: of a treaty, what the states pay
        return _join(report, _echo(new), _Match(kin, Affinity(0.0, ())), threshold)
    if report.reason is None:
        return _open(report, new, best, package or _package_of(new, stories), threshold)
    return _open(report, new, None, "", threshold) if _is_act(report, new) else None


def _caution(story: Story) -> float:
    """What a story that only mentions opened asks beyond the usual: they speak of many things in few words."""
    return _MENTIONED if story.opened_by_mention else 0.0


def _repeats(report: Report, new: Signature, kin: Story, threshold: float) -> bool:
    """Whether a further announcement of the same parties in the same article is the act told before: weak, or of its
    type and sectors. An article that tells of two acts of one kind in one breath is one alert in any case."""
    said = report.announcement
    if said.score < threshold:
        return True
    same_sector = not said.sectors or not kin.sectors or bool(set(said.sectors) & set(kin.sectors))
    return said.type is kin.type and same_sector and kin.count == 1 and not _other_thing(new, kin)


def _other_thing(new: Signature, kin: Story) -> bool:
    """Whether the rule set knows the thing, and knows it for another than the article's first act."""
    return bool(new.objects) and not new.objects & memory_of.of_story(kin).objects


def _echo(new: Signature) -> Signature:
    return Signature(sources=new.sources, seen=new.seen, last_at=new.last_at, told=new.told)


def _is_act(report: Report, new: Signature) -> bool:
    """Whether a mention names enough to be known again: two sides, and a thing that the rule set knows or that is
    said to exist in two words at least. Refusals open nothing: what was never told need not be taken back."""
    if refuses(report) or len(new.principals) < 2:
        return False
    return bool(new.objects) or (proves_known(report) and max(map(len, new.things.values()), default=0) >= 2)


def _best(report: Report, new: Signature, stories: Sequence[Story]) -> _Match | None:
    known = [(story, memory_of.of_story(story)) for story in stories]
    rarity = rarities(new, [memory for _, memory in known])
    sides = frozenset(new.principals)
    rivals = sum(_rivals(sides, memory) for _, memory in known)
    found: list[_Match] = []
    for story, memory in known:
        if report.article_id in memory.apart:
            continue
        if report_mark(report) in memory.seen:
            return _Match(story, Affinity(99.0, ()))
        if report.article_id in dict(memory.sources) and _another(new, memory):
            continue
        score = affinity(new, memory, rarity, rivals - _rivals(sides, memory))
        if score is not None:
            found.append(_Match(story, score))
    # of two equals the older story; ids settle what is left, so that the order of candidates never matters
    return min(found, key=lambda match: (-match.affinity.value, match.story.opened_at, match.story.id), default=None)


def _rivals(sides: frozenset[str], memory: Signature) -> bool:
    """Whether a story is another act that these principals may be reported with: one that was worth telling."""
    return bool(memory.told) and len(sides & memory.core()) > 1


def _another(new: Signature, memory: Signature) -> bool:
    """Whether two acts that one article tells of are two: other parties, another thing that the
    rule set knows, or a package and one of the acts in it."""
    if new.package != memory.package or new.objects - memory.objects:
        return True
    return frozenset(new.principals) != frozenset(memory.principals)


def _as_before(reports: Sequence[Report], stories: Sequence[Story]) -> tuple[StoryChange, ...]:
    """Where the reports of an article that was placed before, in these words, stand: nothing changes."""
    return tuple(
        StoryChange(story, Novelty.KNOWN, report, before=story)
        for report in reports
        for story in stories
        if report_mark(report) in memory_of.of_story(story).seen
    )


def _version(reports: Sequence[Report]) -> str:
    """A short hash of all that an article says; an edited article has another."""
    said = [f"{report.title}\x1f{report_mark(report)}\x1f{report.simhash:x}" for report in reports]
    return "v" + sha256("\x1e".join(said).encode()).hexdigest()[:12]


def report_mark(report: Report) -> str:
    """A short hash of what one article says of one act: the same report has the same mark for ever."""
    said = report.announcement
    parts = (report.article_id, said.type.value, said.stage.value, *memory_of.principals(said), said.object, said.quote)
    return sha256("\x1f".join((*parts, report.reason or "")).encode()).hexdigest()[:12]


def _join(report: Report, new: Signature, match: _Match, threshold: float) -> StoryChange:
    story, old = match.story, memory_of.of_story(match.story)
    said = report.announcement
    report = replace(report, copy_of=match.affinity.copy_of)
    extended = bool(story.deadline and said.deadline > story.deadline and report.reason is None)
    novelty, change = verdict(report, old, threshold, extended=extended)
    stage = Stage.RENEWED if extended else stage_of(report)
    memory = _remember(report, old, new, stage, threshold)
    if report.reason is not None and not refuses(report):
        story = replace(story, reports=(*story.reports, report), signature=memory_of.dump(memory))
        return StoryChange(story, novelty, report, before=match.story, change=change)
    stages = story.stages
    if not any(stage is known for known, *_ in stages):
        stages = (*stages, (stage, said.event_date, _at(report)))
    grown = replace(
        story,
        stage=stage if refuses(report) or RANK[story.stage] <= RANK[stage] or old.denied else story.stage,
        stages=stages,
        reports=(*story.reports, report),
        score=max(story.score, said.score) if report.reason is None else story.score,
        deadline=max(story.deadline, said.deadline) if report.reason is None else story.deadline,
        sectors=_merged(story.sectors, said.sectors),
        topics=_merged(story.topics, said.topics),
        object=story.object if memory_of.is_id(story.object) or not memory_of.is_id(said.object) else said.object,
        count=max(story.count, said.count),
        opened_by_mention=story.opened_by_mention and report.reason is not None,
        signature=memory_of.dump(memory),
    )
    return StoryChange(grown, novelty, report, before=match.story, change=change)


def _remember(report: Report, old: Signature, new: Signature, stage: Stage, threshold: float) -> Signature:
    at = _at(report).isoformat()
    if report.reason is not None:
        # of a mention only the fact is kept: its words are those of another story
        known = {stage.value: at} if proves_known(report) or stage is Stage.PROPOSED else {}
        spoken = Signature(known=known, sources=((report.article_id, 0),), seen=new.seen, denied=refuses(report))
        return memory_of.joined(old, spoken)
    told = {stage.value: at} if tells(report, threshold) else {}
    memory = memory_of.joined(old, replace(new, told=told, seen=new.seen, denied=refuses(report)))
    if old.denied and told:
        return replace(memory, denied=False, told={**old.told, **told})
    if stage is Stage.RENEWED and told:
        return replace(memory, told={**memory.told, **told})
    return memory


def _open(report: Report, new: Signature, nearest: _Match | None, package: str, threshold: float) -> StoryChange:
    said = report.announcement
    stage, at = stage_of(report), _at(report)
    told = {stage.value: at.isoformat()} if tells(report, threshold) else {}
    known = {stage.value: at.isoformat()} if report.reason is not None else {}
    memory = replace(new, told=told, known=known, seen=new.seen, denied=refuses(report))
    doubtful = nearest is not None and nearest.affinity.value >= DOUBTS
    story = Story(
        id=story_id(report),
        opened_at=at,
        type=said.type,
        stage=stage,
        parties=said.parties,
        object=said.object,
        sectors=said.sectors,
        topics=said.topics,
        score=said.score if report.reason is None else 0.0,
        reports=(report,),
        stages=((stage, said.event_date, at),),
        deadline=said.deadline,
        count=said.count,
        part_of="" if new.package else package,
        may_belong_to=nearest.story.id if nearest is not None and doubtful else "",
        nearest=nearest.story.id if nearest is not None else "",
        opened_by_mention=report.reason is not None,
        signature=memory_of.dump(memory),
    )
    if report.reason is not None:
        return StoryChange(story, Novelty.KNOWN, report)
    return StoryChange(story, Novelty.UNSURE if doubtful and told else Novelty.NEW, report)


def _package_of(new: Signature, stories: Sequence[Story]) -> str:
    """The package that an act told on its own belongs to: same principals, within three days."""
    for story in sorted(stories, key=lambda one: (one.opened_at, one.id)):
        memory = memory_of.of_story(story)
        near = abs(datetime.fromisoformat(new.last_at) - story.opened_at).days <= _PACKAGE_DAYS
        if memory.package and not new.package and near and frozenset(new.principals) == memory.core():
            return story.id
    return ""


def story_id(report: Report, taken_from: str = "") -> str:
    """Day, principals and a hash of the opening report: the same on every machine, in no language. ``taken_from`` is the
    story that it was split from; its own first id may be that of a story that was merged into it."""
    sides = "-".join(name.split(".")[-1].lower() for name in memory_of.principals(report.announcement)[:3])
    mark = sha256(f"{report_mark(report)}{taken_from}".encode()).hexdigest() if taken_from else report_mark(report)
    return f"{_at(report):%Y%m%d}-{sides or 'act'}-{mark[:8]}"


def _at(report: Report) -> datetime:
    return (report.published_at or report.seen_at).astimezone(UTC)


def _merged(one: tuple[Kind, ...], other: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys((*one, *other)))
