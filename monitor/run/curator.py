"""What operators decide, from the page or the command line: each wish is checked, carried out in one transaction and noted with
its author. Nothing here sends a message.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from monitor.alert import silence as silences
from monitor.config import MatchClause
from monitor.errors import ConfigError
from monitor.model import Article, FeedState, Novelty, Reason, Story, StoryChange, Verdict
from monitor.store import Store
from monitor.store.curation import Action
from monitor.store.people import add_silence
from monitor.story import curation, keys

VERDICTS = ("right", "wrong", "old", "duplicate")
SAMPLE_SIZE = 5  # a minute of an operator's day
SAMPLE_FROM = 5_000
LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed found at an address, not yet added."""

    url: str
    title: str
    format: str
    listed: int
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a curator needs of the network and the feeds file; given by the service or the command."""

    read_page: Callable[[str], Article]
    find_feeds: Callable[[str], Sequence[FoundFeed]]
    enter_missed: Callable[[str, str, str], str]  # address, note, author -> story id
    add_feed: Callable[[str, str], None]  # address, title


class Curator:
    """The verbs of the operators' page and of the commands that do the same."""

    def __init__(self, store: Store, clock: Callable[[], datetime], reach: Reach) -> None:
        self._store, self._clock, self._reach = store, clock, reach

    # ------------------------------------------------------------------------------------------ stories

    def judge(self, story_id: str, verdict: str, *, reason: str = "", other: str = "", by: str) -> None:
        """A person's judgement of a story: right, wrong (with a refusal reason), old, or duplicate of another."""
        if verdict not in VERDICTS:
            raise ConfigError(f"{verdict!r} is not a judgement; say {', '.join(VERDICTS)}")
        if reason and reason not in set(Reason):
            raise ConfigError(f"{reason!r} is not a reason; say one of {', '.join(Reason)}")
        if verdict == "duplicate":
            if not other:
                raise ConfigError("say of which story it is a duplicate")
            self.merge(story_id, other, by=by)
        done = Action(by, "judge", "story", story_id, " ".join(part for part in (verdict, reason, other) if part))
        if verdict == "duplicate":
            self._store.curation.note(done, self._clock())
            return

        def decide(found: Mapping[str, Story]) -> list[tuple[Story, frozenset[str]]]:
            # an old act was really agreed, once: its story stays open, so that its next report is known as old
            judged = curation.judge(found[story_id], verdict != "wrong")
            return [(judged, keys(judged))]

        self._store.curation.rewrite([story_id], decide, done, self._clock())

    def merge(self, story_id: str, into: str, *, by: str) -> None:
        """Two stories that are one act: ``story_id`` ends in ``into``."""

        def decide(found: Mapping[str, Story]) -> list[tuple[Story, frozenset[str]]]:
            grown, closed = curation.merge(found[into], found[story_id])
            # the closed one keeps no keys: what it was found by finds the grown one
            return [(grown, keys(grown)), (closed, frozenset())]

        done = Action(by, "merge", "story", story_id, into)
        self._store.curation.rewrite([story_id, into], decide, done, self._clock())

    def split(self, story_id: str, article_id: str, *, by: str) -> str:
        """Takes an article's report out into a story of its own, whose id is returned."""
        taken_ids: list[str] = []

        def decide(found: Mapping[str, Story]) -> list[tuple[Story, frozenset[str]]]:
            kept, taken = curation.split(found[story_id], [article_id])
            taken_ids.append(taken.id)
            return [(kept, keys(kept)), (taken, keys(taken))]

        self._store.curation.rewrite(
            [story_id], decide, Action(by, "split", "story", story_id, article_id), self._clock()
        )
        return taken_ids[0]

    def set_deadline(self, story_id: str, deadline: str, *, by: str) -> None:
        """The deadline of a call, looked up by a person; ISO date."""
        try:
            day = date.fromisoformat(deadline)
        except ValueError:
            raise ConfigError(f"{deadline!r} is not a day; write it as 2026-01-31") from None

        def decide(found: Mapping[str, Story]) -> list[tuple[Story, frozenset[str]]]:
            dated = curation.set_deadline(found[story_id], day)
            return [(dated, keys(dated))]

        self._store.curation.rewrite(
            [story_id], decide, Action(by, "deadline", "story", story_id, deadline), self._clock()
        )

    def missed(self, url: str, *, note: str, by: str) -> str:
        """Enters an announcement that was missed; returns its story. It is never told."""
        return self._reach.enter_missed(url, note, by)

    # ------------------------------------------------------------------------------------------ silences, outbox, feeds

    def preview_silence(self, clause: MatchClause, *, days: int, reason: str, by: str) -> silences.Preview:
        """What a silence would have muted in the last 30 days, and how much of that was judged right. Stores nothing."""
        now = self._clock()
        wanted = silences.new(clause, by, reason, now, now + timedelta(days=days))
        told, right = self._told_lately(now)
        return silences.preview(wanted, told, right)

    def silence(self, clause: MatchClause, *, days: int, reason: str, by: str) -> silences.Preview:
        """Stores a silence and returns what it would have muted."""
        now = self._clock()
        seen = self.preview_silence(clause, days=days, reason=reason, by=by)
        wanted = silences.new(clause, by, reason, now, now + timedelta(days=days))
        silence_id = add_silence(self._store.database, wanted)
        self._store.curation.note(Action(by, "silence", "silence", silence_id, f"{days}d {reason}"), now)
        return seen

    def end_silence(self, silence_id: int, *, by: str) -> None:
        self._store.curation.end_silence(silence_id, Action(by, "end", "silence", str(silence_id)), self._clock())

    def replay(self, delivery_id: str, *, by: str) -> None:
        """Queues a parked delivery again. Raises ConfigError where it is not parked."""
        done = Action(by, "replay", "delivery", delivery_id)
        if not self._store.curation.replay([delivery_id], done, self._clock()):
            raise ConfigError(f"delivery {delivery_id} is not parked: only parked deliveries are replayed")

    def preview_feed(self, url: str) -> Sequence[FoundFeed]:
        """The feeds at an address or named by the page there."""
        return self._reach.find_feeds(url)

    def add_feed(self, url: str, title: str, *, by: str) -> None:
        """Adds a feed to the last layer of the feeds files."""
        self._reach.add_feed(url, title)
        self._store.curation.note(Action(by, "add", "feed", url, title), self._clock())

    def pause_feed(self, feed_id: str, *, reason: str, by: str) -> None:
        words = f"paused by {by}: {reason}"
        self._store.curation.set_feed(
            feed_id, FeedState.PAUSED, words, Action(by, "pause", "feed", feed_id, reason), self._clock()
        )

    def resume_feed(self, feed_id: str, *, by: str) -> None:
        words = f"resumed by {by}"
        self._store.curation.set_feed(
            feed_id, FeedState.OK, words, Action(by, "resume", "feed", feed_id), self._clock()
        )

    # ------------------------------------------------------------------------------------------ quality, playground

    def label(self, article_id: str, label: str, *, by: str) -> None:
        """What an article of the daily sample is."""
        if label not in set(Verdict):
            raise ConfigError(f"{label!r} is not a label; say {', '.join(Verdict)}")
        self._store.curation.note(Action(by, "label", "sample", article_id, label), self._clock())

    def sample_of_today(self) -> tuple[int, ...]:
        """Five articles of the last seven days that did not alert, drawn anew each day and the same all day long."""
        now = self._clock()
        quiet = self._store.curation.quiet_articles(now - timedelta(days=7), SAMPLE_FROM)
        day = now.astimezone(UTC).date().isoformat()
        return tuple(sorted(random.Random(day).sample(quiet, min(SAMPLE_SIZE, len(quiet)))))

    def read_page(self, url: str) -> Article:
        """The article at an address, read as the service reads pages."""
        return self._reach.read_page(url)

    def _told_lately(self, now: datetime) -> tuple[tuple[StoryChange, ...], frozenset[str]]:
        stories = self._store.stories.load(self._store.curation.opened_since(now - LOOK_BACK))
        told = tuple(
            StoryChange(each, Novelty.NEW, each.reports[0])
            for each in stories.values()
            if each.reports and not each.opened_by_mention
        )
        return told, self._store.curation.judged_right()


__all__ = ["SAMPLE_SIZE", "VERDICTS", "Curator", "FoundFeed", "Reach"]
