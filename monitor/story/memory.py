"""The stories of the last 400 days in memory, for ``coopwatch check --group``: what the store is to the service.

Holds signatures and keys, never texts: a story's reports are dropped once they are placed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.model import Article, Judgement, Story, StoryChange
from monitor.story.facts import MEMORY_DAYS
from monitor.story.keys import keys, lookup_keys
from monitor.story.placing import place
from monitor.story.signature import of_story
from monitor.story.simhash import simhash
from monitor.story.stages import THRESHOLD
from monitor.story.vocabulary import WORDLESS, Vocabulary

# stories are forgotten in passing, a few with each article, so that no article pays for all
_FORGET_AT_ONCE = 8
# of more candidates the newest: two great powers share a pair key with every story of a year
MAX_CANDIDATES = 200


class Memory:
    """An index of stories by key. ``place`` is the only thing that changes it."""

    def __init__(self, vocabulary: Vocabulary = WORDLESS, threshold: float = THRESHOLD) -> None:
        self._vocabulary = vocabulary
        self._threshold = threshold
        self._stories: dict[str, Story] = {}
        self._under: dict[str, set[str]] = {}
        self._ages: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._stories)

    def place(self, article: Article, judgement: Judgement, now: datetime) -> tuple[StoryChange, ...]:
        """Places one article among the remembered stories, remembers the outcome and returns it (see ``place``)."""
        if not judgement.announcements and not judgement.mentions:
            return ()
        found = self._candidates(lookup_keys(article, judgement, simhash(article.text)))
        changes = place(article, judgement, found, now, vocabulary=self._vocabulary, threshold=self._threshold)
        for change in changes:
            self.keep(change.story)
        self._forget(article.published_at or now)
        return changes

    def keep(self, story: Story) -> None:
        """Remembers a story, or its newer state."""
        old = self._stories.get(story.id)
        if old is None:
            self._ages.append(story.id)
        elif old.signature != story.signature:
            self._drop_keys(old)
        self._stories[story.id] = replace(story, reports=())
        for key in keys(story):
            self._under.setdefault(key, set()).add(story.id)

    def _candidates(self, wanted: frozenset[str]) -> tuple[Story, ...]:
        ids = {story_id for key in wanted for story_id in self._under.get(key, ())}
        found = sorted(ids, key=lambda one: (of_story(self._stories[one]).last_at, one), reverse=True)
        return tuple(self._stories[one] for one in found[:MAX_CANDIDATES])

    def _forget(self, now: datetime) -> None:
        oldest = (now - timedelta(days=MEMORY_DAYS)).isoformat()
        for _ in range(min(_FORGET_AT_ONCE, len(self._ages))):
            story_id = self._ages.popleft()
            story = self._stories[story_id]
            if of_story(story).last_at >= oldest:
                self._ages.append(story_id)
            else:
                self._drop_keys(story)
                del self._stories[story_id]

    def _drop_keys(self, story: Story) -> None:
        for key in keys(story):
            held = self._under.get(key)
            if held is not None:
                held.discard(story.id)
                if not held:
                    del self._under[key]
