"""The stored list of feeds when it is long."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from monitor.model import FeedSpec
from tests.databases import new_store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MANY = 30_000


def test_looking_again_at_a_long_list_of_feeds_is_cheaper_than_storing_it(tmp_path: Path) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    specs = [FeedSpec(url=f"https://{number}.example/feed", title="Feed") for number in range(MANY)]
    costs = []
    for _ in range(2):
        began = time.process_time()
        store.feeds.sync(specs, NOW, 900.0)
        costs.append(time.process_time() - began)
    store.close()
    assert costs[1] < costs[0], "every feed was compared with every other"
