"""The page over a filled store, served by a real server on a real port, and Debian's Chromium to walk it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from monitor import rulebook
from monitor.alert import words
from monitor.console import application, pages
from monitor.console.auth import Sessions
from monitor.console.backstage import Backstage
from monitor.console.gate import Access
from monitor.errors import TransientError
from monitor.match import Matcher
from monitor.model import Article
from monitor.rulebook import RuleSet
from monitor.run.curator import Curator, FoundFeed, Reach
from monitor.store import Store
from tests.console import fill
from tests.databases import new_store

PASSWORD = "correct horse battery"
NOW = fill.NOW


@dataclass(frozen=True, slots=True)
class Site:
    """A running page."""

    url: str
    store: Store


@pytest.fixture(scope="session")
def ruleset(rules_dir: Path, rules_cache: Path) -> RuleSet:
    return rulebook.load([rules_dir], cache_dir=rules_cache)


def behind(store: Store, loaded: RuleSet, language: str = "it") -> Backstage:
    """The service behind the page, with a network that knows one page and one feed."""
    matcher = Matcher(loaded)

    def read_page(url: str) -> Article:
        if "down" in url:
            raise TransientError(f"{url}: no answer within 60 s; try again later")
        return Article(
            "page", "Italia e Cina firmano un accordo", "Italia e Cina hanno firmato un accordo a Roma.", NOW, url=url
        )

    reach = Reach(
        read_page=read_page,
        find_feeds=lambda url: [FoundFeed(f"{url}/rss", "Il <b>Foglio</b>", "rss", 2, ("Uno", "<script>due</script>"))],
        enter_missed=lambda url, note, by: "st-3",
        add_feed=lambda url, title: None,
    )
    return Backstage(
        database=store.database,
        verbs=Curator(store, lambda: NOW, reach),
        rules=lambda: loaded,
        judge=lambda article: matcher.judge(article, now=NOW),
        words=cache(lambda language: words.load(language, folders=(pages.FOLDER / "locale",))),
        language=language,
        timezone="Europe/Rome",
        clock=lambda: NOW,
        sends_nothing=True,
        routes=("desk", "hook"),
        health=lambda: (True, "ready"),
        metrics=lambda: b"coopwatch_build_info 1\n",
        password=lambda: PASSWORD,
    )


@pytest.fixture
def site(tmp_path: Path, ruleset: RuleSet) -> Iterator[Site]:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    fill.everything(store)
    with serve(application.build(behind(store, ruleset), Access(Sessions(), api_token="api-token"))) as url:
        yield Site(url, store)
    store.close()


class serve:
    """A uvicorn server in a thread, on a free port, until the end of the block."""

    def __init__(self, app: object) -> None:
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")  # type: ignore[arg-type]
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            assert self._thread.is_alive(), "the server ended at once"
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture(scope="module")  # its loop runs in this thread: no other module could run one of its own
def browser(chromium: str) -> Iterator[Browser]:
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*quiet, "--no-first-run"])
        yield started
        started.close()
