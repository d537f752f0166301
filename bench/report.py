"""Writes docs/performance.md and its picture. Nobody edits them by hand."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.picture import picture
from bench.product import CHECKOUT
from bench.results import Row
from bench.rows.growth import Point

_PACKAGES = ("coopwatch", "httpx", "feedparser", "trafilatura", "sqlalchemy", "ahocorasick_rs", "lxml")
_HEAD = ("work", "reached", "must", "aim", "holds", "behind it")

_ABOUT = """\
Written by `make bench`; do not edit. Ratios are measured side by side in one run, the sides in turn, medians of {rounds}
rounds. CPU is that of the whole process tree of the installed command; "a feed" is a slope: the cost of a round over many
feeds less that of the same round over fifty, so that what a start and a first alert cost falls out. The origin is a process
of its own on as many loopback addresses as there are feeds, every request on a new connection, pacing on; in the rows with
200 lastBuildDate changes at every poll. The peer is lemon24/reader from bench/requirements.lock."""
_ABOUT_STAGES = """\
Each stage alone, by the product's own functions, without the other side of the comparison: "parse as a whole" holds feedparser.
What the table above shows beyond these stages is the request (of the first table), the worker's socket, the event loop, the
claims and the feed's own row, and two threads of one interpreter in each other's way. One new entry that carries its text is
two steps (poll, judge), each with a claim and a commit of its own, so that each may be killed and run again; and one in fifty
announces an act: its story, its messages and their delivery, a sixth of the entry's whole cost, stand in none of the tables."""
_ABOUT_GROWTH = """\
CPU of the service when the store already holds so much: of a poll (300 feeds due every two seconds, 200 with nothing new), of
judging and storing an article of 4 kB that was read, and of a page (the mean of a dozen, searches among them); the page that
a person waits longest for, with its wall time. While feeds grow there are few articles, while articles grow 300 feeds."""
GROWTH_HEAD = ("known", "a poll", "a match", "a page", "slowest page")
_AT_INTERNET_SCALE = """\
What breaks first at internet scale: not the processor. A poll over TLS on a new connection costs about 2 ms, so one core asks
some 400 feeds a second; a hundred thousand feeds every quarter of an hour are 110 a second. First comes the single writer of
SQLite (a few thousand small transactions a second, less on slow disks), then the entry and key tables, which grow with
everything that was listed within the keeping time, then the manners: one address of ours is let ask a host so often and no
more, however many machines there are. What one would do, in this order: PostgreSQL with several workers; shorter keeping of
texts; entries partitioned by month; WebSub where publishers offer it; several outgoing addresses, told to publishers."""


@dataclass
class Report:
    """What the suite found."""

    rows: list[Row] = field(default_factory=list)
    parts: Mapping[str, float] = field(default_factory=dict)
    where: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    growth: dict[str, Sequence[Point]] = field(default_factory=dict)
    calibration_ms: list[float] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    keys: str = ""
    rounds: int = 0
    scale: float = 1.0
    took_s: float = 0.0


def write(report: Report, folder: Path) -> None:
    """performance.md and, where growth was measured, performance-growth.svg."""
    if report.growth:
        (folder / "performance-growth.svg").write_text(picture(report.growth), encoding="utf-8")
    (folder / "performance.md").write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """The whole page."""
    even = report.calibration_ms or [0.0]
    lines = [
        "# Performance",
        "",
        _ABOUT.format(rounds=report.rounds),
        "",
        f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, the suite took {report.took_s / 60:.1f} minutes",
        f"- machine: {machine()}, load {os.getloadavg()[2]:.1f} over the last quarter of an hour",
        *([f"- sizes: {report.scale:g} of the full ones (`--scale {report.scale:g}`)"] if report.scale != 1 else []),
        f"- versions: {versions()}",
        f"- calibration loop: {min(even):.0f} to {max(even):.0f} ms over the run (the closer, the evener the machine was)",
        "",
        *table(_HEAD, [row.cells() for row in report.rows]),
        "",
    ]
    if report.failed:
        lines += ["Not measured:", "", *(f"- {name}: {why}" for name, why in report.failed.items()), ""]
    if report.where:
        lines += where_lines(report)
    if report.parts:
        lines += ["## Parts", "", *table(("part", "ours", "the usual way", "ratio"), part_rows(report.parts)), ""]
    if report.growth:
        lines += [*growth_lines(report.growth)]
    lines += ["## Configuration of the product", "", "```toml", report.keys.strip(), "```", ""]
    return "\n".join(lines)


def where_lines(report: Report) -> list[str]:
    """What falls short, and where the time goes."""
    short = [row.work for row in report.rows if row.verdict == "**short**"]
    lines = ["## Where the time goes", ""]
    lines += [f"Short of what must be: {'; '.join(short)}." if short else "Nothing falls short of what must be.", ""]
    titles = {
        "poll": "A poll that brings nothing new",
        "new": "One new entry that carries its text, beside the request",
        "first": "A first fetch of 30 entries",
        "article": "A new article of 60 kB",
    }
    for name, title in titles.items():
        stages = [(stage, f"{ms:.2f} ms") for stage, ms in report.where.get(name, {}).items()]
        lines += [*table((title, "CPU"), stages), ""]
    return [*lines, _ABOUT_STAGES, ""]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def part_rows(parts: Mapping[str, float]) -> list[tuple[str, ...]]:
    def row(name: str, ours: str, theirs: str) -> tuple[str, ...]:
        return (name, f"{parts[ours]:.2f} ms", f"{parts[theirs]:.2f} ms", f"{parts[theirs] / parts[ours]:.1f}x")

    return [
        row("parse a feed of 30 entries, all new (feedparser with its defaults)", "parse_ms", "feedparser_ms"),
        row(f"extract a page of {parts['page_kb']:.0f} kB (trafilatura with metadata)", "extract_ms", "trafilatura_ms"),
        row(f"match at {parts['terms_5000']:,.0f} terms (re, one alternation)", "match_5000_ms", "re_5000_ms"),
        row(f"match at {parts['terms_50000']:,.0f} terms (re, one alternation)", "match_50000_ms", "re_50000_ms"),
        ("load the shipped rules, forms from the cache", f"{parts['load_s']:.2f} s", "", ""),
    ]


def growth_lines(growth: Mapping[str, Sequence[Point]]) -> list[str]:
    """The table of growth, its picture, and what follows from it."""

    def row(name: str, point: Point) -> tuple[str, ...]:
        figures = (f"{ms:.2f} ms" for ms in (point.poll_ms, point.match_ms, point.page_ms))
        return (f"{point.size:,} {name}", *figures, point.slowest)

    return [
        "## Growth",
        "",
        _ABOUT_GROWTH,
        "",
        *table(GROWTH_HEAD, [row(name, point) for name, points in growth.items() for point in points]),
        "",
        "![CPU of a poll, a match and a page over the number of feeds and articles known](performance-growth.svg)",
        "",
        _AT_INTERNET_SCALE,
        "",
    ]


def machine() -> str:
    """Cores, processor, memory, kernel, Python."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 2**20
    cores = os.cpu_count()
    return f"{cores} cores ({model}), {memory} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def versions() -> str:
    """Ours and the peer's."""
    ours = ", ".join(f"{name} {version(name)}" for name in _PACKAGES if _is_installed(name))
    python = CHECKOUT / ".venv-bench" / "bin" / "python"
    code = "from importlib.metadata import version as v; print('peer: reader', v('reader'), 'with feedparser', v('feedparser'))"
    peer = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False).stdout.strip()
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return f"{ours}; {peer}; commit {commit}"


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except ModuleNotFoundError:
        return False
    return True
