"""The settings as frozen values. Every key of coopwatch.toml stands here or in routes with its default and its check; what each
one means to an operator is said in docs/coopwatch.sample.toml. Durations are seconds and end in ``_s`` (keys do not).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from monitor.config.routes import Channel, Route, Smtp
from monitor.config.values import STRICT, ClockTime, HostPort, List, PlacedPath, Port, Seconds, SecretFile, Zone
from monitor.model import RouteMode

Positive = Annotated[int, Field(ge=1)]


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
    concurrency: Positive = 64
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
    def rules_history_dir(self) -> Path:
        """Copies of the rule sets that were in force or checked."""
        return self.state_dir / "rules-history"

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
