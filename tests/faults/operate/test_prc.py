"""Fault cases of the running service: reloads, a blocked loop, the network gone for everybody, memory, a reader of the log that
stands still."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import http.server
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT, absent
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, eventually, rss, running

F_SETPIPE_SZ = 1031


class Manager:
    """What a service manager hears."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.bind(self.address)
        self.heard: list[str] = []

    def hear(self, word: str, within_s: float = 60.0) -> bool:
        """Whether ``word`` is said within a time."""
        give_up_at = time.monotonic() + within_s
        while (left := give_up_at - time.monotonic()) > 0:
            self._channel.settimeout(left)
            try:
                self.heard.append(self._channel.recv(4096).decode())
            except TimeoutError:
                return False
            if word in self.heard[-1]:
                return True
        return False

    def close(self) -> None:
        self._channel.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.close()


@pytest.mark.long
def test_prc_05_rules_that_are_good_are_swapped_bad_and_vanished_ones_refused_and_no_poll_is_lost(
    place: World, tmp_path: Path, manager: Manager
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    path = place.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(f'"{ROOT / "rules"}"', f'"{rules}"'), encoding="utf-8")
    with running(place, NOTIFY_SOCKET=manager.address) as service:
        assert manager.hear("READY=1")

        def hup(expected: str) -> None:
            asked = place.asked.count("/feed.xml")
            service.lines.clear()
            service.process.send_signal(signal.SIGHUP)
            assert manager.hear("RELOADING=1")
            assert "MONOTONIC_USEC=" in manager.heard[-1]
            assert manager.hear("READY=1")
            service.says(expected)
            eventually(lambda: place.asked.count("/feed.xml") > asked + 1, "polls go on")

        with (rules / "concepts" / "cues.yaml").open("a", encoding="utf-8") as file:
            file.write("# another digest\n")
        hup("has reloaded")
        (rules / "concepts" / "cues.yaml").write_text("concepts: [", encoding="utf-8")
        hup("reload refused")
        rules.rename(tmp_path / "away")
        hup("reload refused")
        place.stories = [SIGNED]
        eventually(lambda: place.mails and place.hooks, "the old rules judge and tell")
        (tmp_path / "away").rename(rules)
        shutil.copy(ROOT / "rules" / "concepts" / "cues.yaml", rules / "concepts" / "cues.yaml")
        hup("has reloaded")
    assert len(place.mails) == 1


@pytest.mark.parametrize("point", ["poll.answered", "match.placed"], ids=["in the loop", "in the store's thread"])
def test_prc_06_a_blocked_service_gives_no_sign_of_life(place: World, manager: Manager, point: str) -> None:
    place.stories = [WEATHER]
    number = "4" if point == "poll.answered" else "1"
    with running(
        place, NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="2000000", COOPWATCH_FAILPOINT=f"{point}:block:{number}"
    ) as service:
        assert manager.hear("READY=1")
        assert manager.hear("WATCHDOG=1")
        place.stories = [WEATHER, SIGNED]  # its judgement is the second block's
        while manager.hear("WATCHDOG=1", within_s=8.0):
            assert len(manager.heard) < 60, "it never blocked"
        assert service.process.poll() is None, "it is for systemd to end it"
    unit = (ROOT / "systemd" / "coopwatch.service").read_text(encoding="utf-8")
    assert "WatchdogSec=" in unit
    assert "Restart=on-failure" in unit


# ---------------------------------------------------------------------------------------------- the network gone


class _Publisher(http.server.BaseHTTPRequestHandler):
    world: World
    asked: list[tuple[float, str]]

    def log_message(self, *arguments: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.asked.append((time.monotonic(), self.path))
        body = rss(self.world.base, self.world.stories) if self.path.startswith("/f") else b"User-agent: *\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)


@contextmanager
def publisher(place: World, port: int, asked: list[tuple[float, str]]) -> Iterator[None]:
    handler = type("Handler", (_Publisher,), {"world": place, "asked": asked})
    http.server.ThreadingHTTPServer.allow_reuse_address = True
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.long
def test_prc_08_the_network_gone_is_one_alarm_and_its_return_no_stampede(place: World) -> None:
    port, count = free_port(), 12
    path = place.configure(
        more='[watch]\ncheck_every = "1s"\nremind_every = "3s"\ncalm_for = "2s"\ncanary = false\n'
        'ping_url_file = "ping.url"\nping_every = "1s"\n',
        routes=place.health_route("max_per_hour = 0\n"),
    )
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("allow_private = [", f'host_concurrency = 2\nallow_private = ["127.0.0.1:{port}", '))
    (place.folder / "ping.url").write_text(f"{place.base}/alive\n", encoding="utf-8")
    place.pages["/alive"] = lambda: (200, "text/plain", b"ok")
    listed = "".join(f"  - {{url: 'http://127.0.0.1:{port}/f{n}.xml', title: F{n}}}\n" for n in range(count))
    (place.folder / "feeds.yaml").write_text(f"feeds:\n{listed}")

    def told(words: str) -> int:
        return sum(words in str(mail["subject"]) for mail in place.mails)

    def failed() -> int:
        database = f"file:{place.folder}/state/coopwatch.db?mode=ro"
        with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
            return int(connection.execute("SELECT sum(failures) FROM feed").fetchone()[0])

    def all_asked() -> bool:
        return len({path for _, path in asked if path.startswith("/f")}) == count

    asked: list[tuple[float, str]] = []
    with running(place) as service:
        with publisher(place, port, asked):
            eventually(
                lambda: all_asked() and "/alive" in place.asked, "all is well, and the switch outside is told so"
            )
        eventually(lambda: told("Nothing is being polled"), "the outage is told")
        pinged, so_far = place.asked.count("/alive"), failed()
        eventually(lambda: told("Still: Nothing is being polled"), "and told again while it lasts")
        eventually(lambda: failed() > so_far + count, "it keeps failing")
        assert sum("no server answers" in line for line in service.lines) == 1, "nor a line of the log for each feed"
        assert place.asked.count("/alive") == pinged, "the switch outside is left to raise its own alarm"
        asked.clear()
        with publisher(place, port, asked):
            eventually(all_asked, "every feed recovers", 120)
            eventually(lambda: told("Over: Nothing is being polled"), "its end is told")
            eventually(lambda: place.asked.count("/alive") > pinged, "the switch outside is told that all is well")
            service.process.send_signal(signal.SIGTERM)
            assert service.end(60) == 0
    subjects = [str(mail["subject"]) for mail in place.mails]
    assert subjects[0] == "[health] Nothing is being polled"
    assert subjects[-1] == "[health] Over: Nothing is being polled"
    assert set(subjects[1:-1]) == {"[health] Still: Nothing is being polled"}, "one episode, none for a single feed"
    seconds = [int(at) for at, path in asked if path.startswith("/f")]
    assert max(seconds.count(second) for second in seconds) <= 2 * count, "no stampede"


# ---------------------------------------------------------------------------------------------- memory, log


def memory_group(limit_bytes: int) -> Path:
    """A control group that may hold so much memory; skips where this machine lets nobody make one."""
    for top in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")):
        group = top / f"coopwatch-test-{os.getpid()}"
        for name in ("memory.limit_in_bytes", "memory.max"):
            try:
                group.mkdir(exist_ok=True)
                if (group / name).exists():
                    (group / name).write_text(str(limit_bytes))
                    return group
            except OSError:
                continue
    absent("cgroup", "this user cannot make a control group")
    raise AssertionError("absent() ends the test")


@pytest.mark.long
def test_prc_10_bombs_and_huge_pages_stay_below_the_memory_limit(place: World) -> None:

    group = memory_group(300 * 1024 * 1024)
    bomb = gzip.compress(b"\0" * (200 * 1024 * 1024), 9)
    huge = b"<html><body>" + b"<div><p>parola </p>" * 400_000
    place.stories = [SIGNED]
    listed = "".join(
        f"  - {{url: '{place.base}{p}', title: X, language: it}}\n" for p in ("/feed.xml", "/bomb", "/wide", "/deep")
    )
    (place.folder / "feeds.yaml").write_text(f"feeds:\n{listed}")
    place.pages["/bomb"] = lambda: (200, "application/rss+xml", bomb)
    place.pages["/wide"] = lambda: (
        200,
        "application/rss+xml",
        b"<rss><channel>" + b"<item><title>a</title></item>" * 150_000,
    )
    place.pages["/deep"] = lambda: (200, "application/rss+xml", b"<rss>" + b"<a>" * 300_000)
    place.pages[f"/a/{SIGNED.key}"] = lambda: (200, "text/html", huge)
    try:
        command = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", *place.command("once")]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=200, env=place.environment(), cwd=place.folder
        )
        assert done.returncode == 0, done.stderr[-2000:]
        killed = [line for name in ("memory.oom_control", "memory.events") if (group / name).exists()
                  for line in (group / name).read_text().splitlines() if line.startswith("oom_kill ")]  # fmt: skip
        assert killed == ["oom_kill 0"]
    finally:
        group.rmdir()
    assert place.hooks, "and the announcement was told all the same"


@pytest.mark.long
def test_prc_13_a_reader_of_the_log_that_stands_still_stops_nobody(place: World) -> None:
    place.configure(more='[log]\nlevel = "debug"\n')
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        place.command("run"),
        stdout=subprocess.DEVNULL,
        stderr=write_end,
        env=place.environment(),
        cwd=place.folder,
        start_new_session=True,
    )
    os.close(write_end)
    try:
        eventually(lambda: place.asked.count("/feed.xml") > 30, "it polls on though nobody reads", 120)
        place.stories = [SIGNED]
        eventually(lambda: place.mails and place.hooks, "and tells")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        os.close(read_end)
