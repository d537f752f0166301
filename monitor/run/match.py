"""The step that judges: articles become judgements, stories and the deliveries that are owed for them, in one commit each.

The order of a poll's articles is kept: they are judged and placed one after the other. What is decided rests on stories
read before; a commit that finds them changed is refused, and the article is decided again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Protocol

from monitor import story as grouping
from monitor.alert import drafts as drafting
from monitor.alert import policy
from monitor.alert.facts import Alert
from monitor.alert.office import Office
from monitor.alert.policy import Circumstances, Standing
from monitor.config import Route
from monitor.errors import StoreError
from monitor.model import (
    Article,
    Decision,
    Disposition,
    Judgement,
    Novelty,
    Owed,
    Report,
    Story,
    StoryChange,
    Told,
)
from monitor.run.failpoints import failpoint
from monitor.run.guard import tried
from monitor.run.rendered import rendered
from monitor.run.step import Counts
from monitor.store import Store
from monitor.store.articles import Committed, MatchResult, MatchWork, StorySave

logger = logging.getLogger(__name__)

BATCH = 50  # articles judged between two commits; a commit takes about a millisecond
LEASE_S = 900.0
TRIES = 20  # of one decision against other machines that move the same stories


class Judge(Protocol):
    """What the rules say of an article (monitor.match offers it)."""

    def judge(self, article: Article, *, now: datetime) -> Judgement: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom there is to tell, and what rendering needs. ``vocabulary`` is the rule set's."""

    routes: tuple[Route, ...]
    office: Office
    vocabulary: grouping.Vocabulary = grouping.WORDLESS


@dataclass(frozen=True, slots=True)
class Judged:
    """An article with what the rules said, or with the fault that kept them from it."""

    work: MatchWork
    judgement: Judgement | None
    fault: str = ""


class MatchStep:
    """See ``monitor.run.step.Step``. A work is a run of articles in their order."""

    name = "match"
    concurrency = 1

    def __init__(self, store: Store, judge: Judge, desk: Desk, *, clock: Callable[[], datetime]) -> None:
        self._store, self._judge, self._desk, self._clock = store, judge, desk, clock

    def use(self, judge: Judge, desk: Desk) -> None:
        """From the next article on judges and tells by these (a reload)."""
        self._judge, self._desk = judge, desk

    def claim(self, now: datetime, limit: int) -> Sequence[tuple[MatchWork, ...]]:
        works = self._store.matches.claim(now, BATCH, LEASE_S)
        if not works:
            return ()
        failpoint("match.claimed")
        return (tuple(works),)

    async def act(self, work: tuple[MatchWork, ...]) -> tuple[Judged, ...]:
        now, judge = self._clock(), self._judge
        # in a thread, all in one go: a long hostile text must not keep the loop from its deadlines
        judged = await asyncio.to_thread(lambda: tuple(_judged(judge, one, now) for one in work))
        failpoint("match.judged")
        return judged

    def commit(self, results: Sequence[tuple[Judged, ...]], now: datetime) -> Counts:
        counts: Counter[str] = Counter()
        for moves, group in groupby((one for result in results for one in result), key=_moves_stories):
            if moves:
                for one in group:
                    counts += self._commit_placed(one, now)
            else:
                plain = [_plain(one) for one in group]
                self._store.matches.commit(plain, now)
                counts += Counter(str(result.disposition) for result in plain)
                _log(plain)
        failpoint("match.committed")
        return counts

    def wakes(self, counts: Counts) -> Collection[str]:
        moved = any(count for what, count in counts.items() if what != Disposition.NONE)
        return ("collect", "deliver") if moved else ()

    def _commit_placed(self, one: Judged, now: datetime) -> Counter[str]:
        for _ in range(TRIES):
            result = tried(lambda: self._decide(one, now), f"article {one.work.entry_id}", lambda f: _parked(one, f))
            (committed,) = self._store.matches.commit([result], now)
            if committed is Committed.DONE:
                _log([result])
                counts = Counter({str(result.disposition): 1})
                counts["deliveries"] += len(result.deliveries)
                return counts
            if committed is Committed.LOST:
                return Counter()
        raise StoreError(f"the stories of article {one.work.entry_id} kept changing", restart_helps=True)

    def _decide(self, one: Judged, now: datetime) -> MatchResult:
        """Everything that one article changes: stories, what is owed, messages."""
        work, judgement = one.work, one.judgement
        assert judgement is not None
        article = work.article
        lookup = grouping.lookup_keys(article, judgement, grouping.simhash(article.text))
        found = self._store.stories.find(lookup)
        told_before = grouping.tellers(article, found.stories) if work.edited else frozenset()
        placed = grouping.place(
            article,
            judgement,
            found.stories,
            now,
            vocabulary=self._desk.vocabulary,
            earlier=self._store.stories.reports(told_before) if told_before else {},
        )
        failpoint("match.placed")
        result = MatchResult(
            work=work,
            disposition=Disposition(judgement.verdict),
            judgement=judgement,
            reason=", ".join(judgement.reasons),
            lookup=lookup,
            versions=found.versions,
            stories=_saves(placed),
        )
        if work.quiet or not placed:
            return result
        changes = self._with_reports(placed)
        told = self._store.told.of_stories({change.story.id for change in changes})
        owed = policy.decide(changes, self._standings(told, now), self._circumstances(work, now))
        failpoint("match.decided")
        telling = self._alert(work, judgement, changes, owed)
        messages = drafting.alert_drafts(telling, owed, self._desk.routes, told, self._desk.office, now)
        deliveries = tuple(rendered(draft, now) for draft in messages)
        failpoint("match.rendered")
        return replace(result, told=drafting.remember(owed, messages, now), verdicts=owed, deliveries=deliveries)

    def _with_reports(self, placed: Sequence[StoryChange]) -> tuple[StoryChange, ...]:
        """The changes with the whole stories: grouping needs no earlier report, telling does."""
        known = {change.before.id for change in placed if change.before is not None}
        earlier = self._store.stories.reports(known) if known else {}

        def whole(story: Story) -> Story:
            return replace(story, reports=(*earlier.get(story.id, ()), *story.reports))

        return tuple(
            replace(change, story=whole(change.story), before=whole(change.before) if change.before else None)
            for change in placed
        )

    def _standings(self, told: Sequence[Told], now: datetime) -> tuple[Standing, ...]:
        pauses = {pause.route: pause for pause in self._store.people.pauses(now)}
        messages = self._store.told.messages_past_hour(now)
        return tuple(
            Standing(
                route=route,
                told=tuple(one for one in told if one.owed.route == route.name),
                pause=pauses.get(route.name),
                messages_past_hour=messages.get(route.name, 0),
            )
            for route in self._desk.routes
        )

    def _circumstances(self, work: MatchWork, now: datetime) -> Circumstances:
        return Circumstances(now, self._store.people.silences(now), held=work.held, late=work.late)

    def _alert(
        self, work: MatchWork, judgement: Judgement, changes: tuple[StoryChange, ...], owed: Sequence[Owed]
    ) -> Alert:
        """What the messages tell: the changes that some route is owed, and what stands around them."""
        # ``owed`` holds one decision for each change, route after route
        due = {index % len(changes) for index, one in enumerate(owed) if one.decision is not Decision.NOT}
        named = {key for change in changes for key in _named(change.story)}
        own = {change.story.id: change.story for change in changes}
        known = [each for each in changes if each.novelty is Novelty.KNOWN and each.report.reason is None]
        moved = {each.story.id for each in changes if each.novelty is not Novelty.KNOWN}
        return Alert(
            changes=tuple(change for index, change in enumerate(changes) if index in due),
            known={**self._store.stories.load(named - own.keys()), **own},
            others=tuple(each.report.announcement for each in known if each.story.id not in moved),
            beside=tuple(each.report.announcement for each in known if each.story.id in moved),
            mentions=judgement.mentions,
            late=work.late,
            method=work.article.method,
        )


def _judged(judge: Judge, work: MatchWork, now: datetime) -> Judged:
    return tried(
        lambda: Judged(work, judge.judge(work.article, now=now)),
        f"article {work.entry_id}",
        lambda fault: Judged(work, None, fault),
    )


def _moves_stories(one: Judged) -> bool:
    """Whether an article says anything of an act, or said so before it was edited."""
    said = one.judgement
    return said is not None and bool(said.announcements or said.mentions or one.work.edited)


def _plain(one: Judged) -> MatchResult:
    """The result of an article that concerns no story."""
    if one.judgement is None:
        return _parked(one, one.fault)
    judgement = one.judgement
    return MatchResult(one.work, Disposition(judgement.verdict), judgement, ", ".join(judgement.reasons))


def _parked(one: Judged, fault: str) -> MatchResult:
    return MatchResult(one.work, Disposition.PARKED, one.judgement, fault)


def _saves(placed: Sequence[StoryChange]) -> tuple[StorySave, ...]:
    """Each story once, in its last state, with the reports that this article adds."""
    added: dict[str, list[Report]] = {}
    last: dict[str, Story] = {}
    opened: set[str] = set()
    for change in placed:
        story = change.story
        if change.before is None:
            opened.add(story.id)
        elif change.before == story:
            continue  # placed before: nothing changed
        last[story.id] = story
        added.setdefault(story.id, []).append(change.report)
    return tuple(
        StorySave(story, grouping.keys(story), _own_reports(story, added[key]), known=key not in opened)
        for key, story in last.items()
    )


def _own_reports(story: Story, reports: Sequence[Report]) -> tuple[Report, ...]:
    """The reports as the story holds them (a copy is marked there), newest ones last."""
    return story.reports[-len(reports) :]


def _named(story: Story) -> Iterator[str]:
    yield from filter(None, (story.part_of, story.nearest, story.may_belong_to))


def _log(results: Sequence[MatchResult]) -> None:
    for result in results:
        level = logging.ERROR if result.disposition is Disposition.PARKED else logging.INFO
        logger.log(
            level,
            "article judged id=%s disposition=%s stories=%s deliveries=%s reason=%r",
            result.work.entry_id,
            result.disposition,
            ",".join(save.story.id for save in result.stories),
            len(result.deliveries),
            result.reason,
        )
