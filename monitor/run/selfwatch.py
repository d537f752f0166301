"""The service looks after itself: once a minute the facts are gathered and judged (monitor.watch), what is wrong is told by the
health route, and while nothing is, a dead man's switch outside is pinged. Once a day a canary goes through the line.

Bad news about a target goes by another way than the one that fails. Messages are queued in the outbox like any other, in the
transaction that remembers the episode: a kill in between tells it once or not yet.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor import watch
from monitor.alert import accounting
from monitor.config import WatchSettings
from monitor.errors import ConfigError, ExampleErrors
from monitor.fetch.state import unpack
from monitor.run import guard, tellings
from monitor.run.driver import Writer
from monitor.run.match import Desk
from monitor.run.metrics import Metrics
from monitor.store import Store
from monitor.store.health import FeedStanding, Standing
from monitor.watch import Facts, FeedFact, HealthKind, Moment, News

logger = logging.getLogger(__name__)

ACCOUNT_EVERY = timedelta(hours=1)
ACCOUNT_FOR = timedelta(days=3)
QUIET_EVERY = timedelta(hours=1)  # silence is a matter of days, and reads every quiet feed
# kinds that mean "do not trust me": while one lasts the dead man's switch is not pinged
SILENCING = frozenset(
    {
        HealthKind.NOTHING_POLLED,
        HealthKind.OUTBOX_OLD,
        HealthKind.DISK_FILLING,
        HealthKind.STEP_FAILING,
        HealthKind.CANARY_LOST,
        HealthKind.ACCOUNTING,
    }
)


@dataclass(slots=True)
class Notes:
    """What only the running process knows; written by whoever sees it, read at the next look."""

    started_at: datetime
    rules_refused: str = ""
    rules_examples: tuple[str, ...] = ()
    clock_jump_s: float = 0.0
    missing: tuple[str, ...] = ()
    canary_fault: str = ""
    canary_day: str = ""
    accounted_at: datetime | None = None
    quiet_at: datetime | None = None
    quiet: tuple[FeedFact, ...] = ()
    pinged_at: datetime | None = None
    measured_at: datetime | None = None
    healthy: bool = True
    open_kinds: tuple[str, ...] = field(default=())

    def refuse(self, fault: ConfigError) -> None:
        """What people wrote was not taken: it cannot be read, or its rules fail their own examples."""
        examples = fault.errors if isinstance(fault, ExampleErrors) else ()
        self.rules_examples = tuple(str(error) for error in examples)
        self.rules_refused = "" if examples else str(fault)

    def accept(self) -> None:
        """What people wrote is in force and its rules pass their examples."""
        self.rules_refused, self.rules_examples = "", ()


class SelfWatch:
    """See the module. ``ping`` asks an address and says whether it answered; ``canary`` runs the line once and returns how
    long that took, or raises with what broke."""

    def __init__(
        self,
        store: Store,
        desk: Callable[[], Desk],
        settings: WatchSettings,
        state_dir: Path,
        writer: Writer,
        metrics: Metrics,
        notes: Notes,
        *,
        timezone: str,
        ping: Callable[[str], Awaitable[bool]],
        canary: Callable[[datetime], Awaitable[timedelta]],
    ) -> None:
        self._store, self._desk, self._settings, self._state_dir = store, desk, settings, state_dir
        self._began_s = time.monotonic()
        self._writer, self._metrics, self.notes = writer, metrics, notes
        self._zone, self._ping, self._canary = ZoneInfo(timezone), ping, canary

    def use(self, settings: WatchSettings) -> None:
        """Swaps the settings after a reload."""
        self._settings = settings

    async def look(self, now: datetime) -> tuple[News, ...]:
        """One look: judges the facts, queues what is to be told, pings while all is well. Returns what was told."""
        await self._run_canary(now)
        if self.notes.accounted_at is None or now - self.notes.accounted_at >= ACCOUNT_EVERY:
            self.notes.accounted_at = now
            self.notes.missing = await self._writer.call(self._missing, now)
        news = await self._writer.call(self._judge, now)
        await self._ping_when_due(now)
        return news

    def _judge(self, now: datetime) -> tuple[News, ...]:
        standing = self._store.health.standing(now)
        self._look_for_quiet(now)
        facts = self._facts(standing, now)
        settings = self._settings
        found = watch.faults(facts, now, late_after=timedelta(seconds=settings.late_after_s))
        self.notes.clock_jump_s = 0.0  # told once, when it happened
        self.notes.open_kinds = tuple(sorted({fault.kind for fault in found}))
        self.notes.healthy = not any(fault.kind in SILENCING for fault in found)
        self._measure(standing, facts, now)
        episodes, news = watch.advance(
            self._store.health.episodes(),
            found,
            now,
            remind_after=timedelta(seconds=settings.remind_every_s),
            calm_for=timedelta(seconds=settings.calm_for_s),
        )
        if episodes:
            told = [delivery for one in news for delivery in tellings.of_trouble(one, self._desk(), now)]
            self._store.health.commit(episodes, told, now)
        for one in news:
            level = logging.INFO if one.moment is Moment.END else logging.WARNING
            logger.log(level, "health %s kind=%s words=%r", one.moment, one.episode.kind, one.episode.words)
        return news

    # ------------------------------------------------------------------------------------------ facts

    def _facts(self, standing: Standing, now: datetime) -> Facts:
        disk = shutil.disk_usage(self._state_dir)
        troubled = {feed.feed_id: _feed_fact(feed, now) for feed in standing.troubled}
        quiet = {fact.id: fact for fact in self.notes.quiet}
        return Facts(
            started_at=self.notes.started_at,
            last_poll_at=standing.last_poll_at,
            last_answer_at=standing.last_answer_at,
            unanswered=standing.unanswered,
            most_overdue_at=standing.most_overdue_at,
            network_back_at=self._store.health.over_since(HealthKind.NOTHING_POLLED, now),
            feeds=tuple((quiet | troubled).values()),
            polled_feeds=standing.polled_feeds,
            outbox_oldest_at=standing.outbox_oldest_at,
            dead_letters=standing.dead_letters,
            targets_disabled=standing.targets_disabled,
            targets_failing=standing.targets_failing,
            disk_free_bytes=disk.free,
            disk_total_bytes=disk.total,
            rules_refused=self.notes.rules_refused,
            rules_examples=self.notes.rules_examples,
            announcements_7d=standing.announcements_7d,
            announcements_8w_before=standing.announcements_8w_before,
            watched_for=now - standing.judging_since if standing.judging_since else timedelta(0),
            canary_at=standing.canary_at,
            canary_enabled=self._settings.canary,
            canary_fault=self.notes.canary_fault,
            accounting=self.notes.missing,
            clock_jump_s=self.notes.clock_jump_s,
            steps_failing=guard.often_caught(self._began_s),
        )

    def _look_for_quiet(self, now: datetime) -> None:
        last = self.notes.quiet_at
        if last is not None and abs(now - last) < QUIET_EVERY:
            return
        self.notes.quiet_at = now
        facts = (_feed_fact(feed, now) for feed in self._store.health.quiet(now - watch.SILENT_LEAST))
        self.notes.quiet = tuple(fact for fact in facts if fact.silent or fact.stale)

    def _measure(self, standing: Standing, facts: Facts, now: datetime) -> None:
        metrics = self._metrics
        metrics.outbox.set(standing.outbox_waiting)
        metrics.outbox_oldest_s.set(_age_s(standing.outbox_oldest_at, now))
        metrics.dead_letters.set(standing.dead_total)
        metrics.poll_lag_s.set(_age_s(standing.most_overdue_at, now))
        for state, count in standing.feeds.items():
            metrics.feeds.labels(state).set(count)
        metrics.disk_free_bytes.set(facts.disk_free_bytes or 0)
        metrics.rules_refused.set(bool(facts.rules_refused))
        if standing.last_poll_at:
            metrics.last_poll.set(standing.last_poll_at.timestamp())
        if standing.canary_at:
            metrics.canary.set(standing.canary_at.timestamp())
        for seconds in self._store.health.latencies_s(self.notes.measured_at or now, now):
            metrics.latency_s.observe(seconds)
        self.notes.measured_at = now
        metrics.database_bytes.set(self._store.health.size_bytes())
        for kind in HealthKind:
            metrics.episodes.labels(kind).set(kind in self.notes.open_kinds)

    def _missing(self, now: datetime) -> tuple[str, ...]:
        """The stories that are owed to a route and are on no account."""
        told, deliveries = self._store.health.accounts(now - ACCOUNT_FOR)
        found = accounting.balance(told, deliveries, now, self._store.health.absences())
        return tuple(f"{each.owed.route}: {each.owed.story_id}" for each in found.missing)

    # ------------------------------------------------------------------------------------------ canary and ping

    async def _run_canary(self, now: datetime) -> None:
        """Once a local day, at its hour or when the service starts later."""
        local = now.astimezone(self._zone)
        day = local.date().isoformat()
        if not self._settings.canary or self.notes.canary_day == day or f"{local:%H:%M}" < self._settings.canary_at:
            return
        self.notes.canary_day = day
        last = (await self._writer.call(self._store.health.canary_at)) if self.notes.canary_fault == "" else None
        if last is not None and last.astimezone(self._zone).date().isoformat() == day:
            return
        try:
            took = await self._canary(now)
        except CanaryLost as exc:
            self.notes.canary_fault = str(exc)
            logger.error("canary lost words=%r", str(exc))
            return
        self.notes.canary_fault = ""
        await self._writer.call(self._tell_canary, took, day, now)

    def _tell_canary(self, took: timedelta, day: str, now: datetime) -> None:
        self._store.health.commit((), tellings.of_canary(took, day, self._desk(), now), now)
        self._store.health.note_canary(now)

    async def _ping_when_due(self, now: datetime) -> None:
        url = self._settings.ping_url.get_secret_value()
        due = (
            self.notes.pinged_at is None or (now - self.notes.pinged_at).total_seconds() >= self._settings.ping_every_s
        )
        if url and due and self.notes.healthy:
            self.notes.pinged_at = now
            if not await self._ping(url):
                logger.warning("dead man's switch did not answer")


class CanaryLost(Exception):
    """The canary did not come through; says where it was lost."""


def _feed_fact(feed: FeedStanding, now: datetime) -> FeedFact:
    state = unpack(feed.schedule)
    well = feed.state == "ok"
    return FeedFact(
        feed.feed_id,
        feed.title,
        feed.reason,
        failing_since=feed.failing_since_at if feed.state == "failing" else None,
        asked_at=feed.last_polled_at,
        gone=feed.state == "gone",
        silent=well and watch.is_silent(state.rhythm_s, state.last_new_at, now),
        stale=well and watch.is_stale(state.newest_at, now),
    )


def _age_s(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0
