"""Fault cases of the store: locks, full and read-only disks, damage, versions, kills during migration."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.store import open_store
from monitor.store.engine import BUSY_TIMEOUT_MS
from monitor.store.schema import head
from tests.conftest import ROOT
from tests.flow.kills import acts, told_by_hook, told_by_mail
from tests.flow.world import World, eventually, running

Mount = Callable[[Path, str], None]


def database(place: World) -> Path:
    return place.folder / "state" / "coopwatch.db"


def test_sto_01_writers_wait_for_another_writer_and_lose_nothing(place: World) -> None:
    assert BUSY_TIMEOUT_MS >= 30_000
    place.stories = acts(1)
    with running(place) as service:
        eventually(lambda: place.hooks and place.mails, "the first act is told")
        other = sqlite3.connect(database(place), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        place.stories = acts(3)
        asked = place.asked.count("/feed.xml")
        time.sleep(4)  # the other writer takes its time
        other.execute("COMMIT")
        other.close()
        eventually(lambda: len(told_by_hook(place)) == 3 and len(told_by_mail(place)) == 3, "all acts are told")
        assert place.asked.count("/feed.xml") > asked, "polling goes on"
        assert not [line for line in service.lines if "store cannot be used" in line]


def test_sto_03_a_full_disk_pauses_the_work_and_loses_nothing(place: World, mount: Mount) -> None:
    state = place.folder / "state"
    cache = place.folder / "cache"
    shutil.move(state / "cache", cache)
    mount(state, "size=48m")
    shutil.copytree(cache, state / "cache")
    place.stories = acts(1)
    with running(place) as service:
        eventually(lambda: place.hooks and place.mails, "the first act is told")
        filler = state / "filler"
        _fill(filler)
        place.stories = acts(12)
        service.says("store cannot be used")
        began, before = time.monotonic(), len(service.lines)
        eventually(lambda: sum("work pauses" in line for line in service.lines) >= 3, "it tries again")
        assert service.process.poll() is None
        assert len(service.lines) - before < 20 * (time.monotonic() - began), "it loops"
        assert any("full" in line for line in service.lines)
        filler.unlink()
        eventually(lambda: len(told_by_hook(place)) == 12, "all acts are told", 90)
    with sqlite3.connect(database(place)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _fill(path: Path) -> None:
    """Writes until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_sto_05_a_read_only_state_directory_is_refused_with_one_line(place: World, mount: Mount) -> None:
    state = place.folder / "readonly"
    mount(state, "size=48m")
    place.configure(more="")
    config = place.folder / "coopwatch.toml"
    config.write_text(
        config.read_text().replace('"state"', '"readonly"').replace("state/coopwatch", "readonly/coopwatch")
    )
    shutil.copytree(place.folder / "state" / "cache", state / "cache")
    assert place.run("once").returncode == 0
    mount(state, "remount,ro")
    for command in ("once", "run"):
        done = place.run(command)
        assert done.returncode == 3
        said = [line for line in done.stderr.splitlines() if line.startswith("coopwatch:")]
        assert len(said) == 1
        assert "readonly" in said[0]
        assert "Traceback" not in done.stderr


@pytest.mark.long
def test_sto_06_a_damaged_page_is_found_at_start_and_the_last_backup_restores(place: World) -> None:
    place.stories = acts(5)
    assert place.run("once").returncode == 0
    path = database(place)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    backup = place.folder / "backup.db"
    shutil.copy(path, backup)
    raw = bytearray(path.read_bytes())
    for page in range(2, pages, 3):
        raw[page * 4096 : page * 4096 + 4096] = random.Random(page).randbytes(4096)
    path.write_bytes(raw)
    done = place.run("once")
    assert done.returncode == 3
    assert "is damaged" in done.stderr or "malformed" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == bytes(raw), "it was not touched"
    for leftover in path.parent.glob("coopwatch.db-*"):
        leftover.unlink()
    shutil.copy(backup, path)
    hooks = len(place.hooks)
    assert place.run("once").returncode == 0
    assert len(place.hooks) == hooks, "nothing is told again"


def test_sto_07_a_newer_schema_is_refused_and_nothing_changed(place: World) -> None:
    assert place.run("once").returncode == 0
    with sqlite3.connect(database(place)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = database(place).read_bytes()
    done = place.run("once")
    assert done.returncode == 3
    assert "newer coopwatch" in done.stderr
    assert database(place).read_bytes() == before


MIGRATE = """
import sys
from monitor.store import open_store
print("go", flush=True)
open_store(sys.argv[1]).close()
print("done", flush=True)
"""


@pytest.mark.parametrize("moments", [8, pytest.param(50, marks=pytest.mark.long)])
def test_sto_08_a_kill_during_migration_leaves_the_old_or_the_new_schema(tmp_path: Path, moments: int) -> None:
    chance = random.Random(8)
    for number in range(moments):
        path = tmp_path / f"{number}.db"
        killed = subprocess.Popen(
            [sys.executable, "-c", MIGRATE, f"sqlite:///{path}"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert killed.stdout is not None
        assert killed.stdout.readline() == "go\n"
        time.sleep(chance.uniform(0, 0.08))  # the moment is what is tested
        killed.kill()
        killed.wait(30)
        killed.stdout.close()
        versions = _versions(path)
        assert versions in ([], [head()]), versions
        open_store(f"sqlite:///{path}").close()
        assert _versions(path) == [head()]


def _versions(path: Path) -> list[str]:
    if not path.exists():
        return []
    with sqlite3.connect(path) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" not in tables:
            assert not tables - {"sqlite_sequence"}, "half a schema"
            return []
        return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]


@pytest.mark.long
def test_sto_12_a_second_runner_on_sqlite_is_refused_whatever_command_it_is(place: World) -> None:
    with running(place) as first:
        first.says("is ready")
        done = place.run("once")
        assert done.returncode == 3
        assert "another coopwatch" in done.stderr
        assert first.process.poll() is None
    assert place.run("once").returncode == 0, "the lock goes with its process"


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("this is no database " * 500)
    with pytest.raises(StoreError) as caught:
        open_store(f"sqlite:///{path}")
    assert caught.value.exit_code == 3
