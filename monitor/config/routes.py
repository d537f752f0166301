"""Routes and mail servers as frozen values: who gets which stories, how and when, each with its check."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from monitor.config.values import (
    STRICT,
    ClockTime,
    List,
    Mailbox,
    PlacedPath,
    Port,
    Seconds,
    SecretFile,
    SecretLines,
    Zone,
    one_of,
)
from monitor.model import ActType, RouteMode, Sector, Stage

Share = Annotated[float, Field(ge=0, le=1)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# Messages an hour, per channel, before the overflow goes into one message (contract 6).
HOURLY_CAP = {"email": 12, "apprise": 5, "webhook": 0, "file": 0}


class Channel(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server. ``starttls`` required: never plain text; ``tls``: TLS from the first byte (port 465)."""

    __pydantic_config__ = STRICT

    host: str
    port: Port = 587
    starttls: Literal["none", "required", "auto"] = "required"
    tls: bool = False
    username: str = ""
    password: Annotated[SecretFile, Field(alias="password_file")] = field(default=SecretStr(""), repr=False)
    ca_file: Annotated[PlacedPath | None, Field()] = None
    timeout_s: Annotated[Seconds, Field(alias="timeout", gt=0)] = 60.0

    def __post_init__(self) -> None:
        plain = self.starttls != "required" and not self.tls
        if self.username and plain and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(f'login at {self.host} needs starttls = "required" or tls = true: no password in clear')


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchClause:
    """Which stories: every key that is not empty must hold, of a key's values one suffices, ``!X`` excludes; ``pairs``
    holds when both sides of one pair take part. ``stories``, ``feeds`` and ``rules`` are ids (silences use them)."""

    __pydantic_config__ = STRICT

    pairs: tuple[tuple[str, str], ...] = ()
    principals: Annotated[tuple[str, ...], List] = ()
    types: Annotated[tuple[Annotated[str, AfterValidator(one_of(ActType))], ...], List] = ()
    stages: Annotated[tuple[Annotated[str, AfterValidator(one_of(Stage))], ...], List] = ()
    sectors: Annotated[tuple[Annotated[str, AfterValidator(one_of(Sector))], ...], List] = ()
    topics: Annotated[tuple[str, ...], List] = ()
    stories: Annotated[tuple[str, ...], List] = ()
    feeds: Annotated[tuple[str, ...], List] = ()
    rules: Annotated[tuple[str, ...], List] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """[[routes]]: who gets which stories, how and when."""

    __pydantic_config__ = STRICT

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    channel: Channel
    mode: RouteMode = RouteMode.IMMEDIATE
    language: Literal["it", "en"] = "it"
    source_languages: Annotated[tuple[str, ...], List] = ()
    threshold: Share = 0.4  # where announcements begin (rules/weights.yaml): without the key, all of them are told
    max_per_hour: Annotated[int | None, Field(ge=0)] = None
    match: Annotated[tuple[MatchClause, ...], List] = ()
    at: Annotated[tuple[ClockTime, ...], List] = ()
    days: Annotated[tuple[Day, ...], List] = ()
    timezone: Zone = "Europe/Rome"
    reminders: bool = True
    # email
    to: Annotated[tuple[Mailbox, ...], List] = ()
    sender: Annotated[str, Field(alias="from")] = ""
    reply_to: str = ""
    unsubscribe: str = ""
    smtp: Smtp | None = None
    # webhook, apprise, file
    url: str = field(default="", repr=False)
    url_secret: Annotated[SecretFile, Field(alias="url_file")] = field(default=SecretStr(""), repr=False)
    secrets: Annotated[SecretLines, Field(alias="secret_file")] = field(default=(), repr=False)
    path: PlacedPath | None = None

    def __post_init__(self) -> None:
        if faults := _route_faults(self):
            raise ValueError("; ".join(faults))

    @property
    def hourly_cap(self) -> int:
        """Messages an hour before the overflow goes into one message; 0 = no cap."""
        return HOURLY_CAP[self.channel] if self.max_per_hour is None else self.max_per_hour

    @property
    def endpoint(self) -> str:
        """The address that this route posts to, from ``url`` or the file ``url_file`` (addresses may hold tokens)."""
        return self.url or self.url_secret.get_secret_value()


def _route_faults(route: Route) -> list[str]:
    """What a route lacks, or has too much of, for its channel and mode."""
    needs = {
        Channel.EMAIL: [("to", bool(route.to))],
        Channel.WEBHOOK: [
            ("url (or url_file)", bool(route.endpoint)),
            ("secret_file", bool(route.secrets)),
        ],
        Channel.APPRISE: [("url_file (or url)", bool(route.endpoint))],
        Channel.FILE: [],
    }[route.channel]
    faults = [f"a {route.channel} route needs {key}" for key, given in needs if not given]
    if route.mode in (RouteMode.DIGEST, RouteMode.REPORT) and not route.at:
        faults.append(f'mode = "{route.mode}" needs at, such as at = ["08:00"]')
    if route.mode in (RouteMode.IMMEDIATE, RouteMode.HEALTH) and (route.at or route.days):
        faults.append(f'at and days belong to mode = "digest" or "report", not to "{route.mode}"')
    if route.mode is RouteMode.REPORT and route.channel in (Channel.WEBHOOK, Channel.APPRISE):
        faults.append('mode = "report" makes a document; its channel is email or file')
    if route.unsubscribe and not route.unsubscribe.startswith(("https://", "mailto:")):
        faults.append("unsubscribe must begin with https:// or mailto:")
    if route.channel is Channel.WEBHOOK and route.endpoint and not route.endpoint.startswith(("http://", "https://")):
        faults.append("url must begin with https:// or http://")
    return faults
