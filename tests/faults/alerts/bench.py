"""What the delivery cases are played against: the product (deciding, rendering, outbox and channels over a real store, with a
clock that the case moves) or a naive sender (smtplib and httpx, as a first draft does it).

``COOPWATCH_SUBJECT=naive`` chooses the latter; test_naive.py does so and expects failure. The servers are real and live in
a thread of their own.
"""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from monitor.alert.office import Office
from monitor.app import fetch_limits, sender
from monitor.config import Channel, DeliverySettings, MatchClause, Route, Settings, Smtp
from monitor.fetch.egress import Egress
from monitor.model import (
    Announcement,
    Article,
    Delivery,
    EntryState,
    FeedSpec,
    Judgement,
    Party,
    ReadMethod,
    RouteMode,
    Verdict,
)
from monitor.run.collect import CollectStep
from monitor.run.deliver import DeliverStep
from monitor.run.match import Desk, MatchStep
from monitor.store import Store, tables
from monitor.store.types import to_json
from tests.alert import make
from tests.alert.servers import Mailhost, mailhost
from tests.databases import new_store

NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()
TEXT = "Italia e Cina hanno firmato oggi a Roma un accordo sulla ricerca polare. I due governi si vedranno ogni anno."
STATES = (
    *("FR", "DE", "ES", "PT", "GR", "AT", "PL", "SE", "FI", "NO", "DK", "IE", "NL", "BE", "CZ", "HU", "RO", "BG"),
    *("HR", "SI", "SK", "LT", "LV", "EE", "CH", "RS", "AL", "TR", "EG", "MA", "TN", "DZ", "KE", "NG"),
)
PAIRS = list(itertools.combinations(STATES, 2))


# ---------------------------------------------------------------------------------------------- the servers


@dataclass
class Hook:
    """One endpoint. ``answer`` says what becomes of the n-th request (from 1): a status, raw bytes, "lost" (taken, no
    answer), "stall" (no answer until the end) or "flood" (an answer without end)."""

    answer: Callable[[int], int | bytes | str] = lambda number: 200
    headers: Callable[[int], list[str]] = lambda number: []
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answered: list[tuple[str, int]] = field(default_factory=list)  # webhook-id, status
    flooded_bytes: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    @property
    def sent_again(self) -> list[str]:
        """Ids that came again after a 2xx."""
        seen: set[str] = set()
        again = []
        for key, status in self.answered:
            if key in seen:
                again.append(key)
            if 200 <= status < 300:
                seen.add(key)
        return again

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append((headers, body))
            await self._reply(headers.get("webhook-id", ""), writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the client went, or the case is over
        finally:
            writer.close()

    async def _reply(self, key: str, writer: asyncio.StreamWriter) -> None:
        number = len(self.requests)
        said = self.answer(number)
        self.answered.append((key, said if isinstance(said, int) else 0))
        if said == "lost":
            return
        if said == "stall":
            await asyncio.sleep(3600)
        if said == "flood":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while self.flooded_bytes < 50_000_000:
                writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                self.flooded_bytes += 0x4000
                await writer.drain()
        if isinstance(said, int):
            lines = [f"HTTP/1.1 {said} X", "Content-Length: 0", "Connection: close", *self.headers(number)]
            said = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if isinstance(said, bytes):
            writer.write(said)
            await writer.drain()


class Street:
    """The servers of one case, in a thread with a loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()

    def call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def mail(self, handler: Mailhost | None = None, **options: Any) -> Mailhost:
        """A running mail server."""
        return self.call(self._stack.enter_async_context(mailhost(handler, **options)))  # type: ignore[no-any-return]

    def hook(self, answer: Callable[[int], int | bytes | str] = lambda number: 200) -> Hook:
        """A running endpoint."""
        made = Hook(answer)

        async def start() -> None:
            server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
            made.port = server.sockets[0].getsockname()[1]
            self._stack.callback(server.close)

        self.call(start())
        return made

    def close(self) -> None:
        async def stop() -> None:
            await self._stack.aclose()
            mine = asyncio.current_task()
            for task in asyncio.all_tasks():
                if task is not mine:
                    task.cancel()
            await asyncio.sleep(0)

        self.call(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def plain(raw: bytes) -> str:
    part = parsed(raw).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def signature_holds(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """The check of Standard Webhooks, without its look at the real clock."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split(" ")


# ---------------------------------------------------------------------------------------------- routes


def desk(host: Mailhost, *to: str, name: str = "desk", **changes: Any) -> Route:
    smtp = {"host": "127.0.0.1", "port": host.port, "starttls": "none", "timeout_s": 5.0} | changes.pop("smtp", {})
    fields: dict[str, Any] = {"to": to or ("desk@example.org",), "sender": "bot@example.org", "smtp": Smtp(**smtp)}
    return Route(**({"name": name, "channel": Channel.EMAIL, "max_per_hour": 0} | fields | changes))


def hook_route(hook: Hook, name: str = "hook", secrets: tuple[str, ...] = (SECRET,), **changes: Any) -> Route:
    kept = tuple(SecretStr(secret) for secret in secrets)
    return Route(**({"name": name, "channel": Channel.WEBHOOK, "url": hook.url, "secrets": kept} | changes))


def digest_route(host: Mailhost, at: str, **changes: Any) -> Route:
    return desk(host, name="digest", mode=RouteMode.DIGEST, at=(at,), **changes)


# ---------------------------------------------------------------------------------------------- news


@dataclass(frozen=True)
class News:
    """An article that reports an act. Another ``key`` is another act (of another pair of states)."""

    key: int = 0
    title: str = "Italia e Cina firmano un accordo sulla ricerca polare"
    text: str = TEXT
    feed: str = "gazzetta"
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def url(self) -> str:
        return f"https://{self.feed}.example/a/{self.key:03}"

    def announcement(self) -> Announcement:
        pair = [Party(code, "state", code, code) for code in PAIRS[self.key - 1]]
        parties = tuple(pair) if self.key else (make.ITALY, make.CHINA)
        base = make.announcement(parties=parties, quote=self.text.split(".")[0] + ".", object=f"accordo {self.key}")
        return replace(base, **dict(self.changes))


# ---------------------------------------------------------------------------------------------- the product


@dataclass
class Product:
    """Match, collect and deliver, wired as in the app, over a store of their own. ``judge`` knows what each article says."""

    folder: Path
    now: datetime = NOW
    routes: tuple[Route, ...] = ()
    delivery: DeliverySettings = field(default_factory=lambda: DeliverySettings(deadline_s=1.0))
    articles: int = 0
    said: dict[str, News] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runner = asyncio.Runner()
        self._open()

    def use(self, *routes: Route) -> None:
        self.routes = routes
        self._wire()

    def _open(self) -> None:
        self.store: Store = new_store(f"sqlite:///{self.folder}/coopwatch.db")
        self.store.manners.release_claims(self.now)
        self._wire()

    def _wire(self) -> None:
        url = f"sqlite:///{self.folder}/coopwatch.db"
        settings = Settings(state_dir=self.folder, database_url=url, rules_dir=(self.folder,), feeds_file=())
        settings = replace(settings, delivery=self.delivery)
        egress = Egress(fetch_limits(settings))
        post = Desk(self.routes, Office.open("example.org"))
        senders = {route.name: sender(route, settings, egress) for route in self.routes}
        self.match = MatchStep(self.store, self, post, clock=self._clock)
        self.collect = CollectStep(self.store, post, self.delivery)
        self.deliver = DeliverStep(
            self.store.outbox, senders, post, self.delivery, clock=self._clock, chance=lambda: 0.5
        )

    def _clock(self) -> datetime:
        return self.now

    def judge(self, article: Article, *, now: datetime) -> Judgement:
        """What the rules would say."""
        found = self.said[article.title].announcement()
        return Judgement("it", Verdict.ANNOUNCEMENT, found.score, True, (found,), (), (), "test")

    def close(self) -> None:
        self.store.close()
        self.runner.close()

    def restart(self) -> None:
        """Kills what is in memory and begins anew."""
        self.store.close()
        self._open()

    def arrive(self, *news: News) -> None:
        """Articles are read and judged; what is owed for them stands in the outbox. Nothing is sent yet."""
        for each in news:
            self._insert(each)
        self._step(self.match)

    def _insert(self, news: News) -> None:
        self.articles += 1
        title = f"{news.title}{' ' * (self.articles % 7)}"
        title = news.title if news.title not in self.said else f"{news.title} ({self.articles})"
        self.said[title] = news
        spec = FeedSpec(url=f"https://{news.feed}.example/feed", title=news.feed, language="it")
        with self.store.database.write() as connection:
            known = connection.execute(tables.feed.select().where(tables.feed.c.id == news.feed)).first()
            if known is None:
                row = {
                    "id": news.feed,
                    "listed_url": spec.url,
                    "url": spec.url,
                    "title": news.feed,
                    "spec": to_json(spec),
                }
                connection.execute(
                    tables.feed.insert().values(
                        row | {"state": "ok", "reason": "", "schedule": "", "due_at": self.now, "added_at": self.now}
                    )
                )
            connection.execute(
                tables.entry.insert().values(
                    id=self.articles,
                    feed_id=news.feed,
                    batch=0,
                    guid=f"{news.url}?{self.articles}",
                    url=news.url,
                    title=title,
                    summary="",
                    content="",
                    first_seen_at=self.now,
                    order_at=self.now,
                    published_at=self.now,
                    reason="",
                    state=EntryState.READ,
                    due_at=self.now,
                    wait_until=self.now,
                )
            )
            connection.execute(
                tables.article.insert().values(
                    entry_id=self.articles,
                    title=title,
                    text=news.text,
                    url=news.url,
                    canonical_url=news.url,
                    published_at=self.now,
                    method=ReadMethod.PAGE,
                    read_at=self.now,
                )
            )

    def work(self) -> None:
        """Everything that is due at the clock's time."""
        while any(self._step(step) for step in (self.match, self.collect, self.deliver)):
            pass

    def finish(self) -> None:
        """Nothing more comes: what was held goes too."""
        self.collect.finish()
        self.work()

    def _step(self, step: Any) -> bool:
        found = False
        while works := step.claim(self.now, 8):
            found = True
            acts: list[Awaitable[Any]] = [step.act(work) for work in works]
            results = self.runner.run(_gathered(acts))
            step.commit(results, self.now)
        return found

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.work()

    def crash_while_sending(self) -> None:
        """The messages leave, their record does not."""
        works = self.deliver.claim(self.now, 8)
        self.runner.run(_gathered([self.deliver.act(work) for work in works]))
        self.restart()

    def replay(self) -> None:
        """An operator sends again what was given up."""
        from monitor.store.curation import Action

        dead = [each.id for each in self.outbox("dead")]
        self.store.curation.replay(dead, Action("ada", "replay", "delivery", ""), self.now)

    def silence(self, clause: MatchClause, seconds: float) -> None:
        from monitor.alert import silence
        from monitor.store.people import add_silence

        made = silence.new(clause, "Ada", "fair week", self.now, self.now + timedelta(seconds=seconds))
        add_silence(self.store.database, made)

    def outbox(self, *states: str) -> tuple[Delivery, ...]:
        return self.store.views.deliveries(states, 10_000)

    def rows(self, query: str) -> list[Any]:
        with self.store.database.read() as connection:
            return list(connection.exec_driver_sql(query))


async def _gathered(acts: list[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*acts))


# ---------------------------------------------------------------------------------------------- the naive sender


@dataclass
class Naive:
    """What a first draft does: a match is mailed and posted at once, whatever the answer. It forgets."""

    folder: Path
    now: datetime = NOW
    routes: tuple[Route, ...] = ()
    pending: list[News] = field(default_factory=list)
    delivery: Any = None

    def use(self, *routes: Route) -> None:
        self.routes = routes

    def close(self) -> None:
        """Holds nothing."""

    def restart(self) -> None:
        self.pending.clear()

    def arrive(self, *news: News) -> None:
        self.pending += news

    def work(self) -> None:
        while self.pending:
            self._send(self.pending.pop(0))

    finish = work

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.work()

    def crash_while_sending(self) -> None:
        self.work()
        self.restart()

    def replay(self) -> None:
        """Kept nothing."""

    def silence(self, clause: MatchClause, seconds: float) -> None:
        """Knows none."""

    def outbox(self, *states: str) -> tuple[Delivery, ...]:
        return ()

    def rows(self, query: str) -> list[Any]:
        return []

    def _send(self, news: News) -> None:
        import smtplib
        from email.mime.text import MIMEText

        import httpx

        for route in self.routes:
            if route.mode is not RouteMode.IMMEDIATE:
                continue
            try:
                if route.channel is Channel.EMAIL and route.smtp:
                    message = MIMEText(f"{news.title}\n\n{news.text}\n\n{news.url}\n", "plain", "utf-8")
                    message["Subject"], message["From"] = news.title, route.sender
                    message["To"] = ", ".join(route.to)
                    with smtplib.SMTP(route.smtp.host, route.smtp.port, timeout=2) as client:
                        if route.smtp.username:
                            client.login(route.smtp.username, route.smtp.password.get_secret_value())
                        client.sendmail(route.sender, list(route.to), message.as_string().encode("utf-8"))
                elif route.channel is Channel.WEBHOOK:
                    httpx.post(route.url, json={"title": news.title, "url": news.url}, timeout=2, follow_redirects=True)
            except (OSError, smtplib.SMTPException, httpx.HTTPError):
                continue


def elapsed(work: Callable[[], None]) -> float:
    """Seconds that ``work`` takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started
