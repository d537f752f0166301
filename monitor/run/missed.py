"""Enters an announcement that the rules missed, as a person found it: it becomes a story that is never told, and a note
from which quality is measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from monitor import story as grouping
from monitor.errors import ConfigError
from monitor.model import ActType, Announcement, Article, Disposition, Judgement, Stage, Story, Verdict
from monitor.store import Store
from monitor.store.articles import Committed, MatchResult, StorySave
from monitor.store.curation import Action

BY_HAND = "by hand"
LEASE_S = 60.0


class Judge(Protocol):
    """What the rules say of an article."""

    def judge(self, article: Article, *, now: datetime) -> Judgement: ...


def enter_missed(
    store: Store,
    judge: Judge,
    article: Article,
    *,
    note: str,
    by: str,
    now: datetime,
    vocabulary: grouping.Vocabulary = grouping.WORDLESS,
) -> Story:
    """The story of a missed announcement: a known one that it joins, or a new one. ``vocabulary``
    is the rule set's. Raises ConfigError where the article was entered before."""
    if not store.imports.add([article], now):
        raise ConfigError(f"{article.url or article.id} was entered before")
    work = store.imports.claim(article.id, now, LEASE_S)
    if work is None:
        raise ConfigError("the service is judging it already; look for it with coopwatch explain")
    judgement = as_announcement(judge.judge(work.article, now=now), work.article)
    lookup = grouping.lookup_keys(work.article, judgement, grouping.simhash(work.article.text))
    found = store.stories.find(lookup)
    changes = grouping.place(work.article, judgement, found.stories, now, vocabulary=vocabulary)
    changes = tuple(change for change in changes if change.report.reason is None)[:1]
    saves = tuple(
        StorySave(each.story, grouping.keys(each.story), (each.report,), known=each.before is not None)
        for each in changes
    )
    result = MatchResult(
        work, Disposition.ANNOUNCEMENT, judgement, f"{BY_HAND}: {note}", lookup, found.versions, stories=saves
    )
    (committed,) = store.matches.commit([result], now)
    if committed is not Committed.DONE or not changes:
        raise ConfigError("the stories changed meanwhile; try again")
    story = changes[0].story
    store.curation.note(Action(by, "missed", "story", story.id, note), now)
    return story


def as_announcement(judgement: Judgement, article: Article) -> Judgement:
    """The judgement with an announcement in it: the rules' own, the best refused report, or a bare one that names what
    a person must fill in."""
    if judgement.announcements:
        return judgement
    if judgement.mentions:
        best = max((mention.announcement for mention in judgement.mentions), key=lambda each: each.score)
    else:
        best = Announcement(ActType.AGREEMENT, Stage.ANNOUNCED, (), article.title, BY_HAND, 1.0)
    said = replace(best, rule=BY_HAND, score=1.0)
    return replace(judgement, verdict=Verdict.ANNOUNCEMENT, announcements=(said,), mentions=())
