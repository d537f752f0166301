"""A lane goes on when the job that asked for it ends, and loses nothing when the store is away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest

from monitor.errors import StoreError
from monitor.run import lane as lanes
from monitor.run.driver import Writer
from monitor.run.lane import Lane
from monitor.run.step import Counts

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Letters:
    """A step over a few works; each is done when ``gate`` opens, and ``away`` commits fail before one succeeds."""

    name, concurrency = "letters", 2

    def __init__(self, works: str = "abcd", away: int = 0, restart_helps: bool = True) -> None:
        self.due, self.away, self.restart_helps = list(works), away, restart_helps
        self.gate = asyncio.Event()
        self.claimed: list[str] = []
        self.stored: list[str] = []

    def claim(self, now: datetime, limit: int) -> Sequence[str]:
        found, self.due = self.due[:limit], self.due[limit:]
        self.claimed += found
        return found

    async def act(self, work: str) -> str:
        await self.gate.wait()
        return work

    def commit(self, results: Sequence[str], now: datetime) -> Counts:
        if self.away:
            self.away -= 1
            raise StoreError("the server was restarted", restart_helps=self.restart_helps)
        self.stored += results
        return {"done": len(results)}

    def wakes(self, counts: Counts) -> Collection[str]:
        return ()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "STORE_AGAIN_S", 0.001)


def run(step: Letters, scene: object) -> None:
    async def play() -> None:
        writer = Writer()
        step.gate = asyncio.Event()
        await scene(Lane(step, writer, lambda: NOW))  # type: ignore[operator]
        writer.close()

    asyncio.run(play())


def test_a_job_ends_with_its_shift_and_the_work_goes_on_without_a_pause() -> None:
    step = Letters()

    async def scene(lane: Lane) -> None:
        assert not await lane.look(0.01)
        assert step.claimed == ["a", "b"]
        step.gate.set()
        assert await lane.look(30.0)
        assert sorted(step.stored) == ["a", "b", "c", "d"]

    run(step, scene)


def test_two_jobs_at_once_share_the_step_and_its_limit() -> None:
    step = Letters()

    async def scene(lane: Lane) -> None:
        jobs = asyncio.gather(lane.look(30.0), lane.look(30.0))
        await asyncio.sleep(0.01)
        assert step.claimed == ["a", "b"]
        step.gate.set()
        await jobs
        assert sorted(step.stored) == ["a", "b", "c", "d"]

    run(step, scene)


def test_results_outlast_a_store_that_is_away() -> None:
    step = Letters(away=3)

    async def scene(lane: Lane) -> None:
        step.gate.set()
        assert await lane.look(30.0)
        assert sorted(step.stored) == ["a", "b", "c", "d"]

    run(step, scene)


def test_results_outlast_a_fault_that_ends_the_job() -> None:
    step = Letters(away=1, restart_helps=False)

    async def scene(lane: Lane) -> None:
        step.gate.set()
        with pytest.raises(StoreError):
            await lane.look(30.0)
        assert await lane.look(30.0)
        assert sorted(step.stored) == ["a", "b", "c", "d"]

    run(step, scene)


def test_a_job_that_is_cancelled_leaves_the_work_to_its_end() -> None:
    step = Letters()

    async def scene(lane: Lane) -> None:
        job = asyncio.create_task(lane.look(30.0))
        await asyncio.sleep(0.01)
        job.cancel()
        step.gate.set()
        await lane.ended(30.0)
        assert sorted(step.stored) == ["a", "b", "c", "d"]

    run(step, scene)


def test_a_lane_that_is_stopped_stores_what_is_under_way_and_claims_no_more_until_it_is_asked_again() -> None:
    step = Letters()

    async def scene(lane: Lane) -> None:
        assert not await lane.look(0.01)
        lane.stop()
        step.gate.set()
        await lane.ended(30.0)
        assert sorted(step.stored) == ["a", "b"]
        await lane.look(30.0)
        assert sorted(step.stored) == ["a", "b", "c", "d"]

    run(step, scene)
