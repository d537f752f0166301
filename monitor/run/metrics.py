"""What Prometheus is told: names begin with ``coopwatch_``, base units (contract 5). One register for each service, no globals.

Counters move where a step ends; gauges that the store knows (outbox, feeds, stories) are set by the self-watch, so that a
scrape costs no query.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from monitor import __version__

POLL_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LATENCY_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)


class Metrics:
    """Every metric of the service; ``text()`` is the page that Prometheus reads."""

    def __init__(self) -> None:
        register = CollectorRegistry()
        ProcessCollector(registry=register)
        PlatformCollector(registry=register)
        GCCollector(registry=register)
        self._register = register
        info = Gauge("coopwatch_build_info", "Version of this service, always 1", ["version"], registry=register)
        info.labels(__version__).set(1)
        self.polls = Counter("coopwatch_polls", "Feeds asked, by outcome", ["result"], registry=register)
        self.poll_s = Histogram(
            "coopwatch_poll_duration_seconds", "One poll, request to stored", registry=register, buckets=POLL_S
        )
        self.poll_lag_s = Gauge("coopwatch_poll_lag_seconds", "How late the most overdue feed is", registry=register)
        self.entries = Counter(
            "coopwatch_entries", "Entries and articles that ended, by disposition", ["disposition"], registry=register
        )
        self.gaps = Counter("coopwatch_possible_gaps", "Polls without any entry of the poll before", registry=register)
        self.read_s = Histogram(
            "coopwatch_extract_duration_seconds", "One page, bytes to text", registry=register, buckets=POLL_S
        )
        self.workers_killed = Counter(
            "coopwatch_workers_killed", "Worker processes ended at a limit, by limit", ["limit"], registry=register
        )
        self.judged = Counter(
            "coopwatch_articles_judged", "Articles judged, by verdict", ["verdict"], registry=register
        )
        self.stories = Counter("coopwatch_stories", "Changes of stories, by novelty", ["novelty"], registry=register)
        self.deliveries = Counter(
            "coopwatch_deliveries", "Attempts to deliver, by route and result", ["route", "result"], registry=register
        )
        self.latency_s = Histogram(
            "coopwatch_published_to_sent_seconds",
            "From publication to the first sent alert",
            registry=register,
            buckets=LATENCY_S,
        )
        self.outbox = Gauge("coopwatch_outbox_pending", "Deliveries that wait", registry=register)
        self.outbox_oldest_s = Gauge(
            "coopwatch_outbox_oldest_seconds", "Age of the oldest delivery that is due", registry=register
        )
        self.dead_letters = Gauge("coopwatch_dead_letters", "Deliveries parked for a person", registry=register)
        self.feeds = Gauge("coopwatch_feeds", "Feeds, by state", ["state"], registry=register)
        self.episodes = Gauge("coopwatch_health_episodes", "Open health episodes, by kind", ["kind"], registry=register)
        self.rules_loaded = Gauge(
            "coopwatch_rules_loaded_timestamp_seconds", "When the rule set in force was loaded", registry=register
        )
        self.rules_refused = Gauge(
            "coopwatch_rules_refused", "1 while a newer rule set on disk is refused", registry=register
        )
        self.database_bytes = Gauge("coopwatch_database_size_bytes", "Size of the database", registry=register)
        self.disk_free_bytes = Gauge("coopwatch_disk_free_bytes", "Free space where the state lies", registry=register)
        self.last_poll = Gauge("coopwatch_last_poll_timestamp_seconds", "End of the last poll", registry=register)
        self.canary = Gauge(
            "coopwatch_canary_timestamp_seconds", "When the last canary went through", registry=register
        )
        self.log_lines_dropped = Counter(
            "coopwatch_log_lines_dropped", "Log lines lost because nobody read them", registry=register
        )

    def text(self) -> bytes:
        """The exposition format, UTF-8."""
        return generate_latest(self._register)
