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
    """Both programs over the same feeds."""

    product: Product
    peer: Peer
    feeds: int

    def seed(self) -> None:
        """Both meet every feed for the first time."""
        self.product.once()
        self.peer.update()

    def idle_s(self) -> float:
        """What the product's command costs when nothing is due. The feeds stay away for hours afterwards."""
        quiet = replace(self.product, keys={"min_interval": '"6h"', "max_interval": '"6h"'})
        self.product.rest()
        quiet.once()
        return statistics.median(quiet.once().cpu_s for _ in range(3))


@dataclass(frozen=True, slots=True)
class Rounds:
    """Medians over alternating rounds: the product's whole process, the peer's update and its whole process."""

    ours_s: float
    wall_s: float
    peer_s: float
    peer_whole_s: float

    def row(self, work: str, both: Pair, idle_s: float, must: float, aim: float) -> Row:
        net_ms = max(0.001, 1000 * (self.ours_s - idle_s) / both.feeds)
        peer_ms = 1000 * self.peer_s / both.feeds
        detail = (
            f"coopwatch {net_ms:.2f} ms a feed (whole process {self.ours_s:.2f} s CPU, {idle_s:.2f} s of it with nothing "
            f"due, {self.wall_s:.1f} s wall), reader {peer_ms:.2f} ms (whole process {self.peer_whole_s:.2f} s), "
            f"{both.feeds} feeds"
        )
        return Row(work, peer_ms / net_ms, "x", must, aim, True, detail)


def pair(bench: Bench, name: str, feeds: int, **origin: object) -> Pair:
    bench.origin.order(reset=1, mode="304", extra=0, listed=30, full=True, robots="deny", delay_s=0.0)
    bench.origin.order(**origin)
    product = Product(bench.folder / name / "product", bench.origin.port, feeds, cache=bench.cache)
    peer = Peer(bench.folder / name / "peer", bench.origin.port, feeds)
    both = Pair(product, peer, feeds)
    both.seed()
    return both


def compare(bench: Bench, both: Pair, prepare: Callable[[int], None] = lambda _: None) -> Rounds:
    """Product and peer in turn, after ``prepare``."""
    ours: list[Cost] = []
    peer: list[float] = []
    whole: list[float] = []
    for number in range(bench.rounds):
        prepare(number)
        both.product.rest()
        ours.append(both.product.once())
        cost, update_s = both.peer.update()
        peer.append(update_s)
        whole.append(cost.cpu_s)
    median = statistics.median
    return Rounds(median(one.cpu_s for one in ours), median(one.wall_s for one in ours), median(peer), median(whole))


def not_modified(bench: Bench) -> list[Row]:
    both = pair(bench, "304", bench.size(2000), listed=2)
    rounds = compare(bench, both)
    return [rounds.row("feed answered 304", both, both.idle_s(), 1.3, 1.6)]


def nothing_new(bench: Bench) -> list[Row]:
    both = pair(bench, "200", bench.size(150), mode="200")
    same = compare(bench, both)
    new = compare(bench, both, lambda number: bench.origin.order(extra=number + 1))
    idle_s = both.idle_s()
    return [
        same.row("feed of 30 entries, 200, nothing new", both, idle_s, 10, 16),
        new.row("the same with one new entry (carrying its text)", both, idle_s, 6, 10),
    ]


def first_fetch(bench: Bench) -> list[Row]:
    """Feeds met for the first time, their 30 entries stored. The product's run ends there (``--polls-only``); reading
    and matching what was stored is the business of the row about articles."""
    feeds = bench.size(150)
    empty = Product(bench.folder / "first" / "empty", bench.origin.port, 0, cache=bench.cache)
    ours, theirs = [], []
    bench.origin.order(reset=1, mode="304", extra=0, listed=30, full=True, robots="deny", delay_s=0.0)
    for number in range(bench.rounds):
        folder = bench.folder / "first" / str(number)
        product = Product(folder / "product", bench.origin.port, feeds, cache=bench.cache)
        peer = Peer(folder / "peer", bench.origin.port, feeds)
        idle_s = empty.once(polls_only=True).cpu_s
        ours.append(product.once(polls_only=True).cpu_s - idle_s)
        theirs.append(peer.update()[1])
    net_ms = 1000 * statistics.median(ours) / feeds
    peer_ms = 1000 * statistics.median(theirs) / feeds
    detail = f"coopwatch {net_ms:.2f} ms a feed, reader {peer_ms:.2f} ms, {feeds} feeds"
    return [Row("first fetch, 30 new entries stored", peer_ms / net_ms, "x", 2, 2.3, True, detail)]
