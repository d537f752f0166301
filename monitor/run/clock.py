"""Notices when the wall clock jumps: due times are wall times, durations are monotonic. Pure but for reading clocks that
are handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

# Slewing and a busy loop stay below; a correction by hand or by NTP after a bad start lies far above.
JUMP_S = 60.0


class ClockWatch:
    """Compares the wall clock with the monotonic one at each look."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._last = (wall(), monotonic())

    def look(self) -> tuple[timedelta, float]:
        """How far the wall clock jumped since the last look (zero for small differences), and how many seconds the
        process did not look at all (it was stopped, or the machine was)."""
        wall, monotonic = self._wall(), self._monotonic()
        passed_s = monotonic - self._last[1]
        jumped_s = (wall - self._last[0]).total_seconds() - passed_s
        self._last = (wall, monotonic)
        jump = timedelta(seconds=jumped_s) if abs(jumped_s) > JUMP_S else timedelta(0)
        return jump, passed_s
