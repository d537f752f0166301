"""Fills a product's SQLite store with what years would bring: feeds that are not due, and articles that were judged long ago.
By SQL, a quarter of a million rows in five seconds; the search index is built at the end, not row by row."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bench import corpus
from bench.product import Product
from monitor.rulebook.feeds import load_feeds
from monitor.store import open_store
from tests.console import fill

STORIES = range(5_000, 5_500)  # their numbers are also their articles' ids and their age in hours
FIRST_ID = 10**9  # above everything that the product stored by itself
PROBE_ID = 2 * 10**9
_FEEDS_A_FILE = 40_000  # a file of feeds has at most four megabytes
_LATER = "2100-01-01 00:00:00.000000"
_WORDS = ("accordo", "ricerca", "energia", "clima", "università", "ministro", "vertice", "scambio", "programma", "dati")
_KEEP = "SELECT sql FROM sqlite_master WHERE name = 'article_fts_insert'"


@contextmanager
def database(product: Product) -> Iterator[sqlite3.Connection]:
    """The product's database, committed at the end."""
    connection = sqlite3.connect(product.folder / "state" / "coopwatch.db", timeout=60)
    connection.row_factory = sqlite3.Row
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def feeds(product: Product, count: int) -> None:
    """So many more feeds, in files as an operator lists them, none of them due."""
    files = []
    for number, start in enumerate(range(0, count, _FEEDS_A_FILE)):
        file = product.folder / f"filled-{number}.opml"
        outlines = "\n".join(
            f'<outline text="Filled" xmlUrl="http://filled-{n}.example/feed.xml"/>'
            for n in range(start, min(start + _FEEDS_A_FILE, count))
        )
        file.write_text(f'<opml version="2.0"><body>\n{outlines}\n</body></opml>\n', encoding="utf-8")
        files.append(file)
    text = product.config.read_text(encoding="utf-8")
    names = ", ".join(f'"{name}"' for name in ["feeds.yaml", *(file.name for file in files)])
    product.config.write_text(text.replace('feeds_file = "feeds.yaml"', f"feeds_file = [{names}]"), encoding="utf-8")
    store = open_store(f"sqlite:///{product.folder}/state/coopwatch.db")
    store.feeds.sync(load_feeds([product.folder / "feeds.yaml", *files]), datetime.now(UTC), 900.0)
    store.close()
    with database(product) as connection:
        connection.execute("UPDATE feed SET due_at = ? WHERE host LIKE 'filled-%'", (_LATER,))


def articles(product: Product, count: int) -> None:
    """So many judged articles with their entries and keys, spread over the polled feeds, one a minute back from March."""
    with database(product) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        polled = [row["id"] for row in connection.execute("SELECT id FROM feed WHERE polls > 0")]
        connection.create_function("feed_of", 1, lambda number: polled[number % len(polled)])
        connection.create_function("told", 1, _told)
        kept = connection.execute(_KEEP).fetchone()["sql"]
        connection.execute("DROP TRIGGER article_fts_insert")
        for statement in _articles(int(fill.NOW.timestamp())):
            connection.execute(statement, {"count": count})
        connection.execute("INSERT INTO article_fts(article_fts) VALUES ('rebuild')")
        connection.execute(kept)


def stories(product: Product) -> None:
    """Five hundred stories with their articles."""
    store = open_store(f"sqlite:///{product.folder}/state/coopwatch.db")
    with store.database.write() as connection:
        fill.feeds(connection)
        fill.stories(connection, STORIES)
    store.close()


def rest(product: Product) -> None:
    """No feed is due any more; returns when those under way are stored, too."""
    moved = 1
    while moved:
        with database(product) as connection:
            moved = connection.execute("UPDATE feed SET due_at = ? WHERE due_at < ?", (_LATER, _LATER)).rowcount
        time.sleep(1.0)


def unjudged(product: Product, count: int) -> None:
    """So many articles that were read and wait to be judged, like those that the product read itself."""
    with database(product) as connection:
        entry = dict(connection.execute("SELECT * FROM entry WHERE state = 'judged' ORDER BY id LIMIT 1").fetchone())
        article = dict(connection.execute("SELECT * FROM article WHERE entry_id = ?", (entry["id"],)).fetchone())
        numbers = range(PROBE_ID, PROBE_ID + count)
        titles = {number: corpus.headline(number % 10**6, number) for number in numbers}
        _insert(
            connection,
            "entry",
            [
                entry
                | {"id": n, "batch": n, "guid": f"probe:{n}", "url": f"http://probe.example/{n}", "title": titles[n]}
                | {"state": "read", "disposition": "", "reason": "", "claim_id": "", "claim_until": None}
                for n in numbers
            ],
        )
        _insert(
            connection,
            "article",
            [
                article
                | {"entry_id": n, "title": titles[n], "text": "\n".join(corpus.paragraphs(n % 10**6, n, 6))}
                | {"url": f"http://probe.example/{n}", "canonical_url": "", "text_hash": f"probe:{n}", "simhash": ""}
                for n in numbers
            ],
        )


def waiting(product: Product) -> int:
    """How many articles wait to be judged."""
    with database(product) as connection:
        return int(connection.execute("SELECT count(*) FROM entry WHERE state = 'read'").fetchone()[0])


def _told(number: int) -> str:
    return f"{_WORDS[number % 10]} e {_WORDS[number % 7]}, numero {number}. " * 5


def _articles(until: int) -> tuple[str, ...]:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) "
    at = f"strftime('%Y-%m-%d %H:%M:%f000', {until} - i * 60, 'unixepoch')"
    number = f"{FIRST_ID} + i"
    return (
        f"{numbers} INSERT INTO entry (id, feed_id, batch, guid, url, title, summary, content, published_at, date_only, "
        "language, first_seen_at, order_at, text_hash, edits, held, late, quiet, state, disposition, reason, due_at, wait_until, "
        f"attempts, claim_id) SELECT {number}, feed_of(i), {number}, 'filled:' || i, 'https://x.example/' || i, 'Notizia ' || i, "
        f"'', '', {at}, 0, 'it', {at}, {at}, '', 0, 0, 0, 0, 'judged', 'none', '', {at}, {at}, 1, '' FROM n",
        f"{numbers} INSERT INTO entry_key (feed_id, key, entry_id, first_seen_at, last_seen_at) "
        f"SELECT feed_of(i), 'g:filled:' || i, {number}, {at}, {at} FROM n",
        f"{numbers} INSERT INTO article (entry_id, title, text, url, canonical_url, language, method, wall, read_at, text_hash, "
        f"simhash) SELECT {number}, 'Notizia ' || i, told(i), '', '', 'it', 'page', '', {at}, '', '' FROM n",
        f"{numbers} INSERT INTO judgement (entry_id, judged_at, ruleset, verdict, score, alert, body) "
        f"SELECT {number}, {at}, 'r1', 'context', 0.1, 0, '{{}}' FROM n",
    )


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, object]]) -> None:
    columns, marks = ", ".join(rows[0]), ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
