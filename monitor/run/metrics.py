"""What Prometheus is told: names begin with ``coopwatch_``, base units (contract 5). One register for each service, no globals.

Counters follow what the steps' commits counted; gauges that the store knows (outbox, feeds, episodes) are set by the
self-watch, so that a scrape costs no query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from monitor import __version__
from monitor.run.poll import READ

STEP_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
LATENCY_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
NOT_A_POLL = frozenset({"entries", "edits"})  # what a poll counts besides its outcome and the articles that it read


class Metrics:
    """Every metric of the service; ``text()`` is the page that Prometheus reads."""

    def __init__(self) -> None:
        register = CollectorRegistry()
        ProcessCollector(registry=register)
        PlatformCollector(registry=register)
        GCCollector(registry=register)
        self._register = register
        self._taken: dict[tuple[str, str], int] = {}

        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"coopwatch_{name}", words, labels, registry=register)

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"coopwatch_{name}", words, labels, registry=register)

        gauge("build_info", "Version of this service, always 1", "version").labels(__version__).set(1)
        self.polls = counter("polls", "Feeds asked, by outcome", "result")
        self.entries = counter("entries", "Entries listed for the first time, and edits of known ones", "kind")
        self.read = counter("articles_read", "Articles read, by how their text was come by", "method")
        self.judged = counter("articles_judged", "Articles judged, by disposition", "disposition")
        self.collected = counter("messages_collected", "Digests and other collecting messages made, by kind", "kind")
        self.deliveries = counter("deliveries", "Attempts to deliver, by how they ended", "result")
        self.step_s = Histogram(
            "coopwatch_step_duration_seconds",
            "One work of a step, on the network or in a worker",
            ["step"],
            registry=register,
            buckets=STEP_S,
        )
        self.latency_s = Histogram(
            "coopwatch_published_to_sent_seconds",
            "From publication to the sent alert",
            registry=register,
            buckets=LATENCY_S,
        )
        self.poll_lag_s = gauge("poll_lag_seconds", "How late the most overdue feed is")
        self.last_poll = gauge("last_poll_timestamp_seconds", "End of the last poll")
        self.feeds = gauge("feeds", "Feeds, by state", "state")
        self.outbox = gauge("outbox_pending", "Deliveries that wait")
        self.outbox_oldest_s = gauge("outbox_oldest_seconds", "Age of the oldest delivery that waits")
        self.dead_letters = gauge("dead_letters", "Deliveries parked for a person")
        self.episodes = gauge("health_episodes", "1 while trouble of this kind lasts", "kind")
        self.rules_loaded = gauge("rules_loaded_timestamp_seconds", "When the rule set in force was loaded")
        self.rules_refused = gauge("rules_refused", "1 while a newer rule set on disk is refused")
        self.canary = gauge("canary_timestamp_seconds", "When the last canary went through")
        self.database_bytes = gauge("database_size_bytes", "Size of the database")
        self.disk_free_bytes = gauge("disk_free_bytes", "Free space where the state lies")
        self.workers_ended = gauge("worker_processes_ended", "Worker processes that were ended at a limit or died")
        self.log_lines_dropped = gauge("log_lines_dropped", "Log lines lost because nobody read them")

    def take(self, totals: Mapping[str, Mapping[str, int]]) -> None:
        """Moves the counters to the driver's totals, which only grow while it lives."""
        lanes: Mapping[str, Callable[[str], Counter]] = {
            "poll": self._of_poll,
            "read": lambda what: self.read.labels(what),
            "match": lambda what: self.judged.labels(what),
            "collect": lambda what: self.collected.labels(what),
            "deliver": lambda what: self.deliveries.labels(what),
        }
        for step, counts in totals.items():
            for what, count in counts.items():
                grown = count - self._taken.get((step, what), 0)
                if grown > 0 and step in lanes:
                    self._taken[step, what] = count
                    lanes[step](what).inc(grown)

    def _of_poll(self, what: str) -> Counter:
        if what.startswith(READ):
            return self.read.labels(what.removeprefix(READ))
        return self.entries.labels(what) if what in NOT_A_POLL else self.polls.labels(what)

    def text(self) -> bytes:
        """The exposition format, UTF-8."""
        return generate_latest(self._register)
