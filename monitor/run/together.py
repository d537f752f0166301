"""Calls of workers that go together: small documents that come within a few milliseconds ride in one frame, since waking a worker
costs as much as parsing one entry. Whoever spoils a frame - hangs, crashes, takes all memory - spoils it for itself only: each
of its calls is then made alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from monitor.run.workers import Ending, Outcome, WorkerPool, outcome_of

# A feed of 30 entries has 27 kB, and one with its new entry alone 5. What is larger takes long enough to go alone.
SMALL_BYTES = 64 * 1024
MOST = 8
WAIT_S = 0.02
ANSWER_ALL = "monitor.run.answering:answer_all"


class Caller(Protocol):
    """A worker pool, as far as parsing needs one."""

    async def call(self, function: str, body: bytes, /, *, deadline_s: float, **options: Any) -> Outcome: ...


@dataclass(slots=True)
class _Call:
    function: str
    body: bytes
    options: dict[str, Any]
    deadline_s: float
    answer: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Together:
    """A pool whose calls of small documents gather: until there are eight, or nobody else is under way who might bring one, or
    20 ms have passed. ``under_way`` says how many may still call, those that wait here included."""

    def __init__(self, pool: WorkerPool, under_way: Callable[[], int]) -> None:
        self._pool, self._under_way = pool, under_way
        self._waiting: list[_Call] = []
        self._sent = 0  # calls that were sent and not answered yet
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def call(self, function: str, body: bytes, /, *, deadline_s: float, **options: Any) -> Outcome:
        """As ``WorkerPool.call``; the deadline holds for those that ride together, too."""
        if len(body) > SMALL_BYTES:
            return await self._pool.call(function, body, deadline_s=deadline_s, **options)
        call = _Call(function, body, options, deadline_s)
        self._waiting.append(call)
        if len(self._waiting) >= min(MOST, self._under_way() - self._sent):
            self._send()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WAIT_S, self._send)
        return await call.answer

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        calls = [call for call in self._waiting if not call.answer.done()]  # the others were cancelled
        self._waiting.clear()
        if not calls:
            return
        task = asyncio.create_task(self._answered(calls), name="parse together")
        self._sending.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, calls))
        for call in calls:
            # a frame that nobody waits for any more is given up, which ends its worker
            call.answer.add_done_callback(lambda _: all(one.answer.cancelled() for one in calls) and task.cancel())

    def _ended(self, task: asyncio.Task[None], calls: list[_Call]) -> None:
        self._sending.discard(task)
        exc = None if task.cancelled() else task.exception()
        for call in calls:
            if exc is not None and not call.answer.done():
                call.answer.set_exception(exc)  # a bug of ours: whoever waits meets it

    async def _answered(self, calls: list[_Call]) -> None:
        self._sent += len(calls)
        try:
            outcomes = await self._in_one(calls) if len(calls) > 1 else None
            if outcomes is None:
                outcomes = await asyncio.gather(*map(self._alone, calls))
        finally:
            self._sent -= len(calls)
        for call, outcome in zip(calls, outcomes, strict=True):
            if not call.answer.done():
                call.answer.set_result(outcome)

    async def _alone(self, call: _Call) -> Outcome:
        return await self._pool.call(call.function, call.body, deadline_s=call.deadline_s, **call.options)

    async def _in_one(self, calls: list[_Call]) -> list[Outcome] | None:
        """The outcomes of calls made in one frame; None where one of them spoilt it."""
        frame = [(call.function, (call.body,), call.options) for call in calls]
        deadline_s = max(call.deadline_s for call in calls)
        whole = await self._pool.call(ANSWER_ALL, *frame, deadline_s=deadline_s, weight=len(calls))
        if whole.ending is not Ending.DONE or any(error == "MemoryError" for error, _ in whole.value):
            return None
        return [outcome_of(error, value) for error, value in whole.value]
