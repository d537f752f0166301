"""Rounds of the driver: what ends one after the other is stored together, and what is alone does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest

from monitor.errors import StoreError
from monitor.run.driver import GATHER_S, Driver, Writer
from monitor.run.step import Counts

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Turns:
    """A step whose works end one after the other, each a turn of the loop later."""

    name = "turns"
    concurrency = 32

    def __init__(self, works: int) -> None:
        self.left = list(range(works))
        self.claims = 0
        self.commits: list[int] = []

    def claim(self, now: datetime, limit: int) -> Sequence[int]:
        self.claims += 1
        found, self.left = self.left[:limit], self.left[limit:]
        return found

    async def act(self, work: int) -> int:
        for _ in range(3 * (work % self.concurrency)):
            await asyncio.sleep(0)
        return work

    def commit(self, results: Sequence[int], now: datetime) -> Counts:
        self.commits.append(len(results))
        return {"done": len(results)}

    def wakes(self, counts: Counts) -> Collection[str]:
        return ("turns",)


def drive(step: Turns) -> float:
    """Seconds of the loop's clock until all is done."""

    async def run() -> float:
        loop, writer = asyncio.get_running_loop(), Writer()
        began = loop.time()
        await Driver((step,), writer, lambda: NOW).run(until_idle=True)
        writer.close()
        return loop.time() - began

    return asyncio.run(run())


def test_what_ends_one_after_the_other_is_stored_together() -> None:
    step = Turns(works=320)
    drive(step)
    assert sum(step.commits) == 320
    assert len(step.commits) <= 320 / 8
    assert step.claims <= 320 / 8


def test_later_steps_look_for_work_only_where_the_one_before_left_some() -> None:
    class Quiet(Turns):
        def wakes(self, counts: Counts) -> Collection[str]:
            return ()

    def claims_after(first: Turns) -> int:
        second = Turns(works=0)

        async def run() -> None:
            writer = Writer()
            await Driver((first, second), writer, lambda: NOW).run(until_idle=True)
            writer.close()

        asyncio.run(run())
        assert sum(first.commits) == 320
        return second.claims

    assert claims_after(Quiet(works=320)) == 1, "once at the start: something may have waited before"
    assert claims_after(Turns(works=320)) > 5


def test_a_single_work_waits_for_nobody() -> None:
    step = Turns(works=1)
    rounds = min(drive(Turns(works=1)) for _ in range(20))
    drive(step)
    assert step.commits == [1]
    assert rounds < GATHER_S


class Away(Turns):
    """A step whose works find the store away at their first try."""

    def __init__(self, works: int) -> None:
        super().__init__(works)
        self.met: set[int] = set()

    async def act(self, work: int) -> int:
        if work % 4 == 0 and work not in self.met:
            self.met.add(work)
            raise StoreError("the connection dropped", restart_helps=True)
        return await super().act(work)


def test_a_store_that_is_away_while_acting_costs_no_work() -> None:
    step = Away(works=16)
    drive(step)
    assert sum(step.commits) == 16
    assert len(step.met) == 4


def test_a_store_that_nothing_helps_ends_the_work() -> None:
    class Broken(Turns):
        async def act(self, work: int) -> int:
            raise StoreError("malformed")

    with pytest.raises(StoreError, match="malformed"):
        drive(Broken(works=1))
