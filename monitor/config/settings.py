"""The settings as frozen values. Every key of coopwatch.toml stands here with its default and its check; what each
one means to an operator is said in docs/coopwatch.sample.toml. Durations are seconds and end in ``_s`` (keys do not).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from monitor.config.values import (
    ClockTime,
    HostPort,
    List,
    Mailbox,
    PlacedPath,
    Seconds,
    SecretFile,
    SecretLines,
    Zone,
    one_of,
)
from monitor.model import ActType, RouteMode, Sector, Stage

STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)
Share = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# Messages an hour, per channel, before the overflow goes into one message (contract 6).
HOURLY_CAP = {"email": 12, "apprise": 5, "webhook": 0, "file": 0}


class Channel(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """[fetch]: how feeds and pages are asked for."""

    __pydantic_config__ = STRICT

    allow_private: Annotated[tuple[HostPort, ...], List] = ()
    allow_ports: tuple[Port, ...] = (80, 443)
    proxy: str = ""
    min_interval_s: Annotated[Seconds, Field(alias="min_interval", gt=0)] = 900.0
    max_interval_s: Annotated[Seconds, Field(alias="max_interval", gt=0)] = 86400.0
    deadline_s: Annotated[Seconds, Field(alias="deadline", gt=0)] = 60.0
    connect_timeout_s: Annotated[Seconds, Field(alias="connect_timeout", gt=0)] = 10.0
    read_timeout_s: Annotated[Seconds, Field(alias="read_timeout", gt=0)] = 20.0
    host_delay_s: Annotated[Seconds, Field(alias="host_delay", ge=0)] = 1.0
    host_concurrency: Positive = 2
    concurrency: Positive = 32
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    max_wire_bytes: Positive = 10 * 1024 * 1024
    max_body_bytes: Positive = 10 * 1024 * 1024
    max_entries: Positive = 500
    move_after_s: Annotated[Seconds, Field(alias="move_after", ge=0)] = 86400.0
    gone_after_s: Annotated[Seconds, Field(alias="gone_after", ge=0)] = 86400.0
    full_refetch_after_s: Annotated[Seconds, Field(alias="full_refetch_after", gt=0)] = 604800.0
    article_wait_s: Annotated[Seconds, Field(alias="article_wait", ge=0)] = 900.0

    def __post_init__(self) -> None:
        if self.min_interval_s > self.max_interval_s:
            raise ValueError("min_interval is longer than max_interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """[workers]: the killable processes that parse feeds and read pages."""

    __pydantic_config__ = STRICT

    processes: Annotated[int, Field(ge=1, le=64)] = 1
    deadline_s: Annotated[Seconds, Field(alias="deadline", gt=0)] = 10.0
    memory_mib: Annotated[int, Field(ge=128)] = 512
    recycle_after: Positive = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """[delivery]: how messages leave."""

    __pydantic_config__ = STRICT

    retry_s: Annotated[tuple[Seconds, ...], List, Field(alias="retry", min_length=1)] = (
        5.0,
        300.0,
        1800.0,
        7200.0,
        18000.0,
        36000.0,
        50400.0,
        72000.0,
        86400.0,
    )
    deadline_s: Annotated[Seconds, Field(alias="deadline", gt=0)] = 30.0
    concurrency: Positive = 8
    catch_up_after_s: Annotated[Seconds, Field(alias="catch_up_after", gt=0)] = 7200.0
    circuit_after: Positive = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """[log]: what is written about the work, to standard error."""

    __pydantic_config__ = STRICT

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """[console]: the operators' page."""

    __pydantic_config__ = STRICT

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8484  # 0 = any free one (tests)
    language: Literal["it", "en"] = "it"
    password: Annotated[SecretFile, Field(alias="password_file")] = field(default=SecretStr(""), repr=False)
    api_token: Annotated[SecretFile, Field(alias="api_token_file")] = field(default=SecretStr(""), repr=False)
    proxy_header: str = ""  # the reverse proxy names the operator in it
    secure_cookie: bool = False  # true behind https


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """[watch]: how the service looks after itself."""

    __pydantic_config__ = STRICT

    ping_url: Annotated[SecretFile, Field(alias="ping_url_file")] = field(default=SecretStr(""), repr=False)
    ping_every_s: Annotated[Seconds, Field(alias="ping_every", gt=0)] = 300.0
    check_every_s: Annotated[Seconds, Field(alias="check_every", gt=0)] = 60.0
    late_after_s: Annotated[Seconds, Field(alias="late_after", gt=0)] = 1800.0
    remind_every_s: Annotated[Seconds, Field(alias="remind_every", gt=0)] = 86400.0
    calm_for_s: Annotated[Seconds, Field(alias="calm_for", gt=0)] = 1200.0
    canary_at: ClockTime = "06:30"
    canary: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSettings:
    """[keep]: how long data stays. Identity and stories outlive the texts, so that nothing old is told as new."""

    __pydantic_config__ = STRICT

    texts_s: Annotated[Seconds, Field(alias="texts", gt=0)] = 180 * 86400.0
    identity_s: Annotated[Seconds, Field(alias="identity", ge=400 * 86400.0)] = 400 * 86400.0
    deliveries_s: Annotated[Seconds, Field(alias="deliveries", gt=0)] = 400 * 86400.0
    backups: Positive = 14
    backup_dir: PlacedPath | None = None  # None = state_dir/backups


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
    threshold: Share = 0.5
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the operator may set."""

    __pydantic_config__ = STRICT

    state_dir: PlacedPath
    database_url: str = field(repr=False)  # may hold a password
    rules_dir: Annotated[tuple[PlacedPath, ...], List, Field(min_length=1)]
    feeds_file: Annotated[tuple[PlacedPath, ...], List]
    contact: str = ""
    timezone: Zone = "Europe/Rome"
    public_url: str = ""
    alert_max_age_s: Annotated[Seconds, Field(alias="alert_max_age", ge=0)] = 86400.0  # 0 = no limit
    fetch: FetchSettings = field(default_factory=FetchSettings)
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    log: LogSettings = field(default_factory=LogSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    keep: KeepSettings = field(default_factory=KeepSettings)
    smtp: Smtp | None = None
    routes: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        names = [route.name for route in self.routes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two routes are called {twice[0]!r}; names must differ")
        for route in self.routes:
            if route.channel is Channel.EMAIL and route.smtp is None and self.smtp is None:
                raise ValueError(f"route {route.name!r} sends mail and neither it nor [smtp] names a mail server")

    @property
    def alerts_dir(self) -> Path:
        """Where alerts are written while no route leads out of this machine."""
        return self.state_dir / "alerts"

    @property
    def cache_dir(self) -> Path:
        """Expanded forms and other things that can be made again."""
        return self.state_dir / "cache"

    @property
    def backup_dir(self) -> Path:
        """Where verified copies of the database are kept."""
        return self.keep.backup_dir or self.state_dir / "backups"

    @property
    def own_feeds_file(self) -> Path:
        """The only feeds file that the product writes (``feeds add`` and the page); the last layer."""
        return self.state_dir / "feeds.yaml"

    @property
    def sends_nothing(self) -> bool:
        """True when no alert can leave this machine: no route but files."""
        return all(route.channel is Channel.FILE or route.mode is RouteMode.HEALTH for route in self.routes)
