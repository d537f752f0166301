"""The soak: two thousand polls of good and hostile feeds leave files, tasks, processes and memory as they were."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import gzip
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.poller.made import QUIET, date, feed, item, page, rss
from tests.faults.poller.test_documents import laughs
from tests.faults.poller.test_network import bomb, for_ever, half, hints_for_ever, slow_body, slow_headers
from tests.faults.subject import Product, Subject, rss_of
from tests.origin import Asked, Line, Origin, answer, head, in_turn, raw

POLLS = 2_000
MIB = 1 << 20


def children(pid: int) -> list[int]:
    """The processes that a process has started and not ended."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in path.read_text().split()]
    return found


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    files: int
    tasks: int
    processes: int
    rss_bytes: int  # with its workers
    own_bytes: int = 0


def held(subject: Product) -> Held:
    """What this process and its workers hold. glibc keeps what was freed, in one arena a thread, up to tens of MB: it is given
    back first, else the figure tells which thread took the largest document last."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    workers = children(os.getpid())

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    files = len(os.listdir("/proc/self/fd"))
    own = rss_of([os.getpid()])
    return Held(files, subject.bench.runner.run(tasks()), len(workers), own + rss_of(workers), own)


async def changing(asked: Asked, line: Line) -> None:
    """One new entry at each poll, and no page behind it."""
    items = [
        item(number, link=None, title=f"Notizia {number} dal comune", description="Il consiglio si riunisce.")
        for number in range(asked.nth, asked.nth + 8)
    ]
    await answer(200, rss(items).encode(), ("ETag", f'"{asked.nth}"'))(asked, line)


async def read_page(asked: Asked, line: Line) -> None:
    await answer(200, page("Visita", QUIET), kind="text/html; charset=utf-8")(asked, line)


async def conditional(asked: Asked, line: Line) -> None:
    fresh = asked.header("if-none-match") != '"a"'
    await (answer(200, feed(3), ("ETag", '"a"')) if fresh else answer(304, b"", ("ETag", '"a"')))(asked, line)


async def resets(asked: Asked, line: Line) -> None:
    await line.raw(half())
    line.reset()


def paths(origin: Origin) -> list[str]:
    """Forty feeds, half of them bad."""
    packed = gzip.compress(feed(50))
    bad = {
        "never": for_ever,
        "drips": slow_body,
        "headers": slow_headers,
        "hints": hints_for_ever,
        "reset": resets,
        "closed": raw(b""),
        "icy": raw(b"ICY 200 OK\r\n\r\n"),
        "cut": raw(half()),
        "huge-header": raw(head(200, (("X-Big", "a" * MIB),))),
        "bomb": answer(200, bomb(64), ("Content-Encoding", "gzip")),
        "gzip-cut": answer(200, packed[:-90], ("Content-Encoding", "gzip")),
        "big": answer(200, b"<rss>" + b"x" * (11 * MIB)),
        "laughs": answer(200, rss([item(0)], decl=laughs(9, 10)).encode()),
        "html": answer(200, page("x", QUIET), kind="text/html"),
        "empty": answer(200, b""),
        "404": answer(404, b"no"),
        "500": answer(500, b"no"),
        "429": answer(429, b"", ("Retry-After", "1")),
        "loop": answer(302, b"", ("Location", "/f/loop")),
        "inside": answer(302, b"", ("Location", "http://127.0.0.2:1/x")),
    }
    good = {f"changing{number}": changing for number in range(8)}
    good |= {f"conditional{number}": conditional for number in range(6)}
    good |= {f"flaky{number}": in_turn(*[answer(500), answer(200, feed(3))] * 500) for number in range(3)}
    good |= {"damaged": answer(200, rss([item(0), item(1)]).replace("</channel>", "").encode()), "many": many(origin)}
    good["pages"] = pages(origin)
    return [origin.on(f"/f/{name}", script) for name, script in (bad | good).items()]


def many(origin: Origin) -> Callable[..., object]:
    items = [item(number, link=None, title=f"Notizia numero {number}", pubDate=date(number)) for number in range(900)]
    return answer(200, rss(items).encode())


def pages(origin: Origin) -> Callable[..., object]:
    async def script(asked: Asked, line: Line) -> None:
        link = origin.on(f"/a/{asked.nth}", read_page)
        one = item(asked.nth, link=link, title=f"Visita numero {asked.nth}", description="Visita.")
        await answer(200, rss([one]).encode())(asked, line)

    return script


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_two_thousand_polls_leave_no_file_task_or_process_behind(make: Callable[..., Subject], origin: Origin) -> None:
    subject = make()
    assert isinstance(subject, Product)
    subject.use(deadline_s=0.6, read_timeout_s=0.4, max_interval_s=900.0, concurrency=24)
    urls = paths(origin)
    assert len(urls) == 40
    subject.follow(*urls)

    def polls() -> int:
        return sum(view.polls for view in subject.store.views.feeds())

    while polls() < 200:  # caches fill, workers start
        subject.wait(1000)
    before = held(subject)
    while polls() < 200 + POLLS:
        subject.wait(1000)
    after = held(subject)
    assert after.files <= before.files + 3
    assert after.tasks <= before.tasks
    assert after.processes <= before.processes
    assert origin.open_now <= 1
    assert all(len(subject.items(url)) >= 3 for url in urls if "/f/changing" in url or "/f/conditional" in url)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_two_thousand_polls_of_the_service_leave_its_memory_as_it_was(
    tmp_path: Path, origin: Origin, pytestconfig: pytest.Config
) -> None:
    urls = paths(origin)
    (tmp_path / "feeds.yaml").write_text("feeds:\n" + "".join(f"  - url: {url}\n" for url in urls))
    (tmp_path / "coopwatch.toml").write_text(f"""
state_dir = "state"
rules_dir = "{ROOT / "rules"}"
feeds_file = "feeds.yaml"
[fetch]
allow_private = ["{origin.place}"]
min_interval = "1s"
max_interval = "1s"
deadline = "1s"
read_timeout = "1s"
host_delay = "0s"
host_concurrency = 24
""")
    cache = pytestconfig.cache.mkdir("faults") / "state" / "cache"
    (tmp_path / "state").mkdir()
    if cache.is_dir():
        (tmp_path / "state" / "cache").symlink_to(cache)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COOPWATCH_")}
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "monitor", "run", "--config", str(tmp_path / "coopwatch.toml")],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    try:
        before = after_polls(service, tmp_path, 600)
        after = after_polls(service, tmp_path, 600 + POLLS)
    finally:
        service.terminate()
        service.wait(60)
    assert service.returncode == 0
    assert after.files <= before.files + 3
    assert after.processes <= before.processes
    assert after.rss_bytes - before.rss_bytes < 50 * MIB


def after_polls(service: subprocess.Popen[bytes], folder: Path, count: int) -> Held:
    """What the service holds once so many polls are done. A worker that was just replaced has not grown yet, one that works
    holds a document: the median of some looks counts."""
    until = time.monotonic() + 600
    while polls_of(folder) < count:
        assert service.poll() is None, (folder / "log").read_text()[-2000:]
        assert time.monotonic() < until, f"only {polls_of(folder)} polls"
        time.sleep(0.5)
    looks = []
    for _ in range(9):
        workers = children(service.pid)
        files = len(os.listdir(f"/proc/{service.pid}/fd"))
        looks.append(Held(files, 0, len(workers), rss_of([service.pid, *workers])))
        time.sleep(0.3)
    return Held(
        sorted(look.files for look in looks)[0],
        0,
        sorted(look.processes for look in looks)[4],
        sorted(look.rss_bytes for look in looks)[4],
    )


def polls_of(folder: Path) -> int:
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{folder}/state/coopwatch.db?mode=ro", uri=True)) as base,
    ):
        return int(base.execute("select coalesce(sum(polls), 0) from feed").fetchone()[0])
    return 0
