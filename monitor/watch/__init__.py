"""Facts about the service -> health episodes: what is wrong, since when, and when somebody is told. Pure."""

from monitor.watch.episodes import Moment, News, advance
from monitor.watch.facts import SILENT_LEAST, Facts, Fault, FeedFact, HealthKind, faults, is_silent, is_stale

__all__ = [
    "SILENT_LEAST",
    "Facts",
    "Fault",
    "FeedFact",
    "HealthKind",
    "Moment",
    "News",
    "advance",
    "faults",
    "is_silent",
    "is_stale",
]
