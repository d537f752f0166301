"""A small world on loopback for tests of the installed command: a web server with feeds and pages, a mail server, a webhook
receiver. Everything that reaches it is kept; its answers can be changed while the command runs."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from aiosmtpd.controller import Controller

from tests.conftest import ROOT

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
Answer = tuple[int, str, bytes]
UNANSWERED = 599  # what a webhook is counted as until it is answered
# the commands under test go by the clock: what is listed and told without a period is of the last weeks
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@dataclass(frozen=True)
class Story:
    """One article: how the feed lists it and what its page says."""

    key: str
    title: str
    text: str
    date: str = format_datetime(YESTERDAY, usegmt=True)
    summary: str = ""
    content: str = ""  # the whole text, where the feed carries it

    def page(self) -> bytes:
        """The page as a news site would serve it."""
        body = "".join(f"<p>{escape(line)}</p>" for line in self.text.split("\n") if line.strip())
        head = f"<title>{escape(self.title)}</title>"
        article = f"<main><article><h1>{escape(self.title)}</h1>{body}</article></main>"
        return f'<!doctype html><html lang="it"><head>{head}</head><body>{article}</body></html>'.encode()


def rss(base: str, stories: Sequence[Story]) -> bytes:
    """An RSS document that lists the stories, newest first."""
    items = "".join(
        f"<item><title>{escape(s.title)}</title><link>{base}/a/{s.key}</link><guid>{base}/a/{s.key}</guid>"
        f"<pubDate>{s.date}</pubDate><description>{escape(s.summary or s.title)}</description>"
        f"{f'<content:encoded>{escape(s.content)}</content:encoded>' if s.content else ''}</item>"
        for s in reversed(stories)
    )
    head = f"<title>Prova</title><link>{base}</link><description>d</description><language>it</language>"
    root = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
    return f'<?xml version="1.0" encoding="utf-8"?>{root}<channel>{head}{items}</channel></rss>'.encode()


@dataclass
class World:
    """The servers and what reached them. ``stories`` are listed by /feed.xml; ``pages`` and ``hook`` may answer
    otherwise."""

    folder: Path
    stories: list[Story] = field(default_factory=list)
    pages: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    hook: Callable[[int], Answer] = lambda number: (200, "text/plain", b"ok")
    smtp: Callable[[int], str] = lambda number: "250 OK"
    asked: list[str] = field(default_factory=list)
    hooks: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)  # what each webhook was answered
    raw_mails: list[bytes] = field(default_factory=list)
    taking: threading.Lock = field(default_factory=threading.Lock)
    web_port: int = 0
    mail_port: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The webhook events, in order of arrival."""
        return [json.loads(body) for _, body in self.hooks]

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails, in order of arrival."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw_mails]  # type: ignore[misc]

    def answer(self, path: str) -> Answer:
        """What the web server says to a GET."""
        if path in self.pages:
            return self.pages[path]()
        if path == "/feed.xml":
            return 200, "application/rss+xml; charset=utf-8", rss(self.base, self.stories)
        story = next((story for story in self.stories if path == f"/a/{story.key}"), None)
        return (404, "text/plain", b"no") if story is None else (200, "text/html; charset=utf-8", story.page())

    def configure(self, more: str = "", routes: str | None = None, database: str = "", *, page: bool = False) -> Path:
        """Writes the configuration, the list of feeds and the secret; gives the configuration's path. The operators' page,
        a third of a second of each start, is for tests that look at it."""
        (self.folder / "hook.secret").write_text(SECRET)
        (self.folder / "feeds.yaml").write_text(
            f'feeds:\n  - url: {self.base}/feed.xml\n    title: Prova\n    language: "it"\n    country: "IT"\n'
        )
        if routes is None:
            routes = f"""
[[routes]]
name = "desk"
channel = "email"
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {self.mail_port}, starttls = "none" }}
[[routes]]
name = "hook"
channel = "webhook"
url = "{self.base}/hook"
secret_file = "hook.secret"
"""
        path = self.folder / "coopwatch.toml"
        path.write_text(f"""state_dir = "state"
database_url = "{database or "sqlite:///state/coopwatch.db"}"
rules_dir = "{ROOT / "rules"}"
feeds_file = "feeds.yaml"
alert_max_age = "0"
{more}
[console]
enabled = {str(page).lower()}
port = 0
[fetch]
allow_private = ["127.0.0.1:{self.web_port}"]
min_interval = "1s"
host_delay = "0s"
deadline = "20s"
{routes}""")
        return path

    def health_route(self, more: str = "") -> str:
        """The lines of a route for operational news, by mail, in English."""
        server = f'{{ host = "127.0.0.1", port = {self.mail_port}, starttls = "none" }}'
        head = '[[routes]]\nname = "duty"\nchannel = "email"\nmode = "health"\nlanguage = "en"\n'
        return f'{head}{more}to = ["duty@example.org"]\nsmtp = {server}\n'

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of the command."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("COOPWATCH_")}
        return {**kept, "PYTHONPATH": str(ROOT), **more}

    def command(self, *arguments: str) -> list[str]:
        """The installed command with arguments; the configuration is named."""
        return [sys.executable, "-m", "monitor", *arguments, "--config", str(self.folder / "coopwatch.toml")]

    def run(
        self, *arguments: str, timeout_s: float = 120, start_new_session: bool = False, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs the command to its end."""
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=self.environment(**environ),
            cwd=self.folder,
            start_new_session=start_new_session,
        )

    def use_cache(self, cache: Path) -> None:
        """Spares the command the expansion of the rules' forms."""
        shutil.copytree(cache, self.folder / "state" / "cache", dirs_exist_ok=True)


def eventually(holds: Callable[[], object], what: str, within_s: float = 60.0) -> None:
    """Waits until something holds; fails with ``what`` when it does not."""
    give_up_at = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.02)


class Running:
    """The service as a process of its own group, its lines kept."""

    def __init__(self, place: World, command: str = "run", **environ: str) -> None:
        self.process = subprocess.Popen(
            place.command(*command.split()),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=place.environment(**environ),
            cwd=place.folder,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def says(self, text: str, within_s: float = 60.0) -> None:
        """Waits until a line holds ``text``."""
        eventually(lambda: any(text in line for line in self.lines), f"{text!r} in {self.lines[-20:]}", within_s)

    def kill_group(self) -> None:
        """SIGKILL from outside to the whole process group."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.end()

    def end(self, timeout_s: float = 60.0) -> int:
        """Waits for the end; gives the exit code."""
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        return code


@contextmanager
def running(place: World, command: str = "run", **environ: str) -> Iterator[Running]:
    """The service, killed at the end where it still runs."""
    made = Running(place, command, **environ)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.kill_group()
        if made.process.stdout is not None:
            made.process.stdout.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *arguments: object) -> None:
        """Quiet."""

    def _send(self, answer: Answer) -> None:
        status, content_type, body = answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.world.asked.append(self.path)
        with contextlib.suppress(ConnectionError):
            self._send(self.world.answer(self.path))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the sender was killed between the head and the body: nothing was received
            self.close_connection = True
            return
        with self.world.taking:  # several may send at once: the n-th status is that of the n-th webhook
            self.world.hooks.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.world.statuses.append(UNANSWERED)
            number = len(self.world.hooks)
        answer = self.world.hook(number)
        self.world.statuses[number - 1] = answer[0]
        with contextlib.suppress(ConnectionError):  # the sender was killed meanwhile
            self._send(answer)


class _Mailbox:
    def __init__(self, world: World) -> None:
        self.world = world
        self.tries = 0

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.tries += 1
        said = self.world.smtp(self.tries)
        if said.startswith("250"):
            self.world.raw_mails.append(envelope.content)
        return said


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A running world."""
    made = World(folder)
    handler = type("Handler", (_Handler,), {"world": made})
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.web_port = web.server_port
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made.mail_port = probe.getsockname()[1]
    mail = Controller(_Mailbox(made), hostname="127.0.0.1", port=made.mail_port)
    mail.start()
    try:
        yield made
    finally:
        mail.stop()
        web.shutdown()
        web.server_close()
        thread.join(5)
