"""robots.txt and pacing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.fetch import pacing, robots
from monitor.fetch.egress import Egress, Settings, tls_context
from monitor.fetch.robots import Robots, RobotsVerdict
from monitor.model import HttpAnswer, HttpFailure
from tests.origin import Origin, answer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TLS = tls_context()


def judged(status: int, body: bytes = b"") -> Robots:
    return robots.judge_answer("https://x.example", HttpAnswer("", "", status, (), body), NOW)


def test_a_4xx_allows_a_5xx_and_an_unreachable_host_forbid() -> None:
    page = "https://x.example/a"
    assert all(robots.is_allowed(judged(status), page) for status in (400, 401, 403, 404, 410))
    assert not any(robots.is_allowed(judged(status), page) for status in (429, 500, 503))
    failed = robots.judge_answer("https://x.example", HttpFailure("", "connect", ""), NOW)
    assert not robots.is_allowed(failed, page)
    assert failed.expires_at - NOW < timedelta(hours=1)
    loop = robots.judge_answer("https://x.example", HttpFailure("", "redirects", ""), NOW)
    assert robots.is_allowed(loop, page)


def test_rules_hold_for_their_agent_first_and_are_kept_a_day() -> None:
    rules = judged(200, b"User-agent: *\nDisallow: /\n\nUser-agent: Coopwatch\nDisallow: /private/\nCrawl-delay: 2")
    assert robots.is_allowed(rules, "https://x.example/a?x=1")
    assert not robots.is_allowed(rules, "https://x.example/private/x")
    assert robots.crawl_delay_s(rules) == 2
    assert rules.expires_at == NOW + timedelta(hours=24)


def test_a_page_in_place_of_the_file_and_rules_behind_512_kib_forbid_nothing() -> None:
    assert robots.is_allowed(judged(200, b"<html>Disallow: /</html>"), "https://x.example/a")
    huge = judged(200, b"User-agent: *\nAllow: /\n" + b"# pad\n" * 400_000 + b"Disallow: /\n")
    assert len(huge.body) <= robots.READ_BYTES
    assert robots.is_allowed(huge, "https://x.example/a")
    assert not robots.is_allowed(
        judged(200, b"User-agent: *\n" + b"# pad\n" * 80_000 + b"Disallow: /\n"), "https://x.example/a"
    )


def test_the_file_of_the_pages_own_origin_is_asked_for_and_a_huge_one_is_read_in_part() -> None:
    assert robots.origin_of("https://anna:pw@X.example:8443/a?b#c") == "https://x.example:8443"
    body = b"User-agent: *\nDisallow: /no\n" + b"# pad\n" * 400_000
    with Origin() as origin:
        origin.on("/robots.txt", answer(200, body, kind="text/plain"))
        egress = Egress(Settings("coopwatch/0.1 (+x)", deadline_s=5), tls=TLS)
        found = asyncio.run(robots.fetch(egress, origin.url("/a/1"), frozenset({origin.place}), NOW))
    assert found.verdict == RobotsVerdict.RULES
    assert not robots.is_allowed(found, origin.url("/no"))
    assert robots.is_allowed(found, origin.url("/a/1"))


def test_a_host_is_named_with_its_port_and_without_www() -> None:
    urls = ["https://www.x.example/a", "http://x.example:80/b", "http://x.example:8080/", "http://[::1", "mailto:x"]
    assert [pacing.host_of(url) for url in urls] == ["x.example", "x.example", "x.example:8080", "", ""]


def test_turns_of_one_host_are_spaced_and_limited_while_other_hosts_go_on() -> None:
    starts: list[tuple[str, float]] = []
    running = most = 0

    async def one(gate: pacing.Pacing, host: str) -> None:
        nonlocal running, most
        async with gate.turn(f"https://{host}/x"):
            starts.append((host, asyncio.get_running_loop().time()))
            if host == "a.example":
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.12)
                running -= 1

    async def run() -> None:
        gate = pacing.Pacing(delay_s=0.05, at_once=2)
        await asyncio.gather(*(one(gate, host) for host in ["a.example"] * 5 + ["b.example"]))

    asyncio.run(run())
    times = [at for host, at in starts if host == "a.example"]
    assert all(later - earlier >= 0.045 for earlier, later in pairwise(times))
    assert most == 2
    assert next(at for host, at in starts if host == "b.example") - times[0] < 0.05


def test_a_host_one_of_whose_feeds_asked_to_wait_is_asked_more_seldom_for_a_while() -> None:
    async def run(seconds: float) -> float:
        gate = pacing.Pacing(delay_s=0.02)
        gate.slow_down("https://x.example/feed", seconds)
        for _ in range(2):
            async with gate.turn("https://www.x.example/a") as waited_s:
                pass
        return waited_s

    assert asyncio.run(run(172800)) >= 0.09


def test_a_cancelled_turn_gives_its_place_back() -> None:
    async def run() -> None:
        gate = pacing.Pacing(delay_s=0, at_once=1)

        async def hold() -> None:
            async with gate.turn("https://x.example/"):
                await asyncio.sleep(30)

        task = asyncio.create_task(hold())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(1), gate.turn("https://x.example/"):
            pass

    asyncio.run(run())


def test_turns_across_machines_are_reserved_as_values() -> None:
    first, pace = pacing.reserve(None, "x.example", NOW, 1)
    second, pace = pacing.reserve(pace, "x.example", NOW, 1)
    third, pace = pacing.reserve(pace, "x.example", NOW + timedelta(seconds=9), 1)
    assert [(at - NOW).total_seconds() for at in (first, second, third)] == [0, 1, 9]
    later = pacing.postponed(pace, "x.example", NOW + timedelta(seconds=60))
    assert pacing.reserve(later, "x.example", NOW + timedelta(seconds=10), 1)[0] == NOW + timedelta(seconds=60)
    assert pacing.postponed(later, "x.example", NOW).not_before_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("delay_s", [0.0, 0.1])
def test_a_longer_distance_may_be_asked_for(delay_s: float) -> None:
    async def run() -> float:
        gate = pacing.Pacing(delay_s=0)
        async with gate.turn("https://x.example/", delay_s):
            pass
        return gate.waiting_s("https://x.example/")

    assert asyncio.run(run()) == pytest.approx(delay_s, abs=0.02)
