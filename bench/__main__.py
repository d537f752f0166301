"""``make bench``: measures every row of the report and writes docs/performance.md.

python -m bench [--rounds 5] [--scale 1.0] [--only ROW ...] [--command PATH] [--no-write]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bench.product
from bench import measure
from bench.product import CHECKOUT, OriginProcess, Product
from bench.report import Report, table, write
from bench.results import Bench, Row
from bench.rows import articles, fleet, growth, pages, polls, service

HOSTS = 2000


def _parts(bench: Bench, report: Report) -> list[Row]:
    rows, report.parts = articles.parts(bench)
    return rows


def _where(bench: Bench, report: Report) -> list[Row]:
    report.where = articles.where(bench)
    return []


def _growth(bench: Bench, report: Report) -> list[Row]:
    rows, report.growth["feeds"] = growth.feeds_known(bench)
    report.growth["articles"] = growth.entries_stored(bench)
    return rows


ROWS: dict[str, Callable[[Bench, Report], list[Row]]] = {
    "304": lambda bench, _: polls.not_modified(bench),
    "200": lambda bench, _: polls.nothing_new(bench),
    "first": lambda bench, _: polls.first_fetch(bench),
    "articles": lambda bench, _: articles.new_articles(bench),
    "parts": _parts,
    "where": _where,
    "memory": lambda bench, _: service.memory(bench),
    "latency": lambda bench, _: service.latency(bench),
    "pages": lambda bench, _: pages.pages(bench),
    "starts": lambda bench, _: pages.starts(bench),
    "fleet": lambda bench, _: fleet.fleet(bench),
    "growth": _growth,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="smaller than 1 for trying out")
    parser.add_argument("--only", nargs="*", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--command", type=Path, default=bench.product.COMMAND)
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--keep", action="store_true", help="leave the working folder for a look")
    options = parser.parse_args()
    bench.product.COMMAND = options.command
    folder = Path(tempfile.mkdtemp(prefix="coopwatch-bench-"))
    origin = OriginProcess.start(HOSTS)
    report = Report(rounds=options.rounds, scale=options.scale)
    began = time.monotonic()
    try:
        Product(folder / "warm", origin.port, 0).once(polls_only=True)
        _measure(Bench(folder, origin, options.rounds, options.scale), options.only, report)
        report.keys = Product(folder / "shown", origin.port, 0).shown_keys()
    finally:
        origin.close()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    report.took_s = time.monotonic() - began
    print("\n".join(table(("work", "reached", "must", "aim", "holds", ""), [row.cells() for row in report.rows])))
    for name, why in report.failed.items():
        print(f"not measured: {name}: {why}")
    if not options.no_write:
        write(report, CHECKOUT / "docs")
    return 1 if report.failed else 0


def _measure(suite: Bench, names: list[str], report: Report) -> None:
    for name in names:
        report.calibration_ms.append(measure.calibrate())
        began = time.monotonic()
        try:
            rows = ROWS[name](suite, report)
        except (RuntimeError, OSError, subprocess.SubprocessError, KeyError) as exc:
            report.failed[name] = f"{type(exc).__name__}: {str(exc)[-1500:]}"
            print(f"{name}: failed: {exc}", file=sys.stderr)
            continue
        report.rows += rows
        for row in rows:
            print(f"{name} ({time.monotonic() - began:.0f} s): " + " | ".join(row.cells()), file=sys.stderr, flush=True)
    report.calibration_ms.append(measure.calibrate())


if __name__ == "__main__":
    sys.exit(main())
