"""The wiring: settings and rules become steps over one store. The only place where everything meets; decides nothing."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor import __version__
from monitor.alert import channels, words
from monitor.alert.channels import Environment, Send
from monitor.alert.office import Office
from monitor.config import Channel, FetchSettings, Route, Settings
from monitor.errors import ConfigError, ExampleErrors
from monitor.fetch import egress as fetching
from monitor.fetch.egress import Egress, Request
from monitor.fetch.pacing import Pacing
from monitor.match import Matcher
from monitor.model import Delivery, HttpAnswer, HttpFailure
from monitor.rulebook import RuleSet
from monitor.rulebook.feeds import load_feeds
from monitor.rulebook.pages import load_page_phrases
from monitor.run import examples, in_force
from monitor.run.alive import signs_of_life
from monitor.run.canary import run_canary
from monitor.run.collect import CollectStep
from monitor.run.deliver import DeliverStep
from monitor.run.driver import Driver, Writer
from monitor.run.failpoints import failpoint
from monitor.run.fleet import Fleet
from monitor.run.heap import made_to_stay
from monitor.run.match import Desk, MatchStep
from monitor.run.metrics import Metrics
from monitor.run.pages import PageReader
from monitor.run.poll import PollSettings, PollStep
from monitor.run.reach import Outreach
from monitor.run.read import ReadStep
from monitor.run.robots_book import RobotsBook
from monitor.run.selfwatch import Notes, SelfWatch
from monitor.run.sharedpacing import SharedPacing
from monitor.run.step import AnyStep
from monitor.run.workers import WorkerPool
from monitor.store import Store, open_store, runner_lock
from monitor.store.engine import conninfo
from monitor.story import common_stems

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# What alerts go to while nothing is configured: .eml and .json files under the state directory.
FILES_ROUTE = Route(name="files", channel=Channel.FILE)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What editors and operators wrote, loaded and checked: rules, phrases, routes, ready to be used or swapped."""

    settings: Settings
    ruleset: RuleSet
    matcher: Matcher
    desk: Desk
    senders: Mapping[str, Send]
    names: Mapping[str, Mapping[str, str]]


class _Outgoing:
    """The way out for webhooks: an address that the operator wrote into a route is allowed for exactly that use."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline_s: float
    ) -> HttpAnswer | HttpFailure:
        request = Request(url, headers=tuple(headers.items()), allow=_own_address(url), deadline_s=deadline_s)
        return await self._egress.post(request, body)


def _own_address(url: str) -> frozenset[str]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return frozenset({f"[{host}]:{port}" if ":" in host else f"{host}:{port}"})


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """The routes in force: the configured ones, or files on this machine."""
    return settings.routes or (FILES_ROUTE,)


def user_agent(contact: str) -> str:
    """How this program names itself to publishers."""
    return f"coopwatch/{__version__}" + (f" (+{contact})" if contact else "")


def fetch_limits(settings: Settings) -> fetching.Settings:
    """The limits of every fetch."""
    fetch: FetchSettings = settings.fetch
    return fetching.Settings(
        user_agent=user_agent(settings.contact),
        deadline_s=fetch.deadline_s,
        connect_s=fetch.connect_timeout_s,
        read_s=fetch.read_timeout_s,
        wire_bytes=fetch.max_wire_bytes,
        body_bytes=fetch.max_body_bytes,
        redirects=fetch.max_redirects,
        ports=frozenset(fetch.allow_ports),
        proxy=fetch.proxy,
    )


def learn(settings: Settings, outgoing: Egress) -> Knowledge:
    """Loads everything that people wrote. Raises ConfigError (RuleErrors) with every fault; nothing is changed then."""
    ruleset = examples.load_rules(settings)
    routes = routes_of(settings)
    names = _names(ruleset)
    office = Office.open(host_name(), settings.public_url, names)
    return Knowledge(
        settings=settings,
        ruleset=ruleset,
        matcher=Matcher(ruleset),
        desk=Desk(routes, office, common_stems(ruleset)),
        senders={route.name: sender(route, settings, outgoing) for route in routes},
        names=names,
    )


def host_name() -> str:
    """This machine's name, as mail servers and Message-IDs see it."""
    return socket.gethostname() or "localhost"


def sender(route: Route, settings: Settings, outgoing: Egress) -> Send:
    """What sends a route's deliveries."""
    return channels.prepare(route, settings, Environment(_Outgoing(outgoing), host_name()))


def _names(ruleset: RuleSet) -> dict[str, dict[str, str]]:
    """The rule set's names of bodies and objects in the languages of messages; states are named by CLDR."""
    named = {}
    for key, found in ruleset.entities.items():
        if len(key) > 2:
            labels = dict(found.labels)
            named[key] = {lang: labels.get(lang) or labels.get("*") or found.name for lang in words.languages()}
    return named


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
        self.pool = WorkerPool(settings.workers.processes, preload=("monitor.extract", "monitor.sources"))
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
        answer = await self._egress.get(Request(url, allow=_own_address(url)))
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

    def fleet(self, *, take_rules: bool) -> Fleet:
        """The steps, driven by jobs that several machines share. ``take_rules`` makes this rule set the one in force.
        Raises ConfigError on SQLite."""
        if self.store.database.dialect != "postgresql":
            raise ConfigError(
                'coopwatch worker needs PostgreSQL: set database_url = "postgresql+psycopg://..." (coopwatch db move '
                "carries everything over), or use coopwatch run on one machine"
            )
        self.store.fleet.put_in_force(self.knowledge.ruleset.digest, replace=take_rules)
        return Fleet(
            conninfo(self.settings.database_url),
            self.steps,
            self.store.fleet,
            self.store.database.owner,
            self.writer,
            clock=self.clock,
            rules=lambda: self.knowledge.ruleset.digest,
            look_after=self.look_after,
        )

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
        with made_to_stay():
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
        return f"{self.feeds} feeds, rules {self.knowledge.ruleset.digest[:12]}, routes: {routes}"

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
        in_force.keep(
            self.store.people, knowledge.settings, knowledge.desk.routes, knowledge.ruleset.digest, self.clock()
        )


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
            await machine.pool.close()
            machine.writer.close()
    finally:
        store.close()
        if lock is not None:
            lock.release()


@asynccontextmanager
async def open_reach(settings: Settings) -> AsyncIterator[Outreach]:
    """The way to single addresses for commands that people run by hand, without store or rules."""
    pool = WorkerPool(1, preload=("monitor.sources",))
    reader = PageReader(pool, load_page_phrases(settings.rules_dir), settings.workers.deadline_s)
    try:
        yield Outreach(Egress(fetch_limits(settings)), pool, reader, frozenset(settings.fetch.allow_private))
    finally:
        await pool.close()
