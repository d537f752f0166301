"""The shipped feeds: enough, balanced, complete, and none that is known to be dead."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="module")
def feeds(rules_dir: Path) -> list[dict[str, str]]:
    return list(yaml.safe_load((rules_dir / "feeds.yaml").read_text(encoding="utf-8"))["feeds"])


def test_at_least_ninety_feeds_each_listed_once(feeds: list[dict[str, str]]) -> None:
    addresses = [feed["url"].split("://", 1)[1].rstrip("/") for feed in feeds]
    assert len(addresses) >= 90
    assert [address for address, times in Counter(addresses).items() if times > 1] == []


def test_every_feed_says_what_it_is(feeds: list[dict[str, str]]) -> None:
    for feed in feeds:
        assert feed["title"], feed
        assert feed["language"] in {"it", "en", "ru", "zh", "fr", "de", "es"}, feed
        assert isinstance(feed["country"], str), feed
        assert feed["kind"], feed


def test_kinds_and_countries_are_balanced(feeds: list[dict[str, str]]) -> None:
    kinds = Counter(feed["kind"] for feed in feeds)
    for kind in ("news agency", "newspaper", "ministry", "research body", "international organisation", "broadcaster"):
        assert kinds[kind] >= 4, kind
    italian = sum(feed["country"] == "IT" for feed in feeds)
    assert 0.3 < italian / len(feeds) < 0.7


def test_governments_and_their_agencies_are_marked_as_parties(feeds: list[dict[str, str]]) -> None:
    party = {feed["url"]: feed.get("publisher_party") for feed in feeds}
    assert party["https://www.governo.it/it/rss.xml"] == "IT"
    assert party["https://government.ru/en/all/rss"] == "RU"
    assert party["https://ec.europa.eu/commission/presscorner/api/rss"] == "EU"
    assert party["https://www.corriere.it/feed-hp/homepage.xml"] is None


def test_no_feed_is_known_to_be_dead(feeds: list[dict[str, str]], shared: Path) -> None:
    with (shared / "data" / "feed_candidates.csv").open(encoding="utf-8") as stream:
        status = {row["url"]: row["status"] for row in csv.DictReader(stream)}
    assert [feed["url"] for feed in feeds if status.get(feed["url"], "").startswith("dead")] == []
