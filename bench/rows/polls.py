"""Polls, side by side with lemon24/reader: both ask the same feeds of the same origin in turn, each as a process.

A figure is a slope: the CPU time of the whole process tree for one round over many feeds, less that of the same round over
a few, by the feeds between. What a start costs - imports, rules, worker processes - is in both and falls out; the detail
shows the whole, too.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.measure import Cost
from bench.product import Peer, Product
from bench.results import Bench, Row

# of any fifty feeds one announces an act in each round: what a process's first alert costs (templates) is on both sides, too
FEW = 50


@dataclass
class Pair:
    """Both programs over the same feeds, and the product once more over a few of them."""

    product: Product
    few: Product
    peer: Peer
    feeds: int

    def seed(self) -> None:
        """All meet every feed for the first time."""
        self.product.once()
        self.few.once()
        self.peer.update()


@dataclass(frozen=True, slots=True)
class Rounds:
    """Medians over alternating rounds: the product over all feeds and over few, the peer's update and its process."""

    ours_s: float
    few_s: float
    wall_s: float
    peer_s: float
    peer_whole_s: float
    peer_feeds: int = 0  # 0 = as many as ours

    def row(self, work: str, feeds: int, must: float, aim: float) -> Row:
        net_ms = 1000 * (self.ours_s - self.few_s) / (feeds - FEW)
        if net_ms <= 0:
            raise RuntimeError(f"{work}: {feeds} feeds cost no more than {FEW}: too few to tell from a start")
        peer_ms = 1000 * self.peer_s / (self.peer_feeds or feeds)
        detail = (
            f"coopwatch {net_ms:.2f} ms a feed (whole process {self.ours_s:.2f} s CPU with {feeds} feeds, {self.few_s:.2f} s "
            f"with {FEW}; {self.wall_s:.1f} s wall), reader {peer_ms:.2f} ms (whole process {self.peer_whole_s:.2f} s)"
        )
        return Row(work, peer_ms / net_ms, "x", must, aim, True, detail)


def pair(bench: Bench, name: str, feeds: int, peer_feeds: int = 0, **origin: object) -> Pair:
    """Both programs; the peer over ``peer_feeds`` of the feeds where its round takes long and its cost is its own clock's."""
    bench.origin.order(reset=1, mode="304", extra=0, listed=30, full=True, robots="deny", delay_s=0.0)
    bench.origin.order(**origin)
    product = Product(bench.folder / name / "product", bench.origin.port, feeds, cache=bench.cache)
    few = Product(bench.folder / name / "few", bench.origin.port, FEW, cache=bench.cache)
    peer = Peer(bench.folder / name / "peer", bench.origin.port, peer_feeds or feeds)
    both = Pair(product, few, peer, feeds)
    both.seed()
    return both


def compare(bench: Bench, both: Pair, prepare: Callable[[int], None] = lambda _: None) -> Rounds:
    """Product, few and peer in turn, after ``prepare``."""
    ours: list[Cost] = []
    few: list[float] = []
    peer: list[float] = []
    whole: list[float] = []
    for number in range(bench.rounds):
        prepare(number)
        both.product.rest()
        ours.append(both.product.once())
        few.append(both.few.once().cpu_s)
        cost, update_s = both.peer.update()
        peer.append(update_s)
        whole.append(cost.cpu_s)
    median = statistics.median
    wall_s = median(one.wall_s for one in ours)
    peer_feeds = both.peer.feeds
    return Rounds(median(one.cpu_s for one in ours), median(few), wall_s, median(peer), median(whole), peer_feeds)


def _many(bench: Bench, full: int) -> int:
    """How many feeds the dear side of a slope has, in a run for trying out as well."""
    return max(2 * FEW, bench.size(full))


def not_modified(bench: Bench) -> list[Row]:
    feeds = _many(bench, 1000)
    rounds = compare(bench, pair(bench, "304", feeds, listed=2))
    return [rounds.row("feed answered 304", feeds, 1.3, 1.6)]


def nothing_new(bench: Bench) -> list[Row]:
    feeds = _many(bench, 340)
    both = pair(bench, "200", feeds, bench.size(120), mode="200")
    same = compare(bench, both)
    new = compare(bench, both, lambda number: bench.origin.order(extra=number + 1))
    return [
        same.row("feed of 30 entries, 200, nothing new", feeds, 10, 16),
        new.row("the same with one new entry (carrying its text)", feeds, 6, 10),
    ]


def first_fetch(bench: Bench) -> list[Row]:
    """Feeds met for the first time, their 30 entries stored. The product's run ends there (``--polls-only``); reading
    and matching what was stored is the business of the row about articles."""
    feeds = _many(bench, 200)
    ours, few, theirs, wall = [], [], [], []
    bench.origin.order(reset=1, mode="304", extra=0, listed=30, full=True, robots="deny", delay_s=0.0)
    for number in range(bench.rounds):
        folder = bench.folder / "first" / str(number)
        made = Product(folder / "product", bench.origin.port, feeds, cache=bench.cache)
        many = made.once(polls_only=True)
        ours.append(many.cpu_s)
        wall.append(many.wall_s)
        made = Product(folder / "few", bench.origin.port, FEW, cache=bench.cache)
        few.append(made.once(polls_only=True).cpu_s)
        theirs.append(Peer(folder / "peer", bench.origin.port, feeds).update())
    median = statistics.median
    peer_s, whole_s = median(update for _, update in theirs), median(cost.cpu_s for cost, _ in theirs)
    rounds = Rounds(median(ours), median(few), median(wall), peer_s, whole_s)
    return [rounds.row("first fetch, 30 new entries stored", feeds, 2, 2.3)]
