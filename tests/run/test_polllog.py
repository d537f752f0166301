"""The log of polls: a line for each, and one for all while nobody answers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from monitor.model import FeedSpec, FeedState, PollOutcome
from monitor.run.polllog import UNANSWERED_IN_A_ROW, PollLog
from monitor.store.polls import FeedWork, PollRecord, PollResult

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def polled(feed: int, outcome: PollOutcome, status: int) -> PollResult:
    work = _work(feed)
    record = PollRecord(NOW, outcome, words="its host name is not known", status=status)
    return PollResult(work, record, work.url, FeedState.OK, "", "", 900.0, NOW, 0)


def _work(feed: int) -> FeedWork:
    url = f"https://{feed}.example/"
    return FeedWork(f"f{feed}", url, FeedSpec(url), FeedState.OK, "", 900.0, 0, 1, None, None, "claim")


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        f"{line.levelname} {line.getMessage().partition(' feed=')[0].partition(' in_a_row')[0]}"
        for line in caplog.records
    ]


def test_without_a_network_one_line_speaks_for_all_feeds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "monitor.run.polllog")
    log = PollLog()
    for feed in range(122):
        log.write(polled(feed, PollOutcome.FAILED, 0))
    assert levels(caplog) == ["WARNING poll done"] * UNANSWERED_IN_A_ROW + ["WARNING no server answers"]
    caplog.clear()
    log.write(polled(1, PollOutcome.NEW, 200))
    assert levels(caplog) == ["INFO servers answer again unanswered=122", "INFO poll done"]


def test_dead_feeds_among_living_ones_are_said_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "monitor.run.polllog")
    log = PollLog()
    for feed in range(20):
        log.write(polled(feed, PollOutcome.FAILED, 0))
        log.write(polled(feed, PollOutcome.NOT_MODIFIED, 304) if feed % 2 else polled(feed, PollOutcome.FAILED, 503))
    assert levels(caplog).count("WARNING poll done") == 30
    assert levels(caplog).count("INFO poll done") == 10
