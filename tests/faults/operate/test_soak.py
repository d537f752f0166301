"""Fault case PRC-11: 72 hours compressed. Polls of good and hostile feeds, one after the other without a pause, leave memory,
files, threads, processes and the write-ahead log as they were. ``COOPWATCH_TEST_SOAK_POLLS=100000`` plays the whole of it."""

from __future__ import annotations

import itertools
import logging
import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.faults.poller.conftest import bench, make, origin
from tests.faults.poller.test_soak import MIB, held, paths
from tests.faults.subject import Product, Subject
from tests.origin import Origin

__all__ = ["bench", "make", "origin"]  # fixtures

POLLS = int(os.environ.get("COOPWATCH_TEST_SOAK_POLLS", "6000"))
WARM = 1_000  # caches fill, workers start, the allocator finds its size
LOOKS = 13
WAL_MOST = 64 * MIB
WORKER_MOST = 128 * MIB  # the modules alone are a third of it


def slope(looks: Sequence[int]) -> float:
    """What a look weighs more than the one before: the median of the slopes between any two (Theil and Sen). A look while a
    large document is under way, or one after much was given back, is tens of MB away from its neighbours and moves it little."""
    return statistics.median((looks[b] - looks[a]) / (b - a) for a, b in itertools.combinations(range(len(looks)), 2))


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def let_go(origin: Origin, caplog: pytest.LogCaptureFixture) -> None:
    """What the test itself remembers of each poll, a kilobyte each: the requests, and the lines that pytest captures."""
    origin.asked.clear()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, type(caplog.handler)):
            handler.reset()


@pytest.mark.long
@pytest.mark.timeout(28_000)
def test_prc_11_a_soak_leaves_everything_as_it_was(
    make: Callable[..., Subject],
    origin: Origin,
    record_property: Callable[[str, object], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    subject = make()
    assert isinstance(subject, Product)
    subject.use(deadline_s=0.6, read_timeout_s=0.4, max_interval_s=900.0, concurrency=24)
    subject.follow(*paths(origin))
    wal = subject.folder / "coopwatch.db-wal"
    largest = 0

    def polls() -> int:
        return sum(view.polls for view in subject.store.views.feeds())

    def play(count: int) -> None:
        nonlocal largest
        while polls() < count:
            subject.wait(1000)
            let_go(origin, caplog)
            largest = max(largest, wal.stat().st_size if wal.exists() else 0)

    play(WARM)
    before, threads_before = held(subject), threads()
    weights = [before.own_bytes]
    for part in range(1, LOOKS):
        play(WARM + part * POLLS // (LOOKS - 1))
        after = held(subject)
        weights.append(after.own_bytes)
    grown = slope(weights) * (LOOKS - 1)
    record_property("rss_mib_per_10000_polls", round(grown / POLLS * 10_000 / MIB, 2))
    record_property("rss_mib", [round(weight / MIB, 1) for weight in weights])
    assert after.files <= before.files + 3
    assert after.tasks <= before.tasks
    assert after.processes <= before.processes
    assert threads() <= threads_before + 1
    assert largest < WAL_MOST
    # a short soak cannot tell a slope from the noise of one allocation
    assert grown < max(4 * MIB, POLLS / 10_000 * MIB), weights
    # a worker is replaced after so many documents: one that is new has not grown yet, none grows without end
    assert after.rss_bytes - after.own_bytes < after.processes * WORKER_MOST


MIB_OF_NOISE = [0, 22, 23, 24, 22, 12, 60, 23, 22, 23, 1, 22, 23]


def test_the_slope_is_blind_to_single_looks_and_sees_a_leak() -> None:
    quiet = [200 * MIB + noise * MIB for noise in MIB_OF_NOISE]
    leaking = [weight + number * MIB for number, weight in enumerate(quiet)]
    assert slope(quiet) * (LOOKS - 1) < 4 * MIB
    assert slope(leaking) * (LOOKS - 1) > 10 * MIB
