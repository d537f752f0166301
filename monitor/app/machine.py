"""One running installation: the steps over one store, wired to what people wrote, and the self-watch beside them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta

from monitor.app.knowledge import Knowledge, fetch_limits, learn, own_address
from monitor.config import Settings
from monitor.errors import ExampleErrors
from monitor.fetch.egress import Egress, Request
from monitor.fetch.pacing import Pacing
from monitor.heap import let_go, made_to_stay
from monitor.model import Delivery, HttpAnswer
from monitor.rulebook.feeds import load_feeds
from monitor.rulebook.pages import load_page_phrases
from monitor.run import examples, in_force
from monitor.run.alive import signs_of_life
from monitor.run.canary import run_canary
from monitor.run.collect import CollectStep
from monitor.run.deliver import DeliverStep
from monitor.run.driver import Driver, Writer
from monitor.run.failpoints import failpoint
from monitor.run.match import MatchStep
from monitor.run.metrics import Metrics
from monitor.run.pages import PageReader
from monitor.run.poll import PollStep
from monitor.run.polled import PollSettings
from monitor.run.reach import Outreach
from monitor.run.read import ReadStep
from monitor.run.robots_book import RobotsBook
from monitor.run.selfwatch import Notes, SelfWatch
from monitor.run.sharedpacing import SharedPacing
from monitor.run.step import AnyStep
from monitor.run.workers import WorkerPool
from monitor.store import Store, open_store, runner_lock
from monitor.store.checked import note_end
from monitor.text import counted

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class Machine:
    """One running installation: store, workers, egress and the steps over them. Made by ``open_machine``."""

    def __init__(self, settings: Settings, store: Store, *, clock: Clock, on_sent: Callable[[Delivery], None]) -> None:
        self.settings, self.store, self.clock = settings, store, clock
        self.writer = Writer()
        self.feeds = 0
        self._egress = Egress(fetch_limits(settings))
        self.knowledge = learn(settings, self._egress)
        fetch = settings.fetch
        # on PostgreSQL other machines may ask the same hosts
        self.pacing = (
            SharedPacing(store.fleet, self.writer, clock, fetch.host_delay_s, fetch.host_concurrency)
            if store.database.dialect == "postgresql"
            else Pacing(fetch.host_delay_s, fetch.host_concurrency)
        )
        self.pool = WorkerPool(settings.workers.processes, preload=("monitor.extract", "monitor.sources.parse"))
        allow = frozenset(fetch.allow_private)
        robots = RobotsBook(self._egress, self.pacing, allow, store.manners, self.writer)
        reader = PageReader(self.pool, load_page_phrases(settings.rules_dir), settings.workers.deadline_s)
        self.poll = PollStep(
            store.feeds,
            self._egress,
            self.pacing,
            self.pool,
            PollSettings(fetch, settings.alert_max_age_s, allow),
            clock=clock,
            chance=random.random,
        )
        self.read = ReadStep(store.reads, self._egress, self.pacing, reader, robots.of, fetch, clock=clock)
        self.match = MatchStep(store, self.knowledge.matcher, self.knowledge.desk, clock=clock)
        self.collect = CollectStep(store, self.knowledge.desk, settings.delivery)
        self.deliver = DeliverStep(
            store.outbox,
            self.knowledge.senders,
            self.knowledge.desk,
            settings.delivery,
            clock=clock,
            chance=random.random,
            on_sent=on_sent,
        )

        self.outreach = Outreach(self._egress, self.pool, reader, allow)
        self.metrics = Metrics()
        self.metrics.rules_loaded.set(clock().timestamp())
        # no older set is there to go on with: the service starts, and says so
        wrong = [str(examples.as_error(fault)) for fault in examples.failing(self.knowledge.matcher)]
        self.notes = Notes(started_at=clock(), rules_examples=tuple(wrong))
        self.watch = SelfWatch(
            store,
            lambda: self.knowledge.desk,
            settings.watch,
            settings.state_dir,
            self.writer,
            self.metrics,
            self.notes,
            timezone=settings.timezone,
            ping=self._ping,
            canary=self._canary,
        )

    async def _ping(self, url: str) -> bool:
        answer = await self._egress.get(Request(url, allow=own_address(url)))
        return isinstance(answer, HttpAnswer) and 200 <= answer.status < 300

    async def _canary(self, now: datetime) -> timedelta:
        known = self.knowledge
        return await run_canary(known.settings.rules_dir, self.pool, known.matcher, known.desk, now)

    async def look_after(self) -> None:
        """One look of the self-watch."""
        ended = self.pool.stats()
        self.metrics.workers_ended.set(ended.deadline + ended.died)
        await self.watch.look(self.clock())

    @property
    def steps(self) -> tuple[AnyStep, ...]:
        """The steps in the order of the flow."""
        return (self.poll, self.read, self.match, self.collect, self.deliver)

    def driver(self, *, polls_only: bool = False) -> Driver:
        """The steps, or the first of them alone, driven on this machine."""

        def observe(step: str, seconds: float) -> None:
            self.metrics.step_s.labels(step).observe(seconds)

        steps = self.steps[:1] if polls_only else self.steps
        return Driver(steps, self.writer, self.clock, observe=observe)

    def use(self, knowledge: Knowledge, reader: PageReader) -> None:
        """Swaps everything that people wrote; works under way end with what they began with."""
        settings, fetch = knowledge.settings, knowledge.settings.fetch
        self.settings, self.knowledge = settings, knowledge
        self.pacing.use(fetch.host_delay_s, fetch.host_concurrency)
        self.poll.use(PollSettings(fetch, settings.alert_max_age_s, frozenset(fetch.allow_private)))
        self.read.use(fetch, reader)
        self.match.use(knowledge.matcher, knowledge.desk)
        self.collect.use(knowledge.desk)
        self.deliver.use(knowledge.senders, knowledge.desk, settings.delivery)
        self.watch.use(settings.watch)

    async def reload(self, settings: Settings) -> None:
        """Loads everything anew and swaps it when all of it is good. Raises ConfigError and changes nothing otherwise.
        The database, the state directory and the workers stay as they are until a restart."""
        with made_to_stay(instead=True):
            knowledge = await asyncio.to_thread(learn, settings, self._egress)
            wrong = await asyncio.to_thread(examples.failing, knowledge.matcher)
            if wrong:
                raise ExampleErrors(examples.as_error(fault) for fault in wrong)
            phrases = load_page_phrases(settings.rules_dir)
            specs = load_feeds(settings.feeds_file, settings.own_feeds_file)
            self.use(knowledge, PageReader(self.pool, phrases, settings.workers.deadline_s))
        await self.writer.call(self.store.feeds.sync, specs, self.clock(), settings.fetch.min_interval_s)
        await self.writer.call(self._keep_what_is_in_force)
        self.feeds = len(specs)

    def status(self) -> str:
        """One line for people: what is watched, by which rules, and where alerts go."""
        routes = ", ".join(route.name for route in self.knowledge.desk.routes)
        return f"{counted(self.feeds, 'feed')}, rules {self.knowledge.ruleset.digest[:12]}, routes: {routes}"

    def sync(self) -> None:
        """Makes the stored list of feeds equal to the files', and keeps the rule set that is in force. Raises
        RuleErrors for a fault in a feeds file."""
        settings, now = self.settings, self.clock()
        specs = load_feeds(settings.feeds_file, settings.own_feeds_file)
        self.store.feeds.sync(specs, now, settings.fetch.min_interval_s)
        self._keep_what_is_in_force()
        self.feeds = len(specs)
        failpoint("start.synced")

    def alive(self) -> AbstractAsyncContextManager[None]:
        """Signs of life, where other runners may share the store."""
        owner = self.store.database.owner
        return signs_of_life(self.store.fleet, owner, self.writer, lambda: self.knowledge.ruleset.digest, self.clock)

    def _keep_what_is_in_force(self) -> None:
        knowledge = self.knowledge
        in_force.keep(self.store.people, knowledge.settings, knowledge.desk.routes, knowledge.ruleset, self.clock())


@asynccontextmanager
async def open_machine(
    settings: Settings, *, clock: Clock, on_sent: Callable[[Delivery], None] = lambda delivery: None
) -> AsyncIterator[Machine]:
    """The machine for ``settings``, the only runner on an SQLite database. Raises ConfigError, StoreError."""
    lock = runner_lock(settings.database_url)
    store = open_store(settings.database_url)
    try:
        if lock is not None:
            lock.take()
            store.manners.release_claims(clock())
        failpoint("start.opened")
        with made_to_stay():
            machine = Machine(settings, store, clock=clock, on_sent=on_sent)
            machine.sync()
        try:
            async with machine.alive() if lock is None else nullcontext():
                yield machine
        finally:
            await machine.pacing.close()
            await machine.pool.close()
            machine.writer.close()
    finally:
        store.close()
        if lock is not None:
            note_end(lock.database)
            lock.release()
        let_go()


@asynccontextmanager
async def open_reach(settings: Settings) -> AsyncIterator[Outreach]:
    """The way to single addresses for commands that people run by hand, without store or rules."""
    pool = WorkerPool(1, preload=("monitor.sources.parse",))
    reader = PageReader(pool, load_page_phrases(settings.rules_dir), settings.workers.deadline_s)
    try:
        yield Outreach(Egress(fetch_limits(settings)), pool, reader, frozenset(settings.fetch.allow_private))
    finally:
        await pool.close()
