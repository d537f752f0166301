"""A pool of worker processes that can be killed: parsing and extraction of hostile bytes run here, not in the service.

A call names its function (``"monitor.extract:extract"``), so that the service itself never imports feedparser, lxml or
trafilatura. Whatever happens to a call - an exception, the deadline, a crash, no memory left - comes back as an
:class:`Outcome`; a worker that was killed or died is replaced when it is next needed. Decides nothing about documents.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from enum import Enum, StrEnum
from typing import Any

import monitor.model
from monitor.run.worker_main import HEAD

# both libraries leave caches behind (research: reliability row "trafilatura"); a fresh process costs 0.4 s of CPU,
# spread over this many documents less than 0.5 ms each
RECYCLE_AFTER = 1000
RECYCLE_RSS_BYTES = 220 * 2**20
START_DEADLINE_S = 60.0
_CLOSE_DEADLINE_S = 2.0
_ANSWER_LIMIT_BYTES = 64 * 2**20
_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


class Ending(StrEnum):
    """How a call ended."""

    DONE = "done"
    FAILED = "failed"  # the function raised
    DEADLINE = "deadline"  # killed at its deadline
    DIED = "died"  # the worker crashed, ran out of memory or could not start


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call. ``value`` holds only for DONE; ``error`` is the class name of what was raised, ``detail``
    its message and ``said`` those of its arguments that are text (an error's kind, say)."""

    ending: Ending
    value: Any = None
    error: str = ""
    detail: str = ""
    said: tuple[str, ...] = ()


def outcome_of(error: str, value: Any) -> Outcome:
    """What an answer means: ``value`` is what the function gave, or its error's message and arguments."""
    if error:
        return Outcome(Ending.FAILED, error=error, detail=value[0], said=value[1])
    return Outcome(Ending.DONE, value=value)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """Counts since the pool was made, for metrics."""

    started: int = 0
    calls: int = 0
    failed: int = 0
    deadline: int = 0
    died: int = 0
    recycled: int = 0
    running: int = 0


class _Unpickler(pickle.Unpickler):
    """Takes values of the model and plain ones only: a worker that a document took over must not reach further."""

    _PLAIN = frozenset(
        [("datetime", name) for name in ("datetime", "date", "timedelta", "timezone")]
        + [("builtins", name) for name in ("set", "frozenset", "bytearray", "complex")]
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._PLAIN:
            return super().find_class(module, name)
        if module == "monitor.model":
            found = getattr(monitor.model, name, None)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum)):
                return found
        raise pickle.UnpicklingError(f"a worker answered with {module}.{name}, which is no value of the model")


class _Broken(Exception):
    """The worker's end of the channel closed, or said something that no worker says."""


class _Worker:
    """One process and its channel. Not concurrency-safe: the pool lends it to one call at a time."""

    def __init__(self, preload: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "monitor.run.worker_main",
                    str(theirs.fileno()),
                    str(os.getpid()),
                    *preload,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                process_group=0,  # Ctrl-C on the terminal is for the service, which then drains
                env={key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}
                | {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"},
            )
        ours.setblocking(False)
        self._channel = ours
        self.calls = 0
        self.rss_bytes = 0
        self.is_ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_worn(self) -> bool:
        return self.calls >= RECYCLE_AFTER or self.rss_bytes > RECYCLE_RSS_BYTES

    async def _receive(self, size_bytes: int) -> bytes:
        loop = asyncio.get_running_loop()
        buffer = bytearray(size_bytes)
        view, got = memoryview(buffer), 0
        while got < size_bytes:
            count = await loop.sock_recv_into(self._channel, view[got:])
            if count == 0:
                raise _Broken("closed its channel")
            got += count
        return bytes(buffer)

    async def ready(self) -> None:
        """Waits for the imports; they count against no call's deadline."""
        await self._receive(HEAD.size)
        self.is_ready = True

    async def exchange(self, frame: bytes) -> tuple[str, Any]:
        """Sends a call and waits for its answer: the class name of an exception or "", and value or message."""
        await asyncio.get_running_loop().sock_sendall(self._channel, HEAD.pack(len(frame)) + frame)
        size_bytes = HEAD.unpack(await self._receive(HEAD.size))[0]
        if size_bytes > _ANSWER_LIMIT_BYTES:
            raise _Broken(f"answered with {size_bytes} bytes")
        error, value, self.rss_bytes = _Unpickler(io.BytesIO(await self._receive(size_bytes))).load()
        return error, value

    def close(self) -> None:
        """Closes the channel; an idle worker then leaves by itself."""
        self._channel.close()

    async def end(self, *, kill: bool) -> int:
        """Closes the channel, kills if need be, reaps. Gives the return code; may be called again."""
        if kill:
            self._process.kill()
        self.close()
        give_up_at = time.monotonic() + _CLOSE_DEADLINE_S
        pause_s = 0.001
        while (code := self._process.poll()) is None:
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.05)
            if time.monotonic() > give_up_at:
                self._process.kill()
        return code


class WorkerPool:
    """At most ``size`` workers, started when first needed, each with ``preload`` imported. Belongs to one event loop.

    Idle workers stand in a stack: under light load one of them does all the work and the others never start.
    """

    def __init__(self, size: int = 2, preload: Sequence[str] = ()) -> None:
        self._preload = tuple(preload)
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._is_closed = False
        self._counts = dict.fromkeys(("started", "calls", "failed", "deadline", "died", "recycled"), 0)

    async def call(self, function: str, /, *args: Any, deadline_s: float, weight: int = 1, **kwargs: Any) -> Outcome:
        """Runs ``module:name`` with these arguments in a worker, killed after ``deadline_s`` seconds of running. ``weight``:
        as how many calls it counts where workers are replaced.

        Arguments are plain values or nouns of the model, answers likewise. Waiting for a free worker and its start
        do not count against the deadline. Raises nothing of the call's own; a cancelled call kills its worker.
        """
        frame = pickle.dumps((function, args, kwargs, deadline_s), protocol=5)
        async with self._slots:
            if self._is_closed:
                return Outcome(Ending.DIED, detail="the worker pool is closed")
            self._counts["calls"] += 1
            outcome = await self._run(frame, deadline_s, weight)
        if outcome.ending is not Ending.DONE:
            self._counts[outcome.ending.value] += 1
        return outcome

    async def _run(self, frame: bytes, deadline_s: float, weight: int) -> Outcome:
        worker = self._take()
        is_sound = False
        try:
            if not worker.is_ready:
                async with asyncio.timeout(START_DEADLINE_S):
                    await worker.ready()
            async with asyncio.timeout(deadline_s):
                error, value = await worker.exchange(frame)
                worker.calls += weight
            is_sound = error != "MemoryError"
            if error == "MemoryError":
                return Outcome(Ending.DIED, error=error, detail="the worker ran out of memory")
            return outcome_of(error, value)
        except TimeoutError:
            phase = f"no answer after {deadline_s:g} s" if worker.is_ready else "the worker did not start in time"
            return Outcome(Ending.DEADLINE if worker.is_ready else Ending.DIED, detail=phase)
        except (_Broken, OSError, pickle.UnpicklingError, AttributeError, EOFError) as exc:
            code = await worker.end(kill=True)
            return _death(code, exc)
        finally:
            self._busy.discard(worker)
            await self._give_back(worker, is_sound=is_sound)

    def _take(self) -> _Worker:
        """An idle worker that is still alive, else a new one."""
        worker = None
        while self._idle and worker is None:
            worker = self._idle.pop()
            if not worker.is_alive:  # killed from outside while idle
                worker.close()
                worker = None
        if worker is None:
            worker = _Worker(self._preload)
            self._counts["started"] += 1
        self._busy.add(worker)
        return worker

    async def _give_back(self, worker: _Worker, *, is_sound: bool) -> None:
        if is_sound and not worker.is_worn and not self._is_closed:
            self._idle.append(worker)
            return
        if is_sound and worker.is_worn:
            self._counts["recycled"] += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(worker.end(kill=not is_sound))

    def stats(self) -> PoolStats:
        """What the pool did so far."""
        return PoolStats(**self._counts, running=len(self._idle) + len(self._busy))

    def process_ids(self) -> tuple[int, ...]:
        """The processes that run now (for the memory watch and for tests)."""
        return tuple(worker.pid for worker in (*self._idle, *self._busy))

    async def close(self) -> None:
        """Lets running calls end, then all workers; nothing is left behind. The pool takes no calls afterwards."""
        self._is_closed = True
        for _ in range(self._size):
            await self._slots.acquire()
        for _ in range(self._size):
            self._slots.release()
        while self._idle:
            await self._idle.pop().end(kill=False)


def _death(code: int, exc: Exception) -> Outcome:
    """What a worker's end means: SIGXCPU is the deadline's second clock, anything else a crash."""
    if code == -signal.SIGXCPU:
        return Outcome(Ending.DEADLINE, detail="the worker used up its processor time")
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return Outcome(Ending.DIED, error=type(exc).__name__, detail=f"the worker died ({how})")
