"""robots.txt of many origins at once: how often the store is asked, and what a cancelled work takes with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.fetch.egress import Egress, Settings
from monitor.fetch.pacing import Pacing
from monitor.fetch.robots import Robots
from monitor.run.driver import Writer
from monitor.run.robots_book import RobotsBook
from monitor.store import Store, open_store
from monitor.store.manners import MannersStore, StoredRobots

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URLS = [f"https://news-{number}.example/1.html" for number in range(20)]


class Counting(MannersStore):
    """A store that remembers what it was asked for."""

    looks: list[list[str]]

    def robots(self, origins: Iterable[str]) -> dict[str, StoredRobots]:
        self.looks.append(sorted(origins))
        return super().robots(self.looks[-1])


@pytest.fixture
def manners(tmp_path: Path) -> Iterable[Counting]:
    store: Store = open_store(f"sqlite:///{tmp_path}/robots.db")
    found = Counting(store.database)
    found.looks = []
    for url in URLS:
        body = f"User-agent: *\nDisallow: /{url[8:]}\n"
        kept = StoredRobots(url.rpartition("/")[0], NOW, NOW + timedelta(hours=20), "rules", body)
        found.keep_robots(kept)
    yield found
    store.close()


async def _all(manners: Counting, *, cancelled: int) -> list[Robots]:
    writer = Writer()
    book = RobotsBook(Egress(Settings("coopwatch/0")), Pacing(), frozenset(), manners, writer)
    asking = [asyncio.create_task(book.of(url, NOW)) for url in URLS]
    await asyncio.sleep(0)
    for one in asking[:cancelled]:
        one.cancel()
    found = await asyncio.gather(*asking[cancelled:])
    found += [await book.of(url, NOW) for url in URLS[cancelled:]]
    writer.close()
    return found


def test_works_that_begin_together_share_a_look_into_the_store(manners: Counting) -> None:
    found = asyncio.run(_all(manners, cancelled=0))
    assert [one.body for one in found] == [f"User-agent: *\nDisallow: /{url[8:]}\n" for url in URLS] * 2
    assert manners.looks == [sorted(url.rpartition("/")[0] for url in URLS)]


def test_a_work_that_is_cancelled_takes_the_look_from_nobody(manners: Counting) -> None:
    found = asyncio.run(_all(manners, cancelled=3))
    assert [one.origin for one in found] == [url.rpartition("/")[0] for url in URLS[3:]] * 2
    assert len(manners.looks) == 1
