"""What is remembered: one implementation for SQLite and PostgreSQL. Takes and gives values, never rows.

``open_store`` gives the small stores that the steps use, each with a handful of methods. Everything here is synchronous
and short; who calls it from a loop does so through one writing thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.store.articles import MatchStore
from monitor.store.collecting import CollectStore
from monitor.store.curation import CurationStore
from monitor.store.engine import Database, open_database, sqlite_file
from monitor.store.entries import ReadStore
from monitor.store.feeds import FeedStore
from monitor.store.fleet import FleetStore
from monitor.store.health import HealthStore
from monitor.store.imports import ImportStore
from monitor.store.lock import RunnerLock
from monitor.store.manners import MannersStore
from monitor.store.outbox import OutboxStore
from monitor.store.people import PeopleStore
from monitor.store.schema import prepare
from monitor.store.stories import StoryStore
from monitor.store.told import ToldStore
from monitor.store.trail import TrailStore
from monitor.store.views import ViewStore


@dataclass(frozen=True, slots=True)
class Store:
    """The small stores over one database."""

    database: Database
    feeds: FeedStore
    reads: ReadStore
    matches: MatchStore
    stories: StoryStore
    told: ToldStore
    outbox: OutboxStore
    collects: CollectStore
    people: PeopleStore
    manners: MannersStore
    views: ViewStore
    curation: CurationStore
    imports: ImportStore
    trails: TrailStore
    health: HealthStore
    fleet: FleetStore

    def close(self) -> None:
        """Closes every connection."""
        self.database.close()


def open_store(url: str) -> Store:
    """The store at ``url``, made or brought to this version's schema where needed. Raises ConfigError, StoreError."""
    database = open_database(url)
    try:
        prepare(database, url)
    except BaseException:
        database.close()
        raise
    return Store(
        database,
        FeedStore(database),
        ReadStore(database),
        MatchStore(database),
        StoryStore(database),
        ToldStore(database),
        OutboxStore(database),
        CollectStore(database),
        PeopleStore(database),
        MannersStore(database),
        ViewStore(database),
        CurationStore(database),
        ImportStore(database),
        TrailStore(database),
        HealthStore(database),
        FleetStore(database),
    )


def runner_lock(url: str) -> RunnerLock | None:
    """The lock that a runner on this database takes; None where many may run (PostgreSQL)."""
    file = sqlite_file(url)
    return None if file is None else RunnerLock(file)


__all__ = ["Store", "open_store", "runner_lock"]
