"""What the log says of polls: a line for each, and while no server at all answers one line instead of one for each feed."""

from __future__ import annotations

import logging

from monitor.model import PollOutcome
from monitor.store.polls import PollResult

logger = logging.getLogger(__name__)

# Feeds in a row that no server answered: then it is this machine's network, and the feeds' own lines tell nothing more.
UNANSWERED_IN_A_ROW = 5
_FAILED = frozenset({PollOutcome.FAILED, PollOutcome.NOT_A_FEED, PollOutcome.GONE})


class PollLog:
    """Writes the lines of one process's polls, in the order in which they are stored."""

    def __init__(self) -> None:
        self._unanswered = 0

    def write(self, result: PollResult) -> None:
        """One poll that was stored."""
        record = result.record
        answered = record.status > 0 or record.outcome not in _FAILED
        if answered:
            if self._unanswered > UNANSWERED_IN_A_ROW:
                logger.info("servers answer again unanswered=%s", self._unanswered)
            self._unanswered = 0
        else:
            self._unanswered += 1
        if self._unanswered == UNANSWERED_IN_A_ROW + 1:
            words = "they are asked on; a line for each stands at level debug"
            logger.warning("no server answers in_a_row=%s words=%r", self._unanswered, words)
        level = logging.WARNING if record.outcome in _FAILED else logging.INFO
        _line(result, logging.DEBUG if self._unanswered > UNANSWERED_IN_A_ROW else level)


def _line(result: PollResult, level: int) -> None:
    record = result.record
    logger.log(
        level,
        "poll done feed=%s outcome=%s status=%s new=%s edited=%s read=%s known=%s ms=%.0f words=%r",
        result.work.feed_id,
        record.outcome,
        record.status,
        record.new,
        record.edited,
        sum(1 for each in (*result.new, *result.edited) if each.article is not None),
        record.known,
        1000 * record.elapsed_s,
        record.words,
    )
