"""Small documents ride to a worker together, against real processes. They call functions of Python: ``eval`` for a document with
a value, ``exec`` for one that spoils its frame."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

import pytest

import monitor.model
from monitor.model import Entry, ParsedFeed
from monitor.run.answering import dumps
from monitor.run.together import MOST, SMALL_BYTES, WAIT_S, Together
from monitor.run.workers import Ending, Outcome, WorkerPool

Use = Callable[[Together, WorkerPool], Awaitable[None]]


def with_both(use: Use, under_way: int, size: int = 1) -> None:
    async def main() -> None:
        pool = WorkerPool(size)
        try:
            await use(Together(pool, lambda: under_way), pool)
        finally:
            await pool.close()

    asyncio.run(main())


async def evaluated(together: Together, *bodies: bytes, deadline_s: float = 20.0) -> list[Outcome]:
    calls = [
        together.call("builtins:exec" if b"os" in body else "builtins:eval", body, deadline_s=deadline_s)
        for body in bodies
    ]
    return list(await asyncio.gather(*calls))


def test_documents_that_come_at_once_ride_in_frames_of_eight_and_each_gets_its_own_answer() -> None:
    async def use(together: Together, pool: WorkerPool) -> None:
        found = await evaluated(together, *(b"%d" % number for number in range(20)))
        assert [one.value for one in found] == list(range(20))
        assert pool.stats().calls == 3

    with_both(use, under_way=20)


def test_whoever_is_alone_is_sent_at_once_and_what_gathers_waits_for_milliseconds_only() -> None:
    async def use(together: Together, pool: WorkerPool) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        (one,) = await evaluated(together, b"1")
        assert one.value == 1
        assert pool.stats().calls == 1
        assert together._timer is None
        assert loop.time() >= began

    with_both(use, under_way=1)

    async def gathering(together: Together, pool: WorkerPool) -> None:
        calls = asyncio.ensure_future(evaluated(together, b"1", b"2"))
        while together._timer is None:
            await asyncio.sleep(0)
        assert together._timer.when() - asyncio.get_running_loop().time() <= WAIT_S
        assert [one.value for one in await calls] == [1, 2]
        assert pool.stats().calls == 1

    with_both(gathering, under_way=32)


@pytest.mark.parametrize("spoils", [b"import os; os.abort()", b"import os; raise MemoryError"])
def test_a_document_that_spoils_its_frame_spoils_it_for_itself_only(spoils: bytes) -> None:
    async def use(together: Together, pool: WorkerPool) -> None:
        found = await evaluated(together, b"1", spoils, b"int('x')", b"4")
        assert [one.ending for one in found] == [Ending.DONE, Ending.DIED, Ending.FAILED, Ending.DONE]
        assert [found[0].value, found[2].error, found[3].value] == [1, "ValueError", 4]

    with_both(use, under_way=4)


def test_a_document_that_hangs_costs_the_others_one_deadline() -> None:
    async def use(together: Together, pool: WorkerPool) -> None:
        await evaluated(together, b"0")  # the worker's start counts against nobody
        found = await evaluated(together, b"1", b"import os\nwhile True: pass", b"3", deadline_s=0.5)
        assert [one.ending for one in found] == [Ending.DONE, Ending.DEADLINE, Ending.DONE]

    with_both(use, under_way=3)


def test_a_large_document_goes_alone() -> None:
    async def use(together: Together, pool: WorkerPool) -> None:
        found = await evaluated(together, b"1", b"2" + b" " * SMALL_BYTES)
        assert [one.value for one in found] == [1, 2]
        assert pool.stats().calls == 2

    with_both(use, under_way=MOST)


def test_a_frame_that_nobody_waits_for_any_more_ends_its_worker() -> None:
    async def use(together: Together, pool: WorkerPool) -> None:
        task = asyncio.ensure_future(
            evaluated(together, b"import os\nwhile True: pass", b"import os\nwhile True: pass")
        )
        while not pool.process_ids():
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [one.value for one in await evaluated(together, b"5")] == [5]

    with_both(use, under_way=2)


def test_values_of_the_model_travel_as_calls_of_their_classes_and_arrive_equal() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    feed = ParsedFeed("rss20", "Agenzia", (Entry("1", "https://a.example/1", "Titolo", published_at=now),))
    assert pickle.loads(dumps(feed)) == feed
    assert len(dumps(feed)) <= len(pickle.dumps(feed, protocol=5))
    kinds = [kind for kind in vars(monitor.model).values() if isinstance(kind, type) and is_dataclass(kind)]
    assert len(kinds) > 20
    for kind in kinds:  # a call by position must give every field its own value
        assert kind.__match_args__ == tuple(field.name for field in fields(kind)), kind
