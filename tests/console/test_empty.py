"""The pages of a service that has just begun: no table of headers only, but words and what to do."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from monitor.console import application
from monitor.console.auth import Sessions
from monitor.console.gate import Access
from monitor.rulebook import RuleSet
from tests.console.conftest import behind, serve
from tests.databases import new_store


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, ruleset: RuleSet) -> Iterator[str]:
    store = new_store(f"sqlite:///{tmp_path_factory.mktemp('empty')}/coopwatch.db")
    with serve(application.build(behind(store, ruleset, "en"), Access(Sessions(), api_token="api-token"))) as url:
        yield url
    store.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "No story matches."),
        ("/relations", "No acts in this period."),
        ("/sources", "No feed is shown: take a filter away, or add one below."),
        ("/deliveries", "Nothing to show: take a filter away, or wait for the first act worth telling."),
        ("/quality", "Nothing to label yet"),
    ],
)
def test_an_empty_page_says_so_and_shows_no_empty_table(site: str, path: str, words: str) -> None:
    request = urllib.request.Request(site + path, headers={"Authorization": "Bearer api-token"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        shown = answer.read().decode()
    assert words in shown
    assert "<tbody>\n</tbody>" not in shown
