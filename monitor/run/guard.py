"""The one place that catches every exception: a fault in the handling of one feed, article or delivery ends that one, with
its traceback logged once, and never the others."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from monitor.errors import StoreError

logger = logging.getLogger(__name__)

R = TypeVar("R")

# What this process caught lately: (monotonic seconds, "feed 7", description). Of the process, as its log and its metrics are.
_caught: deque[tuple[float, str, str]] = deque(maxlen=1000)
LATELY_S = 3600.0
OFTEN = 3  # one document that nobody foresaw is its own trouble; the third within the hour is the program's


async def guarded(work: Callable[[], Awaitable[R]], what: str, otherwise: Callable[[str], R]) -> R:
    """The result of ``work``; when it raises, the result that ``otherwise`` makes of a short description. StoreError and
    cancellation pass: they concern everybody."""
    try:
        return await work()
    except StoreError:
        raise
    except Exception as exc:
        logger.error("fault caught what=%s error=%s", what, type(exc).__name__, exc_info=True)
        return otherwise(note(what, describe(exc)))


def tried(work: Callable[[], R], what: str, otherwise: Callable[[str], R]) -> R:
    """The same for work that does not wait."""
    try:
        return work()
    except StoreError:
        raise
    except Exception as exc:
        logger.error("fault caught what=%s error=%s", what, type(exc).__name__, exc_info=True)
        return otherwise(note(what, describe(exc)))


def often_caught(since_s: float) -> tuple[str, ...]:
    """The kinds of work (feed, entry, article, delivery, chore ...) that failed ``OFTEN`` times or more within the last
    ``LATELY_S`` seconds and after ``since_s`` (monotonic), each with how often and what was caught last."""
    since_s = max(since_s, time.monotonic() - LATELY_S)
    lately = [(what.partition(" ")[0], fault) for at, what, fault in _caught if at >= since_s]
    times, last = Counter(kind for kind, _ in lately), dict(lately)
    return tuple(f"{kind}: {n} times, {last[kind]}" for kind, n in times.items() if n >= OFTEN)


def note(what: str, fault: str) -> str:
    """Counts a fault of ours ("feed 7", its description) for ``often_caught``; gives the description back."""
    _caught.append((time.monotonic(), what, fault))
    return fault


def describe(exc: BaseException) -> str:
    """Class and first line of an exception, for a reason that people read."""
    first = str(exc).strip().splitlines()[:1]
    return f"{type(exc).__name__}: {first[0][:300]}" if first else type(exc).__name__
