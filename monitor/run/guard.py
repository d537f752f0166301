"""The one place that catches every exception: a fault in the handling of one feed, article or delivery ends that one, with
its traceback logged once, and never the others."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from monitor.errors import StoreError

logger = logging.getLogger(__name__)

R = TypeVar("R")


async def guarded(work: Callable[[], Awaitable[R]], what: str, otherwise: Callable[[str], R]) -> R:
    """The result of ``work``; when it raises, the result that ``otherwise`` makes of a short description. StoreError and
    cancellation pass: they concern everybody."""
    try:
        return await work()
    except StoreError:
        raise
    except Exception as exc:
        logger.error("fault caught what=%s error=%s", what, type(exc).__name__, exc_info=True)
        return otherwise(describe(exc))


def tried(work: Callable[[], R], what: str, otherwise: Callable[[str], R]) -> R:
    """The same for work that does not wait."""
    try:
        return work()
    except StoreError:
        raise
    except Exception as exc:
        logger.error("fault caught what=%s error=%s", what, type(exc).__name__, exc_info=True)
        return otherwise(describe(exc))


def describe(exc: BaseException) -> str:
    """Class and first line of an exception, for a reason that people read."""
    first = str(exc).strip().splitlines()[:1]
    return f"{type(exc).__name__}: {first[0][:300]}" if first else type(exc).__name__
