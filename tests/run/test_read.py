"""What the step that reads makes of readers that die."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, cast

from monitor.config import FetchSettings
from monitor.model import Entry, FeedSpec, Page, PageKind
from monitor.run import guard
from monitor.run.read import CRASHES_OF_PAGES, ReadStep
from monitor.run.reading import PageFound, Reading
from monitor.store.entries import ReadResult, ReadWork

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
READ = Page(PageKind.ARTICLE, title="Title", text="A text that was read. " * 30)
CRASHED = Page(PageKind.EXTRACT_CRASH, reason="the page could not be read (UnpicklingError: the worker died (SIGKILL))")


class Kept:
    """A store that keeps nothing."""

    def commit(self, results: list[ReadResult], now: datetime) -> None: ...


def committed(*pages: Page) -> tuple[str, ...]:
    """The kinds of work that are said to fail after these pages were read, one after another."""
    step = ReadStep(*cast("Any", (Kept(), None, None, None, None, FetchSettings())), clock=lambda: NOW)
    began_s = time.monotonic()
    for number, page in enumerate(pages):
        entry = Entry("", f"https://feed.example/{number}", "Title", summary="A summary.")
        work = ReadWork(number, "f", FeedSpec("https://feed.example/"), entry, 0, NOW, "claim")
        step.commit([Reading(work, PageFound(page, entry.url))], NOW)
    return guard.often_caught(began_s)


def test_a_reader_that_dies_of_each_page_is_told_to_the_watch() -> None:
    (said,) = committed(*[CRASHED] * (CRASHES_OF_PAGES + 3))
    assert "page: 3 times, the page could not be read (UnpicklingError" in said


def test_pages_that_kill_their_reader_now_and_then_are_their_own_affair() -> None:
    assert committed(*[CRASHED, CRASHED, READ] * 10) == ()
