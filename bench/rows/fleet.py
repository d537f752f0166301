"""Several machines on PostgreSQL: how many polls four workers make for one worker's, and one worker for the local runner's.

The origins are slow (300 ms an answer) and each runner has few polls under way at once, so that waiting is what there is to
share: on one machine of two cores more than that would measure the cores.
"""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from pathlib import Path

from bench import measure
from bench.product import Product
from bench.results import Bench, Row
from tests.postgresql import Cluster, binaries, cluster

FEEDS = 300
AT_ONCE = 6
SLOW_S = 0.3
WINDOW_S = 8.0
TRIES = 2  # windows of each side; the middle of them counts


def fleet(bench: Bench) -> list[Row]:
    """Both rows, or none where the machine has no PostgreSQL."""
    found = binaries()
    if found is None:
        raise RuntimeError("no PostgreSQL on this machine: apt-get install postgresql")
    with cluster(found) as server:
        local = _polls_a_second(bench, "local", "", ("run",))
        one, cpu_one = _on_postgresql(bench, server, "one", 1)
        four, cpu_four = _on_postgresql(bench, server, "four", 4)
    most = AT_ONCE / SLOW_S
    rates = f"{four:.1f} and {one:.1f} polls a second, of {4 * most:.0f} and {most:.0f} that waiting allows"
    cost = f"CPU a poll {cpu_four:.1f} and {cpu_one:.1f} ms"
    return [
        Row("4 workers on PostgreSQL against 1", four / one, "x", 3.6, 3.9, True, f"{rates}; {cost}"),
        Row(
            "1 worker against the local runner",
            one / local[0],
            "x",
            0.9,
            1.0,
            True,
            f"{one:.1f} and {local[0]:.1f} polls a second; CPU a poll {cpu_one:.1f} and {local[1]:.1f} ms (SQLite)",
        ),
    ]


def _on_postgresql(bench: Bench, server: Cluster, name: str, workers: int) -> tuple[float, float]:
    return _polls_a_second(bench, name, server.url(), ("worker",) * workers)


def _polls_a_second(bench: Bench, name: str, url: str, commands: tuple[str, ...]) -> tuple[float, float]:
    """Polls a second of so many runners together, and the CPU milliseconds of a poll."""
    bench.origin.order(reset=1, mode="304", extra=0, listed=1, full=True, robots="deny", delay_s=0.0)
    keys = {"concurrency": str(AT_ONCE), "min_interval": '"1s"', "max_interval": '"1s"'}
    top = f'database_url = "{url}"\n' if url else ""
    product = Product(
        bench.folder / f"fleet-{name}", bench.origin.port, bench.size(FEEDS), keys=keys, top=top, cache=bench.cache
    )
    product.once()
    bench.origin.order(reset=1, delay_s=SLOW_S)
    rates, costs = [], []
    with ExitStack() as stack:
        pids = [
            stack.enter_context(product.service(command, f"{number}.log")) for number, command in enumerate(commands)
        ]
        for number in range(len(commands)):
            _until_ready(product.folder / f"{number}.log")
        _until_asked(bench, 4 * AT_ONCE * len(commands))
        for _ in range(TRIES):
            cpu_s, before, began = sum(map(measure.cpu_s, pids)), _asked(bench), time.perf_counter()
            time.sleep(WINDOW_S)
            polls, spent_s = _asked(bench) - before, time.perf_counter() - began
            rates.append(polls / spent_s)
            costs.append(1000 * (sum(map(measure.cpu_s, pids)) - cpu_s) / max(polls, 1))
    bench.origin.order(delay_s=0.0)
    return statistics.median(rates), statistics.median(costs)


def _asked(bench: Bench) -> int:
    return int(bench.origin.log()["counts"].get("feed", 0))


def _until_ready(log: Path, limit_s: float = 120) -> None:
    give_up_at = time.monotonic() + limit_s
    while "coopwatch is ready" not in log.read_text(encoding="utf-8"):
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"not ready within {limit_s:.0f} s: {log.read_text(encoding='utf-8')[-1000:]}")
        time.sleep(0.2)


def _until_asked(bench: Bench, count: int, limit_s: float = 120) -> None:
    give_up_at = time.monotonic() + limit_s
    while _asked(bench) < count:
        if time.monotonic() > give_up_at:
            raise RuntimeError("the workers do not poll")
        time.sleep(0.5)
