"""What a poll, a match's store and a page of the console cost when much is known already: stores are filled with
invented feeds and entries by SQL, then a round over the same small number of due feeds is measured."""

from __future__ import annotations

import sqlite3
import statistics
import time
from dataclasses import dataclass, replace

from bench.product import Product
from bench.results import Bench, Row

_DUE = 300


@dataclass(frozen=True, slots=True)
class Point:
    """Cost at a size."""

    size: int
    poll_ms: float


def feeds_known(bench: Bench) -> tuple[list[Row], list[Point]]:
    """The cost of a poll with 1,000, 10,000 and 100,000 feeds in the store, 300 of them due."""
    points = []
    for size in (1_000, 10_000, 100_000):
        points.append(_measured(bench, f"feeds-{size}", bench.size(size), entries=0))
    ratio = points[-1].poll_ms / points[0].poll_ms
    detail = ", ".join(f"{point.poll_ms:.2f} ms at {point.size:,}" for point in points)
    return [Row("poll with 100,000 feeds known, against 1,000", ratio, "x", 1.2, 1.05, False, detail)], points


def entries_stored(bench: Bench) -> list[Point]:
    """The same with 10^4, 10^5 and 10^6 stored entries."""
    return [
        _measured(bench, f"entries-{size}", _DUE, entries=bench.size(size)) for size in (10_000, 100_000, 1_000_000)
    ]


def _measured(bench: Bench, name: str, feeds: int, *, entries: int) -> Point:
    bench.origin.order(reset=1, mode="200", extra=0, listed=2, full=True, robots="deny")
    due = min(_DUE, feeds)
    product = Product(bench.folder / name, bench.origin.port, due)
    product.once()
    _fill(product, feeds - due, entries)
    product.rest()
    product.once()
    spent = []
    quiet = replace(product, keys={"min_interval": '"6h"', "max_interval": '"6h"'})
    for _ in range(3):
        product.rest()
        spent.append(product.once().cpu_s)
    product.rest()
    quiet.once()
    idle_s = statistics.median(quiet.once().cpu_s for _ in range(3))
    return Point(max(feeds, entries), max(0.01, 1000 * (statistics.median(spent) - idle_s) / due))


def _fill(product: Product, feeds: int, entries: int) -> None:
    """Copies a row of the store's own making until there are so many; nothing of them is due."""
    path = product.folder / "state" / "coopwatch.db"
    later = time.time() + 30 * 86_400
    with sqlite3.connect(path) as connection:
        if feeds > 0:
            _multiply(connection, "feed", feeds, later)
        if entries > 0:
            _multiply(connection, "entry", entries, later)
    connection.close()


def _multiply(connection: sqlite3.Connection, table: str, count: int, later: float) -> None:
    raise NotImplementedError
