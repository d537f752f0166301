"""The worker pool against real processes: crashes, hangs, memory, a dead parent. It calls functions of Python."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from monitor.model import Verdict
from monitor.run import workers
from monitor.run.answering import dumps
from monitor.run.workers import Ending, Outcome, WorkerPool


def with_pool(use: Callable[[WorkerPool], Awaitable[None]], size: int = 1) -> None:
    async def main() -> None:
        pool = WorkerPool(size)
        try:
            await use(pool)
        finally:
            await pool.close()

    asyncio.run(main())


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


def gone_within(pids: tuple[int, ...], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(is_running(pid) for pid in pids) and time.monotonic() < until:
        os.sched_yield()
    return not any(is_running(pid) for pid in pids)


def test_a_call_gives_its_value() -> None:
    async def use(pool: WorkerPool) -> None:
        assert await pool.call("math:hypot", 3.0, 4.0, deadline_s=5) == Outcome(Ending.DONE, value=5.0)
        assert (await pool.call("monitor.model:Verdict", "none", deadline_s=5)).value is Verdict.NONE

    with_pool(use)


def test_arguments_may_be_named_and_an_errors_arguments_come_back() -> None:
    async def use(pool: WorkerPool) -> None:
        assert (await pool.call("builtins:int", "ff", base=16, deadline_s=5)).value == 255
        outcome = await pool.call("monitor.sources.parse:parse", b"", feed_url="https://feed.example/", deadline_s=20)
        assert (outcome.ending, outcome.error, outcome.said[0]) == (Ending.FAILED, "NotAFeed", "empty")

    with_pool(use)


def test_an_exception_is_a_value_and_costs_no_worker() -> None:
    async def use(pool: WorkerPool) -> None:
        outcome = await pool.call("builtins:int", "x", deadline_s=5)
        assert (outcome.ending, outcome.error) == (Ending.FAILED, "ValueError")
        assert "'x'" in outcome.detail
        await pool.call("builtins:int", "1", deadline_s=5)
        assert pool.stats().started == 1

    with_pool(use)


def test_a_call_that_hangs_is_killed_at_its_deadline_and_the_next_one_works() -> None:
    async def use(pool: WorkerPool) -> None:
        await pool.call("builtins:int", "1", deadline_s=5)
        (pid,) = pool.process_ids()
        began = time.monotonic()
        outcome = await pool.call("time:sleep", 60, deadline_s=0.2)
        assert outcome.ending is Ending.DEADLINE
        assert time.monotonic() - began < 3
        assert not is_running(pid)
        assert (await pool.call("builtins:int", "2", deadline_s=5)).value == 2
        assert pool.stats().deadline == 1

    with_pool(use)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_art_04_a_worker_that_dies_is_replaced_and_reported(number: signal.Signals) -> None:
    async def use(pool: WorkerPool) -> None:
        outcome = await pool.call("signal:raise_signal", int(number), deadline_s=5)
        assert outcome.ending is Ending.DIED
        assert number.name in outcome.detail
        assert (await pool.call("builtins:int", "2", deadline_s=5)).value == 2
        assert pool.stats().died == 1

    with_pool(use)


def test_art_04_a_worker_without_memory_is_replaced_and_reported() -> None:
    async def use(pool: WorkerPool) -> None:
        outcome = await pool.call("builtins:bytearray", 4 * 2**30, deadline_s=5)
        assert (outcome.ending, outcome.error) == (Ending.DIED, "MemoryError")
        assert (await pool.call("builtins:int", "2", deadline_s=5)).value == 2
        assert pool.stats().started == 2

    with_pool(use)


def test_a_worker_that_was_killed_while_idle_is_replaced_unseen() -> None:
    async def use(pool: WorkerPool) -> None:
        await pool.call("builtins:int", "1", deadline_s=5)
        (pid,) = pool.process_ids()
        os.kill(pid, signal.SIGKILL)
        assert gone_within((pid,), 5)
        assert (await pool.call("builtins:int", "2", deadline_s=5)).value == 2

    with_pool(use)


def test_processor_time_ends_a_call_even_when_the_parents_clock_does_not() -> None:
    assert workers._death(-signal.SIGXCPU, EOFError()).ending is Ending.DEADLINE


def test_an_answer_that_is_no_value_of_the_model_is_refused() -> None:
    async def use(pool: WorkerPool) -> None:
        outcome = await pool.call("pathlib:Path", "x", deadline_s=5)
        assert outcome.ending is Ending.DIED
        assert outcome.error == "UnpicklingError"

    with_pool(use)


def test_enums_come_back_from_the_workers_of_each_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian 12's Python 3.11.2 pickles members as ``getattr(Verdict, "NONE")``: no page could be read there."""
    monkeypatch.setattr(Verdict, "__reduce_ex__", lambda member, protocol: (getattr, (type(member), member.name)))
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.getattr"):
        workers._Unpickler(io.BytesIO(pickle.dumps(Verdict.NONE))).load()
    assert workers._Unpickler(io.BytesIO(dumps((Verdict.NONE,)))).load() == (Verdict.NONE,)


def test_workers_are_recycled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "RECYCLE_AFTER", 3)

    async def use(pool: WorkerPool) -> None:
        for _ in range(7):
            await pool.call("builtins:int", "1", deadline_s=5)
        stats = pool.stats()
        assert (stats.started, stats.recycled, stats.running) == (3, 2, 1)

    with_pool(use)


def test_one_call_at_a_time_keeps_one_process_and_two_calls_use_two() -> None:
    async def use(pool: WorkerPool) -> None:
        for _ in range(5):
            await pool.call("builtins:int", "1", deadline_s=5)
        assert pool.stats().started == 1
        await asyncio.gather(*(pool.call("time:sleep", 0.05, deadline_s=5) for _ in range(6)))
        assert pool.stats().started == 2

    with_pool(use, size=2)


def test_a_cancelled_call_kills_its_worker_and_frees_its_place() -> None:
    async def use(pool: WorkerPool) -> None:
        await pool.call("builtins:int", "1", deadline_s=5)
        (pid,) = pool.process_ids()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await pool.call("time:sleep", 60, deadline_s=60)
        assert not is_running(pid)
        assert (await pool.call("builtins:int", "2", deadline_s=5)).value == 2

    with_pool(use)


def test_nothing_leaks_over_many_deaths() -> None:
    async def use(pool: WorkerPool) -> None:
        await pool.call("builtins:int", "1", deadline_s=5)
        files = len(os.listdir("/proc/self/fd"))
        for _ in range(8):
            await pool.call("os:_exit", 3, deadline_s=5)
            await pool.call("builtins:int", "1", deadline_s=5)
        assert len(os.listdir("/proc/self/fd")) == files
        assert len(asyncio.all_tasks()) == 1

    with_pool(use)


def test_a_closed_pool_leaves_no_process_and_takes_no_call() -> None:
    async def main() -> None:
        pool = WorkerPool(2)
        await asyncio.gather(*(pool.call("time:sleep", 0.05, deadline_s=5) for _ in range(2)))
        pids = pool.process_ids()
        assert len(pids) == 2
        await pool.close()
        assert not any(is_running(pid) for pid in pids)
        assert (await pool.call("builtins:int", "1", deadline_s=5)).ending is Ending.DIED

    asyncio.run(main())


PARENT = """
import asyncio, sys
from monitor.run.workers import WorkerPool
async def main():
    pool = WorkerPool(2)
    await pool.call("builtins:int", "1", deadline_s=5)
    busy = asyncio.create_task(pool.call("time:sleep", 60, deadline_s=60))
    while len(pool.process_ids()) < 1 or not pool.stats().calls == 2:
        await asyncio.sleep(0.01)
    print(*pool.process_ids(), flush=True)
    await busy
asyncio.run(main())
"""


def test_workers_die_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = tuple(int(word) for word in parent.stdout.readline().split())
        parent.kill()
    assert pids
    assert gone_within(pids, 5)


def test_secrets_of_the_service_do_not_reach_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOPWATCH_DATABASE_URL", "postgresql://u:secret@h/d")

    async def use(pool: WorkerPool) -> None:
        assert (await pool.call("os:getenv", "COOPWATCH_DATABASE_URL", deadline_s=5)).value is None

    with_pool(use)


def test_a_worker_writes_no_file(tmp_path: Path) -> None:
    target = tmp_path / "x"

    async def use(pool: WorkerPool) -> None:
        outcome = await pool.call("shutil:copyfile", sys.executable, str(target), deadline_s=5)
        assert outcome.ending is not Ending.DONE

    with_pool(use)
    assert not target.exists() or target.stat().st_size == 0
