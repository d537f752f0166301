"""One module per channel; its file name is its name in the configuration. Each offers ``Settings`` with
``Settings.of(route, settings, env)`` and ``async send(settings, delivery, now) -> SendResult``. None of them retries, waits or
remembers: the outbox does."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monitor.config import Route, Settings
from monitor.model import Delivery, HttpAnswer, HttpFailure, SendResult

Send = Callable[[Delivery, datetime], Awaitable[SendResult]]


class Egress(Protocol):
    """The guarded way out over HTTP (monitor.fetch offers it). Redirects are answers, never followed; of an answer's
    body at most 64 KiB are read; nothing is raised."""

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline_s: float
    ) -> HttpAnswer | HttpFailure: ...


@dataclass(frozen=True, slots=True)
class Environment:
    """What channels need besides their route: the way out, and this machine's name for HELO and Message-ID."""

    egress: Egress
    host: str


def prepare(route: Route, settings: Settings, environment: Environment) -> Send:
    """The sending function of a route. Only the module of the channel in use is loaded: Apprise alone takes half a
    second."""
    module = importlib.import_module(f"monitor.alert.channels.{route.channel}")
    prepared = module.Settings.of(route, settings, environment)

    async def send(delivery: Delivery, now: datetime) -> SendResult:
        result: SendResult = await module.send(prepared, delivery, now)
        return result

    return send
