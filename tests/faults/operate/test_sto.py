"""Fault cases of keeping data: a full disk under a backup, backups while writing and the way back, retention while working."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import KeepSettings
from monitor.run.driver import Writer as StoreThread
from monitor.run.keeping import Keeping
from monitor.store import open_store
from monitor.store.engine import open_database
from monitor.store.retention import RetentionStore
from tests.flow.kills import acts, told_by_hook
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, eventually, rss, running

Mount = Callable[[Path, str], None]
DAYS_90 = 90 * 86400.0


def database(place: World) -> Path:
    return place.folder / "state" / "coopwatch.db"


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return whole and connection.execute("PRAGMA foreign_key_check").fetchone() is None


class Writer:
    """Writes fifty times a second, each time under the writer's lock, and remembers the longest wait."""

    def __init__(self, path: Path) -> None:
        self._path, self._stop = path, threading.Event()
        self.slowest_s, self.writes = 0.0, 0
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=60, isolation_level=None)) as connection:
            while not self._stop.wait(0.02):  # a busy service, not one that hogs the disk
                began = time.monotonic()
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('writer', ?)", (str(self.writes),))
                connection.execute("COMMIT")
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.writes += 1

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


def test_sto_04_a_disk_full_under_a_backup_fails_the_backup_alone(place: World, mount: Mount) -> None:
    backups = place.folder / "state" / "backups"
    mount(backups, "size=64k")
    place.stories = acts(1)
    with running(place) as service:
        eventually(lambda: place.hooks and place.mails, "the first act is told")
        failed = place.run("backup")
        assert failed.returncode == 4
        assert "free space and try again" in failed.stderr
        assert list(backups.iterdir()) == [], "the partial file is removed"
        place.stories = acts(3)
        eventually(lambda: len(told_by_hook(place)) == 3, "the service works on")
        assert service.process.poll() is None
    assert is_whole(database(place))


def write_until_full(connection: sqlite3.Connection) -> int:
    """How many rows found room."""
    for written in range(10_000):
        try:
            connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (f"k{written}", "x" * 4000))
        except sqlite3.OperationalError:
            return written
    raise AssertionError("the disk never was full")


def test_sto_04_a_disk_full_while_the_log_is_written_back_keeps_the_database_whole(
    tmp_path: Path, mount: Mount
) -> None:
    folder = tmp_path / "small"
    mount(folder, "size=2m")
    path = folder / "coopwatch.db"
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        written = write_until_full(connection)
        with pytest.raises(sqlite3.OperationalError, match=r"full|I/O"):  # no room in the main file either
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert written > 10
    mount(folder, "remount,size=32m")
    assert is_whole(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM meta WHERE key LIKE 'k%'").fetchone()[0] == written


@pytest.mark.long
def test_sto_09_backups_while_fifty_feeds_are_polled_are_whole_and_the_service_goes_on_from_one(place: World) -> None:
    names = [f"/f{number}.xml" for number in range(50)]
    feeds = "".join(f"  - {{url: '{place.base}{name}', title: F{name[2:-4]}, language: 'it'}}\n" for name in names)
    place.configure()
    (place.folder / "feeds.yaml").write_text(f"feeds:\n{feeds}")
    for name in names:
        place.pages[name] = lambda: (200, "application/rss+xml", rss(place.base, place.stories))
    place.stories = acts(2)
    copies = []
    with running(place) as service:
        eventually(lambda: len(told_by_hook(place)) == 2, "the first acts are told", 120)
        writer = Writer(database(place))
        with writer.at_work():
            for _ in range(2):
                done = place.run("backup", "--json")
                assert done.returncode == 0, done.stderr
                copies = sorted((place.folder / "state" / "backups").glob("*.db"))
                place.stories = acts(4)
        eventually(lambda: len(told_by_hook(place)) == len(place.mails) == 4, "the service went on", 120)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(60) == 0
    assert writer.writes > 10
    assert writer.slowest_s < 1.0
    for copy in copies:
        assert is_whole(copy)
        with closing(sqlite3.connect(copy)) as connection:  # a poll and its entries are one transaction
            (listed,) = connection.execute("SELECT sum(entries) FROM feed").fetchone()
            (stored,) = connection.execute("SELECT count(*) FROM entry").fetchone()
            assert listed == stored
    mails, hooks = len(place.mails), len(place.hooks)
    back = place.run("restore", copies[0].name)
    assert back.returncode == 0, back.stderr
    place.stories = acts(5)
    with running(place) as service:
        eventually(lambda: len(told_by_hook(place)) == 5 <= len(place.mails), "it goes on from the copy", 120)
        service.process.send_signal(signal.SIGTERM)
        service.end(60)
    assert (len(place.mails), len(place.hooks)) == (mails + 1, hooks + 1), "nothing is told twice"


MANY_ROWS = int(os.environ.get("COOPWATCH_TEST_ROWS", "1000000"))


@pytest.mark.parametrize("rows", [5_000, pytest.param(MANY_ROWS, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_sto_10_pruning_many_rows_keeps_no_writer_waiting(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "coopwatch.db"
    open_store(f"sqlite:///{path}").close()
    fill(path, rows)
    now = datetime.now(UTC)
    store = open_database(f"sqlite:///{path}")
    writer, service = Writer(path), StoreThread()
    keeping = Keeping(RetentionStore(store), service, lambda: now)
    with writer.at_work():
        total = asyncio.run(keeping.look(KeepSettings(texts_s=DAYS_90)))
    service.close()
    store.close()
    assert total.texts == rows
    assert total.entries == rows // 2, "those that are older than their identity"
    assert writer.writes > 10
    assert writer.slowest_s < 1.0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM article WHERE text != ''").fetchone()[0] == 0
        assert connection.execute("SELECT count(*) FROM entry_key").fetchone()[0] == rows - rows // 2
        (found,) = connection.execute("SELECT count(*) FROM article_fts WHERE article_fts MATCH 'parola'").fetchone()
        assert found == 0, "the search index lets go too"


def fill(path: Path, rows: int) -> None:
    """Judged articles, half of them 450 days old and half 100."""
    sql = """
    INSERT INTO feed (id, listed_url, url, host, title, spec, state, reason, schedule, interval_s, due_at, claim_id, added_at,
      failures, polls, entries) VALUES ('f', 'u', 'u', 'h', 't', '{}', 'ok', '', '', 900, :now, '', :now, 0, 1, 0);
    """
    old, young = ((datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f") for days in (450, 100))
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows) "
    at = "CASE WHEN i % 2 = 0 THEN :old ELSE :young END"
    values = {"now": young, "old": old, "young": young, "rows": rows}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(sql, values)
        connection.execute(
            numbers + "INSERT INTO entry (id, feed_id, batch, guid, url, title, summary, content, date_only, language, "
            "first_seen_at, order_at, text_hash, edits, held, late, quiet, state, disposition, reason, due_at, wait_until, "
            f"attempts, claim_id) SELECT i, 'f', 1, 'g' || i, 'u' || i, 't', 'sommario', '', 0, 'it', {at}, {at}, 'h', 0, 0, 0, "
            f"0, 'judged', 'none', '', {at}, {at}, 1, '' FROM n",
            values,
        )
        connection.execute(
            numbers + f"INSERT INTO entry_key (feed_id, key, entry_id, first_seen_at, last_seen_at) "
            f"SELECT 'f', 'g:' || i, i, {at}, {at} FROM n",
            values,
        )
        connection.execute(
            numbers
            + "INSERT INTO article (entry_id, title, text, url, canonical_url, language, method, wall, read_at, "
            f"text_hash, simhash) SELECT i, 't', 'parola ' || i, '', '', 'it', 'page', '', {at}, 'h', '' FROM n",
            values,
        )
        connection.commit()


@pytest.mark.long
def test_sto_10_what_was_pruned_and_reappears_is_not_told_again(place: World) -> None:
    place.stories = [SIGNED, WEATHER]
    assert place.run("once").returncode == 0
    assert len(place.mails) == len(place.hooks) == 1
    store = open_store(f"sqlite:///{database(place)}")
    retention, later = RetentionStore(store.database), datetime.now(UTC) + timedelta(days=200)
    while not retention.prune(KeepSettings(texts_s=DAYS_90), later).is_done:
        pass
    store.close()
    with closing(sqlite3.connect(database(place))) as connection:
        assert connection.execute("SELECT DISTINCT text FROM article").fetchall() == [("",)]
        connection.execute(
            "UPDATE feed SET schedule = ''"
        )  # so that the same document is read, not skipped as unchanged
        connection.commit()
    for listed in ([], [SIGNED, WEATHER]):
        place.stories = listed
        assert place.run("once").returncode == 0
    assert len(place.mails) == len(place.hooks) == 1


@pytest.mark.long
def test_a_filling_disk_is_mailed_while_there_is_still_room_to_work(place: World, mount: Mount, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (place.folder / "state" / "cache").rename(cache)
    mount(place.folder / "state", "size=80m")
    place.use_cache(cache.parent / "cache")
    place.configure(
        more='[watch]\ncheck_every = "1s"\ncalm_for = "2s"\ncanary = false\nping_url_file = "ping.url"\nping_every = "1s"\n',
        routes=place.health_route(),
    )
    (place.folder / "ping.url").write_text(f"{place.base}/alive\n", encoding="utf-8")
    place.pages["/alive"] = lambda: (200, "text/plain", b"ok")
    ballast = place.folder / "state" / "ballast"

    def told(words: str) -> bool:
        return any(words in str(mail["subject"]) for mail in place.mails)

    with running(place) as service:
        eventually(lambda: "/alive" in place.asked, "there is room, and the switch outside is told so")
        free = os.statvfs(ballast.parent)
        ballast.write_bytes(b"\0" * int(free.f_bavail * free.f_frsize - 0.03 * free.f_blocks * free.f_frsize))
        eventually(lambda: told("The disk is filling"), "it is told")
        pinged, polled = place.asked.count("/alive"), place.asked.count("/feed.xml")
        eventually(lambda: place.asked.count("/feed.xml") > polled + 2, "it works on")
        assert place.asked.count("/alive") == pinged, "the switch outside is left to raise its own alarm"
        ballast.unlink()
        eventually(lambda: told("Over: The disk is filling"), "room again, and its end is told")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
