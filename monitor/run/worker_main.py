"""The inside of a worker process: reads calls from a socket, runs them, writes answers. Decides nothing.

Started by :mod:`monitor.run.workers` as ``python -P -m monitor.run.worker_main FD PRELOAD...``. Imports as little as it
can: every megabyte stands here once per worker. A frame is four bytes of length and a pickle; a call is
``(name, args, kwargs, deadline_s)``, an answer ``(error or "", value or what the error said, rss_bytes)``.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import warnings
from typing import Any

from monitor.heap import made_to_stay
from monitor.run.answering import answer, dumps, fault

HEAD = struct.Struct("!I")
# on top of what the imports took; the worst real page of our sample needs 140 MiB, a 10 MiB page about 300
MEMORY_BYTES = 640 * 2**20
_OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def _die_with(parent_id: int) -> None:
    """Asks the kernel to kill this process when its parent goes, also with -9 (the closed socket is the second way)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:
        os._exit(0)


def _address_space_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * _PAGE_BYTES


def _resident_bytes(statm: int) -> int:
    """``statm``: the number of the open file, which is read anew for each answer; to open it costs ten times as much."""
    return int(os.pread(statm, 256, 0).split()[1]) * _PAGE_BYTES


def _limit() -> None:
    """Bounds what a hostile document can take: memory, files (none may be written), core dumps."""
    total = _address_space_bytes() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (total, total))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def _limit_cpu(deadline_s: float) -> None:
    """Backs the parent's clock: should it be stopped or dead, SIGXCPU ends a call that overruns its deadline."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent_s = used.ru_utime + used.ru_stime
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent_s + deadline_s) + 2, resource.RLIM_INFINITY))


def _read(channel: socket.socket, size_bytes: int) -> bytes:
    """Exactly ``size_bytes``, or nothing when the parent has closed the channel."""
    parts = bytearray()
    while len(parts) < size_bytes:
        chunk = channel.recv(min(size_bytes - len(parts), 1 << 20))
        if not chunk:
            return b""
        parts += chunk
    return bytes(parts)


def _answer(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], statm: int) -> bytes:
    """Runs one call; whatever it raises becomes a value, so that a bad document never costs a worker."""
    error, value = answer(name, args, kwargs)
    try:
        return dumps((error, value, _resident_bytes(statm)))
    except (pickle.PicklingError, TypeError, ValueError, AttributeError, RecursionError, MemoryError) as exc:
        return dumps((*fault(exc), _resident_bytes(statm)))


def serve(channel: socket.socket, statm: int) -> None:
    """Answers calls until the parent closes its end."""
    while head := _read(channel, HEAD.size):
        frame = _read(channel, HEAD.unpack(head)[0])
        if not frame:
            return
        name, args, kwargs, deadline_s = pickle.loads(frame)
        _limit_cpu(deadline_s)
        written = _answer(name, args, kwargs, statm)
        del frame, args, kwargs
        channel.sendall(HEAD.pack(len(written)) + written)


def main(arguments: list[str]) -> None:
    """``arguments``: the socket's number, the parent's process id, then modules to import before the first call."""
    _die_with(int(arguments[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)  # libraries report hostile input here; the answer already says it
    warnings.simplefilter("ignore")
    with made_to_stay():
        for module in arguments[2:]:
            importlib.import_module(module)
    _limit()
    with open("/proc/self/statm", "rb", buffering=0) as statm, socket.socket(fileno=int(arguments[0])) as channel:
        channel.setblocking(True)
        channel.sendall(HEAD.pack(0))  # ready
        try:
            serve(channel, statm.fileno())
        except (BrokenPipeError, ConnectionResetError):
            return  # the parent is gone: nobody waits for the answer


if __name__ == "__main__":
    main(sys.argv[1:])
