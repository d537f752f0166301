"""What a worker does with the jobs of the library: those of the dead are run again, and a queue is worked at again however the
library's worker ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from monitor.run import fleet as fleets
from monitor.run.driver import Writer
from monitor.run.fleet import SCHEMA, Fleet
from monitor.store import Store, open_store
from monitor.store.engine import conninfo
from monitor.store.fleet import Backlog, FleetStore
from tests.postgresql import Cluster


async def nothing() -> None:
    """A look of the self-watch."""


def fleet_on(url: str, store: Store, writer: Writer) -> Fleet:
    return Fleet(
        conninfo(url),
        (),
        store.fleet,
        "me",
        writer,
        clock=lambda: datetime.now(UTC),
        rules=lambda: "r",
        look_after=nothing,
    )


def play(url: str, scene: Callable[[Fleet], Awaitable[None]]) -> None:
    """A scene with one worker's object whose queues nobody works at."""
    store, writer = open_store(url), Writer()

    async def run() -> None:
        fleet = fleet_on(url, store, writer)
        store.fleet.make_jobs_schema(SCHEMA, fleet.app.schema_manager.get_schema())
        async with fleet.app.open_async():
            await scene(fleet)

    try:
        asyncio.run(run())
    finally:
        writer.close()
        store.close()


async def taken(fleet: Fleet, lock: str) -> int:
    """Defers a job and lets a worker take it; returns the worker."""
    await fleet.app.configure_task("coopwatch.poll", queueing_lock=lock).defer_async(slot="0")
    manager = fleet.app.job_manager
    worker_id = await manager.register_worker()
    assert await manager.fetch_job(queues=["poll"], worker_id=worker_id) is not None
    return worker_id


async def taken_by_a_worker_that_died(fleet: Fleet, lock: str) -> None:
    """The worker that took the job is gone."""
    await fleet.app.job_manager.unregister_worker(await taken(fleet, lock))


def states(jobs: object) -> list[tuple[str, str]]:
    return sorted((job.queueing_lock, job.status) for job in jobs)  # type: ignore[attr-defined]


@pytest.mark.postgresql
def test_jobs_of_a_dead_worker_are_run_again_also_where_the_same_job_is_queued_already(postgresql: Cluster) -> None:
    async def scene(fleet: Fleet) -> None:
        await taken_by_a_worker_that_died(fleet, "poll:0")
        await taken_by_a_worker_that_died(fleet, "poll:1")
        await fleet.app.configure_task("coopwatch.poll", queueing_lock="poll:0").defer_async(slot="0")
        await fleet.recover()
        jobs = await fleet.app.job_manager.list_jobs_async()
        assert states(jobs) == [("poll:0", Status.TODO.value), ("poll:1", Status.TODO.value)]

    play(postgresql.url(), scene)


@pytest.mark.postgresql
def test_a_job_that_its_worker_lost_while_the_database_restarted_is_run_again(postgresql: Cluster) -> None:
    """The end of a job, or the answer with which it was handed out, can be lost with the connection: its worker lives on and
    knows nothing of it."""

    async def scene(fleet: Fleet) -> None:
        await taken(fleet, "poll:0")
        await fleet.app.connector.execute_query_async(
            "UPDATE procrastinate_events SET at = at - interval '31 seconds' WHERE type = 'started'"
        )
        await taken(fleet, "poll:1")  # just now: somebody is at it
        await fleet.recover()
        jobs = await fleet.app.job_manager.list_jobs_async()
        assert states(jobs) == [("poll:0", Status.TODO.value), ("poll:1", Status.DOING.value)]

    play(postgresql.url(), scene)


@pytest.mark.postgresql
def test_a_backlog_defers_one_job_a_worker_and_no_more(postgresql: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FleetStore, "backlog", lambda *_: Backlog(polls=5_000, reads=5_000, matches=0, deliveries=()))

    async def scene(fleet: Fleet) -> None:
        await fleet._beat()
        for _ in range(2):
            await fleet.dispatch()
        jobs = await fleet.app.job_manager.list_jobs_async()
        assert states(jobs) == [("collect:0", "todo"), ("poll:0", "todo"), ("read:0", "todo")]

    play(postgresql.url(), scene)


@pytest.mark.postgresql
def test_a_job_that_failed_leaves_a_line_in_the_log_and_no_row_for_years(
    postgresql: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise ValueError("a fault of ours")

    async def scene(fleet: Fleet) -> None:
        fleet.recover = fails  # type: ignore[method-assign]
        manager, at_work = fleet.app.job_manager, asyncio.ensure_future(fleet._work_connected("office"))

        async def gone() -> None:
            while "a fault of ours" not in caplog.text or await manager.list_jobs_async(task="coopwatch.recover"):
                await asyncio.sleep(0.05)

        await asyncio.wait_for(gone(), 30)
        at_work.cancel()
        await asyncio.gather(at_work, return_exceptions=True)

    play(postgresql.url(), scene)


@pytest.mark.parametrize("error", [None, ConnectorException("gone")])
def test_a_queue_is_worked_at_again_however_the_librarys_worker_ended(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    monkeypatch.setattr(fleets, "AGAIN_S", 0.001)
    worked = 0

    async def run() -> None:
        fleet = Fleet.__new__(Fleet)
        fleet._shift = fleets.Shift()

        async def ends(queue: str) -> None:
            nonlocal worked
            worked += 1
            fleet._shift.stopping = worked == 3
            if error is not None:
                raise error

        fleet._work_connected = ends  # type: ignore[method-assign]
        await asyncio.wait_for(fleet._work("poll"), 30)

    asyncio.run(run())
    assert worked == 3
