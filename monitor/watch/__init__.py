"""Facts about the service -> health episodes: what is wrong, since when, and when somebody is told. Pure."""

from monitor.watch.episodes import Episode, Moment, News, advance
from monitor.watch.facts import Facts, Fault, FeedFact, HealthKind, faults

__all__ = ["Episode", "Facts", "Fault", "FeedFact", "HealthKind", "Moment", "News", "advance", "faults"]
