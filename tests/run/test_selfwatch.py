"""The self-watch over a real store: what goes wrong is queued for the health route once, and the outside is pinged only while
all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event, insert

from monitor.alert.office import Office
from monitor.config import Channel, Route, Smtp, WatchSettings
from monitor.fetch.state import PollState, pack
from monitor.model import Decision, Delivery, DeliveryState, EventType, Owed, RouteMode, Stage, Told, Why
from monitor.run.driver import Writer
from monitor.run.guard import guarded
from monitor.run.match import Desk
from monitor.run.metrics import Metrics
from monitor.run.selfwatch import CanaryLost, Notes, SelfWatch
from monitor.store import Store, desk, tables
from monitor.store.articles import told_row
from monitor.store.outbox import insert_deliveries
from monitor.watch import HealthKind, Moment
from tests.console import fill
from tests.console.fill import NOW
from tests.databases import new_store

SMTP = Smtp(host="127.0.0.1", port=2525, starttls="none")
DESK = Route(name="desk", channel=Channel.EMAIL, to=("desk@example.org",), smtp=SMTP)
DUTY = Route(
    name="duty", channel=Channel.EMAIL, mode=RouteMode.HEALTH, to=("duty@example.org",), smtp=SMTP, language="en"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    with made.database.write() as connection:
        fill.feeds(connection)
        connection.execute(tables.feed.update().values(state="ok", failing_since_at=None))
    yield made
    made.close()


class Bench:
    """A self-watch with a clock and a network of its own."""

    def __init__(self, store: Store, folder: Path, *routes: Route, canary: bool = False) -> None:
        self.pinged: list[str] = []
        self.lost = ""
        self.metrics = Metrics()
        self.notes = Notes(started_at=NOW - timedelta(days=1))
        settings = WatchSettings(ping_url=SecretStr("https://switch.example/x"), canary=canary, canary_at="06:30")
        self.watch = SelfWatch(
            store,
            lambda: Desk(routes, Office.open("test.example")),
            settings,
            folder,
            Writer(),
            self.metrics,
            self.notes,
            timezone="Europe/Rome",
            ping=self._ping,
            canary=self._canary,
        )

    async def _ping(self, url: str) -> bool:
        self.pinged.append(url)
        return True

    async def _canary(self, now: datetime) -> timedelta:
        if self.lost:
            raise CanaryLost(self.lost)
        return timedelta(seconds=2)

    def look(self, now: datetime) -> list[tuple[HealthKind, Moment]]:
        news = asyncio.run(self.watch.look(now))
        return [(HealthKind(one.episode.kind), one.moment) for one in news]


def queued(store: Store) -> list[tuple[str, str]]:
    with store.database.read() as connection:
        return [(line.route, line.subject) for line in desk.deliveries(connection, size=100)[0]]


def poll_at(store: Store, at: datetime) -> None:
    with store.database.write() as connection:
        connection.execute(
            insert(tables.poll).values(feed_id="f0", started_at=at, outcome="new", words="", wire_bytes=0)
        )


def test_a_calm_service_pings_every_five_minutes_and_says_nothing(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, DESK, DUTY)
    for minute in range(11):
        assert bench.look(NOW + timedelta(minutes=minute)) == []
    assert len(bench.pinged) == 3
    assert queued(store) == []


def test_trouble_is_told_once_by_the_health_route_and_the_switch_is_not_pinged(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, DESK, DUTY)
    late = NOW + timedelta(minutes=45)
    assert bench.look(late) == [(HealthKind.NOTHING_POLLED, Moment.START)]
    assert bench.look(late + timedelta(minutes=1)) == []
    assert queued(store) == [("duty", "[health] Nothing is being polled")]
    assert bench.pinged == []
    assert b'coopwatch_health_episodes{kind="nothing_polled"} 1.0' in bench.metrics.text()


def test_settings_that_were_reloaded_hold_from_the_next_look_on(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, DUTY)
    soon = NOW + timedelta(minutes=12)
    assert bench.look(soon) == []
    bench.watch.use(WatchSettings(canary=False, late_after_s=300.0))
    assert bench.look(soon) == [(HealthKind.NOTHING_POLLED, Moment.START)]


def test_another_process_goes_on_with_the_episode(store: Store, tmp_path: Path) -> None:
    late = NOW + timedelta(minutes=45)
    assert Bench(store, tmp_path, DUTY).look(late) == [(HealthKind.NOTHING_POLLED, Moment.START)]
    assert Bench(store, tmp_path, DUTY).look(late + timedelta(minutes=5)) == []
    poll_at(store, late)
    again = Bench(store, tmp_path, DUTY)
    assert again.look(late + timedelta(minutes=6)) == []
    assert again.look(late + timedelta(minutes=27)) == [(HealthKind.NOTHING_POLLED, Moment.END)]
    assert queued(store)[0][1] == "[health] Over: Nothing is being polled"


def test_without_a_health_route_every_mail_route_is_told_in_its_language(store: Store, tmp_path: Path) -> None:
    Bench(store, tmp_path, DESK).look(NOW + timedelta(minutes=45))
    assert queued(store) == [("desk", "[stato] Nessuna fonte viene letta")]


def test_what_delivering_tells_itself_is_remembered_and_measured_but_not_told_twice(
    store: Store, tmp_path: Path
) -> None:
    with store.database.write() as connection:
        connection.execute(
            insert(tables.target).values(
                route="hook", target="https://hook.example/x", failures=1, disabled=True, answer="410", changed_at=NOW
            )
        )
    bench = Bench(store, tmp_path, DESK)
    assert bench.look(NOW) == [(HealthKind.TARGET_DISABLED, Moment.START)]
    assert queued(store) == []
    assert b'kind="target_disabled"} 1.0' in bench.metrics.text()


def test_the_canary_runs_once_a_day_after_its_hour_and_reaches_only_a_health_route(
    store: Store, tmp_path: Path
) -> None:
    bench = Bench(store, tmp_path, DESK, DUTY, canary=True)
    early = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)  # 06:00 in Rome
    bench.look(early)
    assert queued(store) == []
    bench.look(NOW)
    bench.look(NOW + timedelta(minutes=1))
    assert queued(store) == [("duty", "[health] coopwatch is alive")]
    assert store.health.canary_at() == NOW
    Bench(store, tmp_path, DESK, DUTY, canary=True).look(NOW + timedelta(minutes=2))
    assert len(queued(store)) == 1


def test_a_lost_canary_is_told_at_once_with_the_step_that_lost_it(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, DUTY, canary=True)
    bench.lost = "match: judged none"
    assert bench.look(NOW) == [(HealthKind.CANARY_LOST, Moment.START)]
    assert queued(store) == [("duty", "[health] The canary did not arrive")]


def test_a_silent_feed_is_told_after_its_own_rhythm(store: Store, tmp_path: Path) -> None:
    with store.database.write() as connection:
        connection.execute(
            tables.feed.update()
            .where(tables.feed.c.id == "f3")
            .values(
                last_new_at=NOW - timedelta(days=8),
                schedule=pack(PollState(rhythm_s=3600.0, last_new_at=NOW - timedelta(days=8))),
            )
        )
    bench = Bench(store, tmp_path, DUTY)
    assert bench.look(NOW) == [(HealthKind.FEED_SILENT, Moment.START)]
    assert "Gazzetta 3" in queued(store)[0][1]


def test_quiet_feeds_are_looked_for_once_an_hour_and_after_the_clock_was_set_back(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, DUTY)
    asked: list[str] = []

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    def questions(at: datetime) -> int:
        asked.clear()
        event.listen(Engine, "before_cursor_execute", note)
        try:
            bench.look(at)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return sum("last_new_at <" in statement for statement in asked)

    assert questions(NOW) == 1
    assert [questions(NOW + timedelta(minutes=minutes)) for minutes in (1, 30, 59)] == [0, 0, 0]
    assert questions(NOW + timedelta(minutes=60)) == 1
    assert questions(NOW - timedelta(hours=2)) == 1


def test_refused_rules_are_told_until_good_ones_are_loaded(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, DUTY)
    bench.notes.rules_refused = "rules/x.yaml:3: unknown key 'wehn'"
    assert bench.look(NOW) == [(HealthKind.RULES_REFUSED, Moment.START)]
    bench.notes.rules_refused = ""
    bench.look(NOW + timedelta(minutes=1))
    poll_at(store, NOW + timedelta(minutes=21))
    assert bench.look(NOW + timedelta(minutes=22)) == [(HealthKind.RULES_REFUSED, Moment.END)]


def test_the_shipped_canary_passes_the_shipped_rules(rules_dir: Path, rules_cache: Path, tmp_path: Path) -> None:
    from monitor import rulebook
    from monitor.match import Matcher
    from monitor.run.canary import run_canary
    from monitor.run.workers import WorkerPool

    async def fly() -> timedelta:
        pool = WorkerPool(1)
        try:
            desk_of_nobody = Desk((), Office.open("test.example"))
            matcher = Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))
            await run_canary((rules_dir,), pool, matcher, desk_of_nobody, NOW)
            with pytest.raises(CanaryLost, match=r"no canary\.xml"):
                await run_canary((tmp_path,), pool, matcher, desk_of_nobody, NOW)
            (tmp_path / "canary.xml").write_text("<html></html>", encoding="ascii")
            with pytest.raises(CanaryLost, match="poll: html"):
                await run_canary((tmp_path,), pool, matcher, desk_of_nobody, NOW)
            return timedelta(0)
        finally:
            await pool.close()

    asyncio.run(fly())


def test_each_hour_what_is_owed_and_on_no_account_is_told_until_it_is_accounted_for(
    store: Store, tmp_path: Path
) -> None:
    bench = Bench(store, tmp_path, DESK, DUTY)
    assert bench.look(NOW) == []
    owed = Owed("desk", "st-1", Stage.SIGNED, "", Decision.IMMEDIATE, Why.NEW)
    with store.database.write() as connection:
        fill.stories(connection, [1])
        connection.execute(insert(tables.told).values(**told_row(Told(owed, NOW, "cw_lost"))))
    poll_at(store, NOW + timedelta(minutes=59))
    assert bench.look(NOW + timedelta(minutes=30)) == []  # the books are looked at once an hour
    assert bench.look(NOW + timedelta(minutes=61)) == [(HealthKind.ACCOUNTING, Moment.START)]
    assert [route for route, _ in queued(store)] == ["duty"]
    with store.database.write() as connection:
        found = Delivery(
            "cw_lost.a", "desk", "email", "a@b", EventType.STORY_NEW, (), b"x", DeliveryState.SENT, NOW, NOW
        )
        insert_deliveries(connection, [found])
    for minutes in range(122, 200, 20):
        poll_at(store, NOW + timedelta(minutes=minutes))
        bench.look(NOW + timedelta(minutes=minutes))
    assert any(subject.startswith("[health] Over:") for _, subject in queued(store))


def test_what_was_caught_three_times_since_the_watch_began_is_told(store: Store, tmp_path: Path) -> None:
    async def broken() -> None:
        raise ValueError("not foreseen")

    def catch(times: int) -> None:
        for number in range(times):
            asyncio.run(guarded(broken, f"article {number}", lambda fault: None))

    catch(3)  # by another service of this process
    bench = Bench(store, tmp_path, DUTY)
    assert bench.look(NOW) == []
    catch(2)
    assert bench.look(NOW) == []
    catch(1)
    assert bench.look(NOW) == [(HealthKind.STEP_FAILING, Moment.START)]
