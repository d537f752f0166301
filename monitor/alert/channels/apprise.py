"""Everything else (Slack, Teams, Discord, Telegram, Matrix, ntfy, SMS ...) through Apprise: a short text, sent by its
blocking library in a thread of its own that a deadline leaves behind.

It does not pass the address guard: the address is the operator's own, content is text in it and chooses no host. A redirect
would let the service's answer choose one, so none is followed."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import apprise

from monitor.alert import clean
from monitor.alert.channels import Environment
from monitor.config import Route
from monitor.config import Settings as Configuration
from monitor.model import Delivery, SendFault, SendResult

ANSWER_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's Apprise address; it holds its token, so it is never shown."""

    url: str = field(repr=False)
    deadline_s: float = 30.0

    @classmethod
    def of(cls, route: Route, settings: Configuration, environment: Environment) -> Settings:
        return cls(route.endpoint, settings.delivery.deadline_s)


async def send(settings: Settings, delivery: Delivery, now: datetime) -> SendResult:
    """Sends the delivery's text. Apprise tells yes or no only, so every no is for later; past the deadline it is doubtful.
    ``now`` is not used."""
    service = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
    if not service.add(settings.url):
        return SendResult(ok=False, permanent=True, fault=SendFault.LOCAL, answer="Apprise does not know this address")
    text = delivery.body.decode("utf-8")
    try:
        async with asyncio.timeout(settings.deadline_s):
            ok, said = await _in_thread(lambda: _notify(service, text))
    except TimeoutError:
        return SendResult(ok=False, doubtful=True, fault=SendFault.DEADLINE, answer="no answer within the deadline")
    if ok:
        return SendResult(ok=True, answer="accepted")
    answer = clean.line(_without(settings.url, said), ANSWER_LIMIT) or "refused by the service"
    return SendResult(ok=False, fault=SendFault.CONNECT, answer=answer)


def _notify(service: apprise.Apprise, text: str) -> tuple[bool, str]:
    """Whether Apprise could send, and what it logged about why not (it has no other way to say)."""
    with _captured() as lines:
        ok = service.notify(body=text, body_format=apprise.NotifyFormat.TEXT)
    return bool(ok), " / ".join(lines)


@contextmanager
def _captured() -> Iterator[list[str]]:
    """Warnings and errors that Apprise logs in this thread."""
    lines: list[str] = []
    mine = threading.get_ident()

    class Capture(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == mine:
                lines.append(record.getMessage())

    logger, handler = logging.getLogger("apprise"), Capture(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


def _without(url: str, text: str) -> str:
    """``text`` without the parts of the address that may be tokens."""
    for part in url.replace("?", "/").replace("@", "/").replace(":", "/").split("/"):
        if len(part) >= 6:
            text = text.replace(part, "***")
    return text


async def _in_thread(call: Callable[[], tuple[bool, str]]) -> tuple[bool, str]:
    """The result of ``call`` in a daemon thread of its own: one that hangs holds neither the pool nor the exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[bool, str]] = loop.create_future()

    def report(result: tuple[bool, str]) -> None:
        if not done.done():
            done.set_result(result)

    def work() -> None:
        try:
            result = call()
        except (OSError, ValueError, TypeError, RuntimeError) as exc:
            result = (False, f"{type(exc).__name__}: {exc}")
        try:
            loop.call_soon_threadsafe(report, result)
        except RuntimeError:  # the loop has ended meanwhile: nobody waits for the answer
            return

    threading.Thread(target=work, name="apprise", daemon=True).start()
    return await done
