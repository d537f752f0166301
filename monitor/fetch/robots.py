"""robots.txt for article pages by RFC 9309. Pure but for one fetch; keeping the answer for a day is the caller's part.

Feeds that an operator lists are asked for regardless: the operator's wish is what robots.txt does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from protego import Protego

from monitor.fetch.egress import Egress, Request
from monitor.model import HttpAnswer, HttpFailure

PRODUCT = "coopwatch"
KEPT = timedelta(hours=24)  # RFC 9309 2.4
_KEPT_FAILED = timedelta(minutes=30)  # an unreachable one forbids everything: look again before a day is over
READ_BYTES = 512 * 1024  # RFC 9309 2.5: at least 500 KiB must be read
_ROBOTS_DEADLINE_S = 20.0
_CRAWL_DELAY_MAX_S = 60.0


class RobotsVerdict(StrEnum):
    RULES = "rules"
    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Robots:
    """One origin's answer, as it is kept."""

    origin: str  # scheme://host[:port]
    verdict: RobotsVerdict
    body: str
    fetched_at: datetime
    expires_at: datetime


def origin_of(url: str) -> str:
    """To what a robots.txt applies: scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def judge_answer(origin: str, answer: HttpAnswer | HttpFailure, now: datetime) -> Robots:
    """2xx gives rules, 4xx allows everything, 5xx and an unreachable host forbid everything (RFC 9309 2.3.1)."""
    body, verdict, kept = "", RobotsVerdict.DENY, _KEPT_FAILED
    if isinstance(answer, HttpFailure):
        # a chain of more than five redirects may be taken for a missing file (2.3.1.2)
        if answer.kind in ("redirects", "cookie_wall"):
            verdict, kept = RobotsVerdict.ALLOW, KEPT
    elif 200 <= answer.status < 300:
        body, verdict, kept = _first_part(answer.body), RobotsVerdict.RULES, KEPT
    elif answer.status < 500 and answer.status != 429:
        verdict, kept = RobotsVerdict.ALLOW, KEPT
    return Robots(origin, verdict, body, now, now + kept)


def _first_part(body: bytes) -> str:
    text = body[:READ_BYTES].decode("utf-8", "replace").lstrip("\ufeff").replace("\x00", "")
    # a page in place of the file holds no rules; half a line at the end could forbid what it does not mean
    if text.lstrip()[:1] == "<":
        return ""
    return text if len(body) <= READ_BYTES else text.rpartition("\n")[0]


@lru_cache(maxsize=64)
def _rules(body: str) -> Protego:
    return Protego.parse(body)


def is_allowed(robots: Robots, url: str) -> bool:
    """Whether coopwatch may fetch a page of that origin."""
    if robots.verdict != RobotsVerdict.RULES:
        return robots.verdict == RobotsVerdict.ALLOW
    return bool(_rules(robots.body).can_fetch(url, PRODUCT))


def crawl_delay_s(robots: Robots) -> float:
    """The delay that the file asks for between two pages, at most a minute; 0 for none."""
    if robots.verdict != RobotsVerdict.RULES or not robots.body:
        return 0.0
    delay = _rules(robots.body).crawl_delay(PRODUCT)
    return min(max(float(delay or 0.0), 0.0), _CRAWL_DELAY_MAX_S)


async def fetch(egress: Egress, url: str, allow: frozenset[str], now: datetime) -> Robots:
    """Asks the origin of ``url`` for its robots.txt."""
    origin = origin_of(url)
    request = Request(
        f"{origin}/robots.txt",
        accept="text/plain, */*;q=0.5",
        allow=allow,
        deadline_s=_ROBOTS_DEADLINE_S,
        first_bytes=READ_BYTES + 1,
    )
    return judge_answer(origin, await egress.get(request), now)
