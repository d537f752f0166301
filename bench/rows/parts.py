"""The parts, each beside what the same work costs with the library or method that most programs use. Runs inside one
process, so that nothing but the part is measured: ``python -m bench.rows.parts FOLDER`` prints JSON."""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import string
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import trafilatura

from bench import corpus
from bench.measure import median_of
from bench.product import CHECKOUT
from monitor import rulebook
from monitor.extract import extract
from monitor.match import Matcher
from monitor.model import Article
from monitor.rulebook.pages import load_page_phrases
from monitor.run.workers import WorkerPool
from monitor.sources.parse import parse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_PAGES = 60


def cpu_ms(work: Callable[[], object], units: int) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / units


def alternate(rounds: int, units: int, *sides: Callable[[], object]) -> list[float]:
    """Median CPU milliseconds a unit of each side, measured in turn."""
    for side in sides:
        side()  # caches and lazy imports
    figures: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, measured in zip(sides, figures, strict=True):
            measured.append(cpu_ms(side, units))
    return [statistics.median(measured) for measured in figures]


# What is timed is feedparser as everybody calls it, in a process of its own: ours is changed where it repeats itself.
_PEER = """
import json, sys, time, feedparser
documents = [text.encode() for text in json.load(sys.stdin)]
feedparser.parse(documents[0])
began = time.process_time()
for document in documents:
    feedparser.parse(document)
print(1000 * (time.process_time() - began) / len(documents))
"""


def parsing(rounds: int) -> dict[str, float]:
    base = "http://x.example"
    items = [[corpus.item(base, number, entry, 1_795_000_000, False) for entry in range(30)] for number in range(20)]
    documents = [corpus.feed(base, number, listed, 0) for number, listed in enumerate(items)]
    sent = json.dumps([document.decode() for document in documents])

    def ours() -> float:
        return cpu_ms(lambda: [parse(body, feed_url="http://x.example/feed.xml") for body in documents], len(documents))

    def theirs() -> float:
        done = subprocess.run([sys.executable, "-c", _PEER], input=sent, capture_output=True, text=True, check=True)
        return float(done.stdout)

    ours()  # lazy imports
    parse_ms, feedparser_ms = median_of(rounds, ours, theirs)
    return {"parse_ms": parse_ms, "feedparser_ms": feedparser_ms}


def extraction(rounds: int) -> dict[str, float]:
    phrases = load_page_phrases([CHECKOUT / "rules"])
    pages = [corpus.page(number, 1) for number in range(_PAGES)]
    ours, theirs = alternate(
        rounds,
        len(pages),
        lambda: [extract(page, "text/html", "http://x.example/1", NOW, phrases) for page in pages],
        lambda: [trafilatura.bare_extraction(page, with_metadata=True, include_comments=False) for page in pages],
    )
    return {"extract_ms": ours, "trafilatura_ms": theirs, "page_kb": statistics.mean(map(len, pages)) / 1000}


def more_entities(folder: Path, count: int) -> Path:
    """A rules folder with ``count`` further names of invented companies, to be laid over the shipped rules."""
    rng = random.Random(count)
    lines = ["entities:"]
    for number in range(count):
        name = "".join(rng.choice(string.ascii_lowercase) for _ in range(9)).capitalize()
        lines += [
            f"  co.bench-{number}:",
            "    kind: company",
            "    country: IT",
            f"    names: {{it: [{name} Industrie]}}",
        ]
    (folder / "entities").mkdir(parents=True, exist_ok=True)
    (folder / "entities" / "bench.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def articles(count: int) -> list[Article]:
    """Articles of the median length of real ones, 3 kB; one in fifty announces something."""
    found = []
    for number in range(count):
        text = "\n".join(corpus.paragraphs(number, number, 6))[:3000]
        found.append(Article(str(number), corpus.headline(number, number), text, published_at=NOW, language="it"))
    return found


def matching(rounds: int, folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    sample = articles(100)
    for label, terms in (("5000", 5_000), ("50000", 50_000)):
        shipped = [CHECKOUT / "rules"]
        began = time.process_time()
        base = rulebook.load(shipped, cache_dir=folder / "cache")
        found["load_s"] = time.process_time() - began
        extra = max(0, terms - len(base.terms))
        layers = [*shipped, more_entities(folder / label, extra)] if extra else shipped
        ruleset = rulebook.load(layers, cache_dir=folder / "cache")
        matcher = Matcher(ruleset)
        names = list(dict.fromkeys(term.text for term in ruleset.terms))[:terms]
        pattern = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)), re.IGNORECASE)
        few = sample[:2]  # the alternation takes seconds an article
        ours = alternate(rounds, len(sample), lambda: [matcher.judge(one, now=NOW) for one in sample])[0]  # noqa: B023
        theirs = cpu_ms(lambda: [pattern.findall(one.text) for one in few], len(few))  # noqa: B023
        found |= {f"match_{label}_ms": ours, f"re_{label}_ms": theirs, f"terms_{label}": float(len(ruleset.terms))}
    return found


async def throughput(rounds: int) -> dict[str, float]:
    """Pages a second of one and of two worker processes, in turn."""
    phrases = load_page_phrases([CHECKOUT / "rules"])
    pages = [corpus.page(number, 1) for number in range(_PAGES)] * 6

    async def rate(workers: int) -> float:
        pool = WorkerPool(workers, preload=("monitor.extract",))
        arguments = ("text/html", "http://x.example/1", NOW, phrases)
        calls = [pool.call("monitor.extract:extract", page, *arguments, deadline_s=30) for page in pages]
        await asyncio.gather(
            *(pool.call("monitor.extract:extract", pages[n], *arguments, deadline_s=30) for n in range(8))
        )
        began = time.perf_counter()
        await asyncio.gather(*calls)
        spent = time.perf_counter() - began
        await pool.close()
        return len(pages) / spent

    one, two = [], []
    for _ in range(rounds):
        one.append(await rate(1))
        two.append(await rate(2))
    return {"pages_s_1": statistics.median(one), "pages_s_2": statistics.median(two)}


def main(folder: Path, rounds: int) -> None:
    figures = (
        parsing(rounds) | extraction(rounds) | matching(rounds, folder) | asyncio.run(throughput(max(3, rounds // 2)))
    )
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
