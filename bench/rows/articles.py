"""New articles: page fetched, read, matched, stored. And the parts, from a process of their own."""

from __future__ import annotations

import json
import statistics
import sys

from bench import measure
from bench.product import CHECKOUT, Product, environment
from bench.results import Bench, Row

FEW = 50
# So many more on the other side: by what starts differ from each other (0.1 s of CPU) is 0.25 ms an article
# then; it was 0.5 with two hundred. With more, the worker of one side alone would be replaced (after 1,000 documents).
MORE = 400


def new_articles(bench: Bench) -> list[Row]:
    """One new article a feed, its page of 60 kB fetched: the slope between many feeds and few, less that of a round in
    which nothing is new. Of fifty feeds that follow each other one announces an act: the first mail's templates and words
    are loaded on both sides, as what a start costs."""
    feeds = FEW + bench.size(MORE)
    bench.origin.order(reset=1, mode="200", extra=0, listed=1, full=False, robots="allow")
    many = Product(bench.folder / "articles" / "many", bench.origin.port, feeds, cache=bench.cache)
    few = Product(bench.folder / "articles" / "few", bench.origin.port, FEW, cache=bench.cache)
    for product in (many, few):
        product.once()  # also fetches every host's robots.txt, which is kept for a day
    quiet, busy, wall, machine = [], [], [], []
    for number in range(bench.rounds):
        many.rest()
        quiet.append(many.once().cpu_s - few.once().cpu_s)
        bench.origin.order(extra=number + 1)
        many.rest()
        machine.append(measure.calibrate())
        cost = many.once()
        busy.append(cost.cpu_s - few.once().cpu_s)
        wall.append(cost.wall_s)
    spent_ms = 1000 * (statistics.median(busy) - statistics.median(quiet)) / (feeds - FEW)
    pages = bench.origin.log()["counts"].get("page", 0)
    detail = f"median of {bench.rounds}, {feeds - FEW} articles more than {FEW}, wall {statistics.median(wall):.1f} s"
    detail += f", calibration loop {statistics.median(machine):.0f} ms"
    if pages < feeds * bench.rounds:
        detail += f"; ONLY {pages} PAGES WERE ASKED FOR"
    return [Row("new article of 60 kB: fetch, extract, match, store", spent_ms, "ms", 8, 6, False, detail)]


def where(bench: Bench) -> dict[str, dict[str, float]]:
    """Where the time of a poll, a first fetch and a new article goes, by stage, from a process of its own."""
    bench.origin.order(reset=1, mode="304", extra=0, listed=30, full=True)
    folder = bench.folder / "where"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.rows.where", str(folder), str(bench.rounds), str(bench.origin.port)]
    found: dict[str, dict[str, float]] = json.loads(
        measure.run(command, cwd=CHECKOUT, env=environment()).output.splitlines()[-1]
    )
    return found


def parts(bench: Bench) -> tuple[list[Row], dict[str, float]]:
    """The rows that one process measures, and its figures for the table of parts."""
    folder = bench.folder / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.rows.parts", str(folder), str(bench.rounds)]
    figures = json.loads(measure.run(command, cwd=CHECKOUT, env=environment()).output.splitlines()[-1])
    ratio = figures["pages_s_2"] / figures["pages_s_1"]
    rates = f"{figures['pages_s_1']:.0f} and {figures['pages_s_2']:.0f} pages a second with one and two processes"
    rows = [Row("extraction with two worker processes", ratio, "x", 1.9, 1.95, True, rates)]
    for label, must, aim in (("5000", 1.5, 0.6), ("50000", 2.0, 0.8)):
        terms = int(figures[f"terms_{label}"])
        alternation = figures[f"re_{label}_ms"]
        detail = f"a plain alternation of as many terms with re: {alternation:.0f} ms"
        rows.append(
            Row(
                f"match at {terms:,} terms, article of 3 kB",
                figures[f"match_{label}_ms"],
                "ms",
                must,
                aim,
                False,
                detail,
            )
        )
    return rows, figures
