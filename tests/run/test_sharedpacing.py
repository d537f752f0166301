"""What one machine learns of a host's manners holds for the others, and what is asked for at once is one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import StoreError
from monitor.fetch.pacing import SLOW_FACTOR, Pacing
from monitor.run import sharedpacing
from monitor.run.driver import Writer
from monitor.run.sharedpacing import SharedPacing
from monitor.store import Store, open_store
from monitor.store.fleet import FleetStore, Wish
from tests.postgresql import Cluster

NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://x.example/feed"
X = Wish("x.example")


@dataclass
class Machines:
    """Two machines on one database, and the clock on their wall."""

    stores: tuple[Store, Store]
    writer: Writer
    now: datetime = NOW

    def gates(self, delay_s: float = 1.0, at_once: int = 9) -> tuple[SharedPacing, SharedPacing]:
        one, other = (SharedPacing(s.fleet, self.writer, lambda: self.now, delay_s, at_once) for s in self.stores)
        return one, other

    def play(self, scene: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await asyncio.wait_for(scene(), 60)

        asyncio.run(run())


@pytest.fixture
def machines(postgresql: Cluster) -> Iterator[Machines]:
    url = postgresql.url()
    made = Machines((open_store(url), open_store(url)), Writer())
    yield made
    made.writer.close()
    for store in made.stores:
        store.close()


@pytest.mark.postgresql
def test_a_host_that_asks_for_time_is_asked_more_seldom_by_every_machine(machines: Machines) -> None:
    async def scene() -> None:
        one, other = machines.gates()
        before = [(await other._reserve(X)).start_at for _ in range(2)]
        one.slow_down(URL, 86400.0)
        await asyncio.gather(*one._telling)
        after = [(await other._reserve(X)).start_at for _ in range(2)]
        assert [(at - NOW).total_seconds() for at in (*before, *after)] == [0.0, 1.0, 2.0, 2.0 + SLOW_FACTOR]

    machines.play(scene)


@pytest.mark.postgresql
def test_what_asks_at_once_is_asked_for_together_and_keeps_its_distance_in_order(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[tuple[int, int]] = []
    turns = FleetStore.turns

    def counted(self: FleetStore, wishes: list[Wish], *more: object, ended: object) -> object:
        batches.append((len(wishes), len(ended)))  # type: ignore[arg-type]
        return turns(self, wishes, *more, ended=ended)  # type: ignore[arg-type]

    monkeypatch.setattr(FleetStore, "turns", counted)

    async def scene() -> None:
        one, other = machines.gates()
        wishes = [Wish(f"{n}.example") for n in range(20)] + [X, X]
        got = await asyncio.gather(*(one._reserve(wish) for wish in wishes))
        assert [turn.host for turn in got] == [wish.host for wish in wishes]
        assert [(turn.start_at - NOW).total_seconds() for turn in got] == [0.0] * 21 + [1.0]
        async with AsyncExitStack() as stack:
            for n in range(20, 30):
                await stack.enter_async_context(other.turn(f"https://{n}.example/"))
        await other.close()
        assert (batches[0], batches[-1]) == ((22, 0), (0, 10))

    machines.play(scene)


@pytest.mark.postgresql
def test_a_full_host_is_asked_when_another_machines_request_has_ended(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharedpacing, "FULL_WAIT_S", 0.01)

    async def scene() -> None:
        one, other = machines.gates(delay_s=0.0, at_once=1)
        async with one.turn(URL):
            waits = asyncio.create_task(other._reserve(X))
            await asyncio.sleep(0.05)
            assert not waits.done()
        await waits

    machines.play(scene)


@pytest.mark.postgresql
def test_a_turn_that_nobody_waits_for_any_more_is_given_back(machines: Machines) -> None:
    async def scene() -> None:
        one, other = machines.gates(delay_s=0.0, at_once=1)
        asking = asyncio.create_task(one._ask(X))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await one.close()
        await other._reserve(X)

    machines.play(scene)


@pytest.mark.postgresql
def test_a_request_that_started_late_moves_the_ones_after_it(machines: Machines) -> None:
    async def scene() -> None:
        one, other = machines.gates(delay_s=2.0, at_once=1)
        reserve = one._reserve

        async def slowly(wish: Wish) -> object:
            turn = await reserve(wish)
            machines.now += timedelta(seconds=1.5)  # the loop was busy
            return turn

        one._reserve = slowly  # type: ignore[assignment, method-assign]
        async with one.turn(URL):
            pass
        await one.close()
        assert ((await other._reserve(X)).start_at - NOW).total_seconds() == 3.5

    machines.play(scene)


@pytest.mark.postgresql
def test_a_turns_end_that_could_not_be_stored_is_told_with_the_next(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, away = FleetStore.turns, False

    def sometimes(self: FleetStore, *wanted: object, ended: object) -> object:
        if away:
            raise StoreError("the server was restarted", restart_helps=True)
        return turns(self, *wanted, ended=ended)  # type: ignore[arg-type]

    monkeypatch.setattr(FleetStore, "turns", sometimes)

    async def scene() -> None:
        nonlocal away
        one, other = machines.gates(delay_s=0.0, at_once=1)
        async with one.turn(URL):
            away = True
        await one.close()
        with pytest.raises(StoreError):
            await one._reserve(Wish("y.example"))
        away = False
        await one._reserve(Wish("y.example"))
        await other._reserve(X)

    machines.play(scene)


@pytest.mark.postgresql
def test_a_fault_of_ours_reaches_whoever_waits_for_a_turn(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object, **__: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(FleetStore, "turns", wrong)

    async def scene() -> None:
        one, _ = machines.gates()
        with pytest.raises(ZeroDivisionError):
            await one._reserve(X)

    machines.play(scene)


@pytest.mark.postgresql
def test_turns_that_outlast_their_lease_and_those_of_the_dead_make_room(machines: Machines) -> None:
    async def scene() -> None:
        one, other = machines.gates(delay_s=0.0, at_once=1)
        await one._reserve(X)
        other_store = machines.stores[1]
        other_store.fleet.free_claims({other_store.database.owner}, NOW)
        await other._reserve(X)
        owners = [store.database.owner for store in machines.stores]
        later = NOW + timedelta(seconds=sharedpacing.TURN_S)
        other_store.fleet.free_claims(owners, later)
        await one._reserve(X)

    machines.play(scene)


def test_everything_that_the_steps_ask_of_a_gate_is_answered_by_the_shared_one() -> None:
    own = {name for name, value in vars(Pacing).items() if not name.startswith("_") and callable(value)}
    assert own - {"use", "waiting_s"} <= set(vars(SharedPacing))
