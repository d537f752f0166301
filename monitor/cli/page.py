"""The operators' page beside the running service: the console's application on a loopback port, in the same process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from monitor.alert import words
from monitor.app import Knowledge, Machine
from monitor.config import Settings
from monitor.console import application, pages
from monitor.console.auth import Sessions
from monitor.console.backstage import Backstage
from monitor.console.gate import Access
from monitor.model import Article, FeedSpec, Judgement
from monitor.rulebook.feeds import load_feeds
from monitor.run.curator import Curator, FoundFeed, Reach
from monitor.run.missed import enter_missed
from monitor.run.reach import add_feeds
from monitor.watch import HealthKind

logger = logging.getLogger(__name__)

T = TypeVar("T")
PASSWORD_FILE = "console.password"
WAIT_S = 120.0  # for what a page asks of the network; longer than any fetch


async def serve(
    machine: Machine, totals: Callable[[], Any], dropped: Callable[[], int], announce: Callable[[str], None]
) -> None:
    """Serves the page until cancelled. A port that is taken is said and not fatal: the service works on without a page."""
    settings = machine.settings.console
    behind = backstage(machine, asyncio.get_running_loop(), totals, dropped)
    access = Access(
        Sessions(),
        proxy_header=settings.proxy_header.lower(),
        api_token=settings.api_token.get_secret_value(),
        secure_cookie=settings.secure_cookie,
    )
    config = uvicorn.Config(
        application.build(behind, access),
        host=settings.host,
        port=settings.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    try:
        sockets = [config.bind_socket()]
    except SystemExit:  # how uvicorn says that the port is taken
        logger.error("the page cannot listen on %s:%s; the service works on without it", settings.host, settings.port)
        return
    port = sockets[0].getsockname()[1]
    hint = "" if settings.password.get_secret_value() else f", password in {machine.settings.state_dir / PASSWORD_FILE}"
    announce(f"coopwatch shows its page at http://{settings.host}:{port}{hint}")
    try:
        await server.serve(sockets)
    except asyncio.CancelledError:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await server.shutdown(sockets)
        raise


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Signals belong to the service."""
        yield


def backstage(
    machine: Machine, loop: asyncio.AbstractEventLoop, totals: Callable[[], Any], dropped: Callable[[], int]
) -> Backstage:
    """The service as the page sees it."""
    settings = machine.settings

    def known() -> Knowledge:
        return machine.knowledge

    def wait(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(WAIT_S)

    def read_page(url: str) -> Article:
        return wait(machine.outreach.read_page(url, machine.clock()))

    def find_feeds(url: str) -> Sequence[FoundFeed]:
        return wait(machine.outreach.find_feeds(url))

    def missed(url: str, note: str, by: str) -> str:
        article = read_page(url)
        rules = known()
        now, words = machine.clock(), rules.desk.vocabulary
        return enter_missed(machine.store, rules.matcher, article, note=note, by=by, now=now, vocabulary=words).id

    def add_feed(url: str, title: str) -> None:
        add_feeds(settings.own_feeds_file, [FeedSpec(url, title)])
        specs = load_feeds(settings.feeds_file, settings.own_feeds_file)
        machine.store.feeds.sync(specs, machine.clock(), settings.fetch.min_interval_s)

    def judge(article: Article) -> Judgement:
        return known().matcher.judge(article, now=machine.clock())

    def metrics() -> bytes:
        machine.metrics.take(totals())
        machine.metrics.log_lines_dropped.set(dropped())
        return machine.metrics.text()

    return Backstage(
        database=machine.store.database,
        verbs=Curator(machine.store, machine.clock, Reach(read_page, find_feeds, missed, add_feed)),
        rules=lambda: known().ruleset,
        judge=judge,
        words=cache(lambda language: words.load(language, known().names, folders=(pages.FOLDER / "locale",))),
        language=settings.console.language,
        timezone=settings.timezone,
        clock=machine.clock,
        sends_nothing=settings.sends_nothing,
        routes=tuple(route.name for route in known().desk.routes),
        health=lambda: health(machine),
        metrics=metrics,
        password=password_of(settings),
    )


def health(machine: Machine) -> tuple[bool, str]:
    """Whether work is done: polled lately, the outbox young, the store writable. One sentence either way."""
    notes, now = machine.notes, machine.clock()
    if now - notes.started_at < timedelta(minutes=2):
        return True, "ready: just started"
    blocking = {HealthKind.NOTHING_POLLED, HealthKind.OUTBOX_OLD, HealthKind.DISK_FILLING, HealthKind.STEP_FAILING}
    found = [kind for kind in notes.open_kinds if kind in blocking]
    return (not found, f"not ready: {', '.join(found)}" if found else "ready")


def password_of(settings: Settings) -> Callable[[], str]:
    """The configured password or its hash, else one made once and kept in the state directory."""
    configured = settings.console.password.get_secret_value()
    if configured:
        return lambda: configured
    path = settings.state_dir / PASSWORD_FILE
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(12))
    return lambda: path.read_text(encoding="utf-8").strip()


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
