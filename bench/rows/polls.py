"""Polls, side by side with lemon24/reader: both ask the same feeds of the same origin in turn, each as a process.

A figure is the CPU time of the whole process tree for one round over all feeds, less what the same command costs when
nothing is due (start-up, rules, the store's opening), by feed. The detail shows the gross figure, too.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.measure import Cost
from bench.product import Peer, Product
from bench.results import Bench, Row


@dataclass
class Pair:
    """Both programs over the same feeds. ``idle_s``: what the product's command costs when nothing is due."""

    product: Product
    peer: Peer
    feeds: int
    idle_s: float = 0.0

    def seed(self) -> None:
        """Both meet every feed for the first time."""
        self.product.once()
        self.peer.update()

    def rest(self) -> None:
        """Measures the product's command with nothing due, then makes the feeds due again every second."""
        quiet = replace(self.product, keys={"min_interval": '"6h"', "max_interval": '"6h"'})
        self.product.rest()
        quiet.once()
        self.idle_s = statistics.median(quiet.once().cpu_s for _ in range(3))


def pair(bench: Bench, name: str, feeds: int, **origin: object) -> Pair:
    bench.origin.order(reset=1, mode="304", extra=0, listed=30, full=True, robots="deny", delay_s=0.0)
    bench.origin.order(**origin)
    product = Product(bench.folder / name / "product", bench.origin.port, feeds)
    peer = Peer(bench.folder / name / "peer", bench.origin.port, feeds)
    both = Pair(product, peer, feeds)
    both.seed()
    return both


def compare(bench: Bench, both: Pair, prepare: Callable[[int], None] = lambda _: None) -> tuple[float, float, str]:
    """Median milliseconds of CPU a feed of product and peer over alternating rounds, and the figures behind them."""
    ours: list[Cost] = []
    theirs: list[float] = []
    whole: list[float] = []
    for number in range(bench.rounds):
        prepare(number)
        both.product.rest()
        ours.append(both.product.once())
        cost, update_s = both.peer.update()
        theirs.append(update_s)
        whole.append(cost.cpu_s)
    both.rest()
    gross_s = statistics.median(cost.cpu_s for cost in ours)
    wall_s = statistics.median(cost.wall_s for cost in ours)
    net_ms = 1000 * (gross_s - both.idle_s) / both.feeds
    peer_ms = 1000 * statistics.median(theirs) / both.feeds
    detail = (
        f"coopwatch {net_ms:.2f} ms a feed (whole process {gross_s:.2f} s CPU, {both.idle_s:.2f} s of it with nothing due, "
        f"{wall_s:.1f} s wall), reader {peer_ms:.2f} ms (whole process {statistics.median(whole):.2f} s), {both.feeds} feeds"
    )
    return max(net_ms, 0.001), peer_ms, detail


def not_modified(bench: Bench) -> list[Row]:
    both = pair(bench, "304", bench.size(2000), listed=2)
    ours, theirs, detail = compare(bench, both)
    return [Row("feed answered 304", theirs / ours, "x", 1.3, 1.6, True, detail)]


def nothing_new(bench: Bench) -> list[Row]:
    both = pair(bench, "200", bench.size(300), mode="200")
    ours, theirs, detail = compare(bench, both)
    row = Row("feed of 30 entries, 200, nothing new", theirs / ours, "x", 10, 16, True, detail)

    def publish(number: int) -> None:
        bench.origin.order(extra=number + 1)

    ours, theirs, detail = compare(bench, both, publish)
    return [row, Row("the same with one new entry (carrying its text)", theirs / ours, "x", 6, 10, True, detail)]
