"""What a poll, a match and a page cost when much is known already: the store is filled by SQL, then the service polls the same
small number of due feeds, judges the same number of new articles, and shows the same pages."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from bench import measure
from bench.product import Product
from bench.results import Bench, Row
from bench.rows import filling
from bench.rows.pages import CONSOLE, PAGES, SEARCHES, cost_of, session

_DUE = 300
_WINDOW_S = 6.0
_ARTICLES = 200
_KEEP = '[keep]\ntexts = "3650d"\nidentity = "3650d"\n'  # nothing is pruned while the clock runs


@dataclass(frozen=True, slots=True)
class Point:
    """CPU milliseconds at a size: of a poll, of judging and storing an article, of a page (the mean of all)."""

    size: int
    poll_ms: float
    match_ms: float
    page_ms: float
    slowest: str  # the page that took longest, with its wall time


def feeds_known(bench: Bench) -> tuple[list[Row], list[Point]]:
    """1,000, 10,000 and 100,000 feeds in the store, 300 of them due every two seconds."""
    points = [_measured(bench, "feeds", bench.size(size), 0) for size in (1_000, 10_000, 100_000)]
    ratio = points[-1].poll_ms / points[0].poll_ms
    detail = ", ".join(f"{point.poll_ms:.2f} ms at {point.size:,}" for point in points)
    work = f"poll with {points[-1].size:,} feeds known, against {points[0].size:,}"
    return [Row(work, ratio, "x", 1.2, 1.05, False, detail)], points


def entries_stored(bench: Bench) -> list[Point]:
    """The same due feeds with 10^4, 10^5 and 10^6 stored articles."""
    return [_measured(bench, "entries", _DUE, bench.size(size)) for size in (10_000, 100_000, 1_000_000)]


def _measured(bench: Bench, name: str, feeds: int, entries: int) -> Point:
    bench.origin.order(reset=1, mode="200", extra=0, listed=2, full=True, robots="deny")
    size = max(feeds, entries) if name == "entries" else feeds
    due = min(_DUE, feeds)
    folder, interval = bench.folder / f"{name}-{size}", {"min_interval": '"2s"', "max_interval": '"2s"'}
    product = Product(folder, bench.origin.port, due, keys=interval, extra=CONSOLE + _KEEP, cache=bench.cache)
    product.once()
    filling.stories(product)
    filling.articles(product, max(1, entries))
    filling.feeds(product, feeds - due)
    with product.service() as pid, session(product) as ask:
        poll_ms = _poll_ms(bench, pid, due)
        filling.rest(product)
        match_ms = _match_ms(product, pid)
        shown = {path: cost_of(ask, path, pid) for path in _pages()}
    slowest = max(shown, key=lambda path: shown[path][0])
    page_ms = statistics.fmean(cpu for _, cpu in shown.values())
    return Point(size, poll_ms, match_ms, page_ms, f"{slowest} {shown[slowest][0]:.0f} ms")


def _poll_ms(bench: Bench, pid: int, due: int) -> float:
    give_up_at = time.monotonic() + 180
    while _asked(bench) < 2 * due:  # that of ``once``, and a first one of the service
        if time.monotonic() > give_up_at:
            raise RuntimeError("the service does not poll")
        time.sleep(0.5)
    cpu_s, polls = measure.cpu_s(pid), _asked(bench)
    time.sleep(_WINDOW_S)
    return 1000 * (measure.cpu_s(pid) - cpu_s) / max(_asked(bench) - polls, 1)


def _match_ms(product: Product, pid: int) -> float:
    cpu_s, give_up_at = measure.cpu_s(pid), time.monotonic() + 120
    filling.unjudged(product, _ARTICLES)
    while filling.waiting(product):
        if time.monotonic() > give_up_at:
            raise RuntimeError("the service does not judge")
        time.sleep(0.1)
    return 1000 * (measure.cpu_s(pid) - cpu_s) / _ARTICLES


def _pages() -> list[str]:
    known = f"/stories/st-{filling.STORIES[7]}"
    return [known if path.startswith("/stories/") else path for path in (*PAGES, *SEARCHES)]


def _asked(bench: Bench) -> int:
    return int(bench.origin.log()["counts"].get("feed", 0))
