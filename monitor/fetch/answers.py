"""What an answer to a feed's poll means: a document, nothing new, or a problem with a name and a weight. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from monitor.fetch.failure import FailureKind
from monitor.model import HttpAnswer, HttpFailure

RETRY_AFTER_MAX_S = 48 * 3600.0
_CHALLENGE = re.compile(rb"challenge-platform|cf-chl|cf_chl|turnstile|_incapsula_|datadome|px-captcha|captcha", re.I)


class Weight:
    """How much one failure adds to the exponent of the back-off (Media Cloud's idea: feeds do return from a 404)."""

    HARD = 1.0
    SOFT = 0.5
    TEMPORARY = 0.25


class Problem(StrEnum):
    """What stands in the way, where the status tells more than its number. Other kinds are those of FailureKind and
    of NotAFeedKind."""

    UNASKED_304 = "unasked_304"
    NO_CONTENT = "no_content"
    PARTIAL = "partial"
    NO_TARGET = "no_target"  # a redirect without one
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    CHALLENGE = "challenge"
    NOT_FOUND = "not_found"
    GONE = "gone"
    LEGAL = "legal"
    THROTTLED = "throttled"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    UNREADABLE = "unreadable"  # the worker that parsed it was stopped or died


_BY_STATUS = {
    401: Problem.UNAUTHORIZED,
    403: Problem.FORBIDDEN,
    404: Problem.NOT_FOUND,
    410: Problem.GONE,
    429: Problem.THROTTLED,
    451: Problem.LEGAL,
}
_SOFT = frozenset({Problem.NOT_FOUND, Problem.SERVER_ERROR, FailureKind.STALLED, FailureKind.DEADLINE, FailureKind.CUT})
_TEMPORARY = frozenset({FailureKind.DNS_TEMPORARY, FailureKind.RESET})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A poll that brought no feed. ``kind`` is a value of Problem, FailureKind or NotAFeedKind."""

    kind: str
    detail: str
    status: int = 0
    retry_after_s: float | None = None

    @property
    def weight(self) -> float:
        """What it adds to the back-off."""
        if self.kind in _TEMPORARY:
            return Weight.TEMPORARY
        return Weight.SOFT if self.kind in _SOFT else Weight.HARD


@dataclass(frozen=True, slots=True)
class NotModified:
    """304 to a conditional request."""

    answer: HttpAnswer


@dataclass(frozen=True, slots=True)
class Document:
    """A 200 with a body that is still to be parsed."""

    answer: HttpAnswer


def retry_after_s(value: str, now: datetime) -> float | None:
    """``Retry-After`` (seconds or a date) as seconds from ``now``, at most 48 hours; None for past, negative and
    unreadable ones (RFC 9110 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), RETRY_AFTER_MAX_S)
    try:
        wait_s = (parsedate_to_datetime(value[:60]) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(wait_s, RETRY_AFTER_MAX_S) if wait_s > 0 else None


def read_answer(
    answer: HttpAnswer | HttpFailure, *, conditional: bool, now: datetime
) -> Document | NotModified | Trouble:
    """Sorts what came. ``conditional``: validators were sent, so that a 304 may be believed."""
    if isinstance(answer, HttpFailure):
        # the status of an answer that broke off says nothing
        return Trouble(answer.kind, answer.detail, answer.status if answer.status >= 300 else 0)
    status = answer.status
    if status == 304:
        if conditional:
            return NotModified(answer)
        return Trouble(Problem.UNASKED_304, "answers 304 although nothing was known yet", status)
    if status in (204, 205):
        return Trouble(Problem.NO_CONTENT, f"answers {status}: no content", status)
    if status == 206:
        return Trouble(Problem.PARTIAL, "answers 206: a part that was not asked for", status)
    if 200 <= status < 300:
        return Document(answer)
    wait_s = retry_after_s(answer.header("retry-after"), now)
    if status < 400:
        return Trouble(Problem.NO_TARGET, f"answers {status} without a target", status, wait_s)
    return Trouble(_problem(answer), f"answers {status}", status, wait_s)


def _problem(answer: HttpAnswer) -> Problem:
    if answer.status in (401, 403, 429, 503) and (
        answer.header("cf-mitigated") or (_CHALLENGE.search(answer.body) and b"<" in answer.body)
    ):
        return Problem.CHALLENGE
    other = Problem.SERVER_ERROR if answer.status >= 500 else Problem.CLIENT_ERROR
    return _BY_STATUS.get(answer.status, other)


def hint_s(answer: HttpAnswer) -> float:
    """How long the answer says that it stays fresh: ``max-age``, else ``Expires`` against ``Date``; 0 for none."""
    for part in answer.header("cache-control").lower().split(","):
        name, _, value = part.strip().partition("=")
        value = value.strip('" ')
        if name == "max-age" and value.isascii() and value.isdigit():
            return float(value[:12])
    try:
        expires = parsedate_to_datetime(answer.header("expires"))
        served = parsedate_to_datetime(answer.header("date"))
        return max(0.0, (expires - served).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
