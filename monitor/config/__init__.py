"""Configuration: coopwatch.toml, environment variables and systemd credentials become frozen ``Settings``.

Nothing is read at import time; ``load`` reads when it is called and reports every fault at once, each with its place.
"""

from monitor.config.load import ENVIRONMENT_PREFIX, documented_keys, load
from monitor.config.places import Places, checkout, find_config_file, find_places
from monitor.config.routes import Channel, MatchClause, Route, Smtp
from monitor.config.settings import (
    ConsoleSettings,
    DeliverySettings,
    FetchSettings,
    KeepSettings,
    LogSettings,
    Settings,
    WatchSettings,
    WorkerSettings,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "Channel",
    "ConsoleSettings",
    "DeliverySettings",
    "FetchSettings",
    "KeepSettings",
    "LogSettings",
    "MatchClause",
    "Places",
    "Route",
    "Settings",
    "Smtp",
    "WatchSettings",
    "WorkerSettings",
    "checkout",
    "documented_keys",
    "find_config_file",
    "find_places",
    "load",
]
