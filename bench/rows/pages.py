"""The operators' page with 100,000 articles and 5,000 stories, and how soon the command and the service answer. CPU time of the
service for each page; wall time beside it, since a person waits for that."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, insert

from bench import measure
from bench.product import COMMAND, Product, environment
from bench.results import Bench, Row
from monitor.model import Judgement, Verdict
from monitor.store import open_store, tables
from monitor.store.types import to_json
from tests.console import fill

PAGES = ("/", "/?principals=IT,CN", "/stories/st-7", "/relations", "/relations?between=CN,IT", "/sources", "/rules",
         "/deliveries", "/quality")  # fmt: skip
SEARCHES = ("/?q=ricerca+intesa", "/?q=numero+70001", "/?q=clima")
WORDS = ["accordo", "ricerca", "energia", "clima", "università", "ministro", "vertice", "scambio", "programma", "dati"]
TRIES = 9
PORT = 18485
CONSOLE = f"[console]\nport = {PORT}\n"


def pages(bench: Bench) -> list[Row]:
    """The slowest page and the slowest search, each by its median."""
    product = Product(bench.folder / "pages", bench.origin.port, 0, extra=CONSOLE)
    product.once()
    store = open_store(f"sqlite:///{product.folder}/state/coopwatch.db")
    with store.database.write() as connection:
        _fill(connection, bench.size(100_000), bench.size(5_000))
    store.close()
    with product.service() as pid, session(product) as ask:
        shown = {path: cost_of(ask, path, pid) for path in PAGES}
        found = {path: cost_of(ask, path, pid) for path in SEARCHES}
    return [
        _row("slowest page, 100,000 articles and 5,000 stories", shown, 150, 80),
        _row("slowest search, the same", found, 100, 50),
    ]


def starts(bench: Bench) -> list[Row]:
    """``--help``, and the service from its start to its ready line with 200 feeds."""
    help_ms = []
    for _ in range(bench.rounds):
        began = time.perf_counter()
        subprocess.run([COMMAND, "--help"], check=True, capture_output=True, env=environment())
        help_ms.append(1000 * (time.perf_counter() - began))
    product = Product(bench.folder / "starts", bench.origin.port, 200)
    product.once()
    ready_ms = []
    for _ in range(bench.rounds):
        began = time.perf_counter()
        with product.service():
            while "coopwatch is ready" not in (product.folder / "service.log").read_text(encoding="utf-8"):
                if time.perf_counter() - began > 60:
                    raise RuntimeError("the service is not ready within a minute")
                time.sleep(0.01)
            ready_ms.append(1000 * (time.perf_counter() - began))
    return [
        Row("coopwatch --help", statistics.median(help_ms), "ms", 300, 200, False, "wall time"),
        Row(
            "service ready, 200 feeds", statistics.median(ready_ms), "ms", 1500, 1000, False, "wall time, forms cached"
        ),
    ]


class Asker:
    """Asks for pages as an operator who is signed in."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie

    def __call__(self, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", path, headers={"Cookie": self._cookie})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")


@contextmanager
def session(product: Product) -> Iterator[Asker]:
    """Signs in at a product's page as soon as it answers."""
    password_file = product.folder / "state" / "console.password"
    give_up_at = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
            form = urllib.parse.urlencode({"password": password_file.read_text(encoding="utf-8").strip()})
            connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
            break
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)
    cookie = (connection.getresponse().getheader("set-cookie") or "").split(";")[0]
    connection.close()
    yield Asker(PORT, cookie)


def cost_of(ask: Asker, path: str, pid: int) -> tuple[float, float]:
    """(wall, CPU) milliseconds of one page."""
    ask(path)
    walls, before = [], measure.cpu_s(pid)
    for _ in range(TRIES):
        began = time.perf_counter()
        ask(path)
        walls.append(1000 * (time.perf_counter() - began))
    return statistics.median(walls), 1000 * (measure.cpu_s(pid) - before) / TRIES


def _row(work: str, found: dict[str, tuple[float, float]], must: float, aim: float) -> Row:
    slowest = max(found, key=lambda path: found[path][0])
    detail = "; ".join(f"{path} {wall:.0f} ms (CPU {cpu:.0f})" for path, (wall, cpu) in found.items())
    return Row(work, found[slowest][0], "ms", must, aim, False, detail)


def _fill(connection: Connection, articles: int, stories: int) -> None:
    fill.feeds(connection, 4)
    fill.stories(connection, range(1, stories + 1))
    quiet = to_json(Judgement("it", Verdict.CONTEXT, 0.1, False, (), (), (), "r1"))
    for first in range(0, articles, 5_000):
        numbers = range(100_000 + first, 100_000 + min(first + 5_000, articles))
        entries, texts, judgements = zip(*(_quiet_article(number, quiet) for number in numbers), strict=True)
        connection.execute(insert(tables.entry), list(entries))
        connection.execute(insert(tables.article), list(texts))
        connection.execute(insert(tables.judgement), list(judgements))


def _quiet_article(number: int, judged: str) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    seen = fill.NOW - timedelta(minutes=number)
    title = f"{WORDS[number % 10]} {WORDS[number % 7]} {number}"
    entry = {
        "id": number, "feed_id": f"f{number % 4}", "batch": number, "guid": "", "url": f"https://x.example/{number}",
        "title": title, "summary": "", "content": "", "published_at": seen, "date_only": False, "language": "it",
        "first_seen_at": seen, "order_at": seen, "text_hash": "", "edits": 0, "held": False, "late": False, "quiet": False,
        "state": "judged", "disposition": "", "reason": "", "due_at": seen, "wait_until": seen, "attempts": 0, "claim_id": "",
    }  # fmt: skip
    text = f"{WORDS[number % 10]} e {WORDS[number % 3]}, numero {number}. " * 30
    article = {
        "entry_id": number, "title": title, "text": text, "url": "", "canonical_url": "", "language": "it", "method": "page",
        "wall": "", "read_at": seen, "text_hash": "", "simhash": "",
    }  # fmt: skip
    judgement = {
        "entry_id": number, "judged_at": seen, "ruleset": "r1", "verdict": "context", "score": 0.1, "alert": False,
        "body": judged,
    }  # fmt: skip
    return entry, article, judgement
