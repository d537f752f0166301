"""What a poll costs when much is known already: the store is filled with invented feeds and entries by SQL, then the
service polls the same small number of due feeds, all else standing by."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, replace

from bench import measure
from bench.product import Product
from bench.results import Bench, Row
from monitor.model import FeedSpec
from monitor.store.feeds import feed_id_of
from monitor.store.types import to_json

_DUE = 300
_WINDOW_S = 8.0
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Point:
    """CPU milliseconds a poll at a size."""

    size: int
    poll_ms: float


def feeds_known(bench: Bench) -> tuple[list[Row], list[Point]]:
    """A poll with 1,000, 10,000 and 100,000 feeds in the store, 300 of them due every two seconds."""
    sizes = (1_000, 10_000, 100_000)
    points = [_measured(bench, f"feeds-{size}", feeds=bench.size(size), entries=0) for size in sizes]
    ratio = points[-1].poll_ms / points[0].poll_ms
    detail = ", ".join(f"{point.poll_ms:.2f} ms at {point.size:,}" for point in points)
    work = f"poll with {points[-1].size:,} feeds known, against {points[0].size:,}"
    return [Row(work, ratio, "x", 1.2, 1.05, False, detail)], points


def entries_stored(bench: Bench) -> list[Point]:
    """The same feeds with 10^4, 10^5 and 10^6 stored entries."""
    return [
        _measured(bench, f"entries-{size}", feeds=_DUE, entries=bench.size(size))
        for size in (10_000, 100_000, 1_000_000)
    ]


def _measured(bench: Bench, name: str, *, feeds: int, entries: int) -> Point:
    bench.origin.order(reset=1, mode="200", extra=0, listed=2, full=True, robots="deny")
    due = min(_DUE, feeds)
    product = Product(
        bench.folder / name,
        bench.origin.port,
        due,
        keys={"min_interval": '"2s"', "max_interval": '"2s"'},
        cache=bench.cache,
    )
    product.once()
    _fill(product, feeds - due, entries)
    with product.service() as pid:
        _wait_for_polls(bench, 2 * due)
        cpu_s, polls = measure.cpu_s(pid), bench.origin.log()["counts"]["feed"]
        time.sleep(_WINDOW_S)
        cpu_s, polls = measure.cpu_s(pid) - cpu_s, bench.origin.log()["counts"]["feed"] - polls
    return Point(max(feeds, entries), 1000 * cpu_s / max(polls, 1))


def _wait_for_polls(bench: Bench, count: int) -> None:
    give_up_at = time.monotonic() + 180
    while bench.origin.log()["counts"].get("feed", 0) < count:
        if time.monotonic() > give_up_at:
            raise RuntimeError("the service does not poll")
        time.sleep(0.5)


def _fill(product: Product, feeds: int, entries: int) -> None:
    """Copies a row of the store's own making until there are so many; none of them is due, all stand in the files."""
    urls = [f"http://filled-{number}.example/feed.xml" for number in range(feeds)]
    lines = "".join(f"- {{url: '{url}', title: Filled}}\n" for url in urls)
    (product.folder / "feeds.yaml").open("a", encoding="utf-8").write(lines)
    with sqlite3.connect(product.folder / "state" / "coopwatch.db") as connection:
        _copy_feeds(connection, urls)
        _copy_entries(connection, entries)
    connection.close()


def _copy_feeds(connection: sqlite3.Connection, urls: list[str]) -> None:
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute("SELECT * FROM feed LIMIT 1").fetchone())
    later = "2100-01-01 00:00:00.000000" if isinstance(row["due_at"], str) else row["due_at"] * 2
    spec = FeedSpec(url="", title="Filled")
    changed = [
        row
        | {
            "id": feed_id_of(url),
            "listed_url": url,
            "url": url,
            "host": url.split("/")[2],
            "title": "Filled",
            "due_at": later,
        }
        | {"spec": to_json(replace(spec, url=url)), "claim_id": "", "claim_until": None}
        for url in urls
    ]
    _insert(connection, "feed", changed)


def _copy_entries(connection: sqlite3.Connection, count: int) -> None:
    """Entries with their keys, spread over the feeds; settled long ago."""
    connection.row_factory = sqlite3.Row
    feeds = [row["id"] for row in connection.execute("SELECT id FROM feed LIMIT 300")]
    entry = dict(connection.execute("SELECT * FROM entry ORDER BY id LIMIT 1").fetchone())
    key = dict(connection.execute("SELECT * FROM entry_key WHERE entry_id = ? LIMIT 1", (entry["id"],)).fetchone())
    for start in range(0, count, _ROWS_AT_ONCE):
        numbers = range(start, min(start + _ROWS_AT_ONCE, count))
        entries = [
            entry
            | {"id": 10**9 + number, "feed_id": feeds[number % len(feeds)], "guid": f"filled:{number}", "text_hash": ""}
            for number in numbers
        ]
        keys = [
            key | {"feed_id": feeds[number % len(feeds)], "key": f"g:filled:{number}", "entry_id": 10**9 + number}
            for number in numbers
        ]
        _insert(connection, "entry", entries)
        _insert(connection, "entry_key", keys)


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    columns = ", ".join(rows[0])
    marks = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    connection.commit()
