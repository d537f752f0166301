"""Processor time, memory and wall time of a whole process tree, from /proc; and a calibration loop, so that a reader sees
how even the machine was while the figures were taken."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process tree took: CPU seconds, wall seconds, the highest memory seen (proportional set size, summed)."""

    cpu_s: float
    wall_s: float
    peak_bytes: int = 0
    output: str = ""


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(root: int) -> list[int]:
    """The process and all its living descendants."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += parents.get(pid, [])
    return found


def cpu_s(root: int) -> float:
    """CPU time of the tree so far, the dead and reaped included."""
    total = 0
    for pid in tree(root):
        if fields := _stat(pid):
            total += sum(int(value) for value in fields[11:15])
    return total * _TICK_S


def memory_bytes_of(pid: int) -> int:
    """Proportional set size of one process, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        return int(text.partition("\nPss:")[2].split()[0]) * 1024
    except (FileNotFoundError, ProcessLookupError, PermissionError, IndexError):
        return 0


def memory_bytes(root: int) -> int:
    """Proportional set size of the tree: pages that two processes share count once."""
    return sum(memory_bytes_of(pid) for pid in tree(root))


class MemoryWatch(threading.Thread):
    """Samples a tree's memory; ``peak_bytes`` is the highest seen."""

    def __init__(self, root: int, every_s: float = 0.25) -> None:
        super().__init__(daemon=True)
        self.root, self.every_s, self.peak_bytes = root, every_s, 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self.every_s):
            self.peak_bytes = max(self.peak_bytes, memory_bytes(self.root))

    def end(self) -> int:
        self._ended.set()
        self.join()
        return self.peak_bytes


def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], limit_s: float = 300, memory: bool = False
) -> Cost:
    """Runs a command to its end. Raises when it fails: a figure of a failed run is none."""
    forget_children()
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = MemoryWatch(process.pid) if memory else None
        if watch:
            watch.start()
        try:
            output, errors = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        peak = watch.end() if watch else 0
    wall_s = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors[-2000:]}")
    return Cost(_children_since(), wall_s, peak, output)


_children = 0.0


def _children_since() -> float:
    """CPU time of the children that were reaped since the last call (with all that they reaped themselves)."""
    global _children
    times = os.times()
    now = times.children_user + times.children_system
    spent, _children = now - _children, now
    return spent


def forget_children() -> None:
    """Takes children that were run otherwise out of the next command's account."""
    _children_since()


def calibrate() -> float:
    """Milliseconds of CPU for a fixed piece of work: what the same figure costs on another day or machine."""
    began = time.process_time()
    table: dict[str, int] = {}
    for number in range(120_000):
        key = f"{number % 977}:{number % 31}"
        table[key] = table.get(key, 0) + len(key)
    sorted(table.items(), key=lambda pair: (pair[1], pair[0]))
    return (time.process_time() - began) * 1000


def median_of(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """Runs the sides in turn, ``rounds`` times, and gives each side's median: what drifts, drifts for all."""
    figures: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, measured in zip(sides, figures, strict=True):
            measured.append(side())
    return [statistics.median(measured) for measured in figures]
