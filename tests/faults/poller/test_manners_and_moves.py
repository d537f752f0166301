"""Fault cases NET-23 to NET-39: throttling, outages, moves, validators, walls, hints, many feeds of one host."""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.faults.poller.made import QUIET, feed, item, page, rss
from tests.faults.poller.test_network import bomb, failing, good, takes, well
from tests.faults.subject import Subject
from tests.origin import Asked, Line, Origin, Script, answer, in_turn

fault = pytest.mark.fault
DAY_S = 86400.0


def throttles(subject: Subject, status: int, value: str) -> Script:
    """Answers ``status`` with Retry-After; ``+n`` is a date n seconds after the subject's clock."""

    async def script(asked: Asked, line: Line) -> None:
        shown = value
        if value[:1] in "+-" and value[1:].isdigit() and value != "-5":
            at = subject.now + timedelta(seconds=int(value))
            shown = format_datetime(at, usegmt=True)
        await answer(status, b"slow down", ("Retry-After", shown))(asked, line)

    return script


@fault("NET-23")
@pytest.mark.parametrize("value", ["40000", "+40000"])
def test_429_with_retry_after_is_honoured_over_a_restart(subject: Subject, origin: Origin, value: str) -> None:
    url = origin.on("/f/429", in_turn(throttles(subject, 429, value), answer(200, feed())))
    subject.follow(url)
    subject.poll()
    failing(subject, url, "asks to be polled less")
    assert 39990 <= subject.view(url).due_in_s <= 44001
    subject.restart()
    subject.wait(39980)
    assert len(origin.seen("/f/429")) == 1
    subject.wait(5000)
    well(subject, url, 5)


@fault("NET-23")
def test_429_slows_the_other_feeds_of_that_host(make: Callable[..., Subject], origin: Origin) -> None:
    subject = make()
    subject.use(host_delay_s=0.05)
    urls = [origin.on(f"/f/{number}", answer(200, feed())) for number in range(4)]
    subject.follow(*urls)
    subject.wait(0)
    before = [asked.at for asked in origin.asked if asked.path.startswith("/f/")]
    origin.asked.clear()
    subject.follow(origin.on("/f/429", answer(429, b"", ("Retry-After", "9"))))
    subject.wait(0)
    subject.poll()
    after = [asked.at for asked in origin.asked if asked.path[3:].isdigit()]
    assert (after[-1] - after[0]) / len(after) > 2 * (before[-1] - before[0]) / len(before)
    assert all(subject.view(url).state == "ok" for url in urls)


@fault("NET-24")
def test_503_with_retry_after_is_honoured_as_429_is(subject: Subject, origin: Origin) -> None:
    url = origin.on("/f/503", in_turn(throttles(subject, 503, "40000"), answer(200, feed())))
    subject.follow(url)
    subject.poll()
    failing(subject, url, "error of its own")
    assert 39990 <= subject.view(url).due_in_s <= 44001
    subject.restart()
    subject.wait(39980)
    assert len(origin.seen("/f/503")) == 1
    subject.wait(5000)
    well(subject, url, 5)


@fault("NET-25")
@pytest.mark.parametrize("value", ["99999999999", "9" * 300, "-5", "soon", "", "-90000", "+99999999", "1e9"])
def test_an_absurd_retry_after_is_clamped(subject: Subject, origin: Origin, value: str) -> None:
    url, other = origin.on("/f/429", throttles(subject, 429, value)), good(origin)
    subject.follow(url, other)
    subject.poll()
    failing(subject, url, "asks to be polled less")
    assert 900 <= subject.view(url).due_in_s <= 2 * DAY_S * 1.1
    well(subject, other)


@fault("NET-26")
def test_404_for_thirty_days_ends_at_the_first_200_and_loses_nothing(subject: Subject, origin: Origin) -> None:
    url = origin.on("/f/404", answer(404, b"no", kind="text/plain"))
    subject.follow(url)
    started = subject.now
    while subject.now - started < timedelta(days=30):
        subject.poll()
        assert subject.view(url).state == "failing"
        assert subject.view(url).due_in_s <= DAY_S * 1.1
    assert 30 <= len(origin.seen("/f/404")) <= 60
    failing(subject, url, "not there (404)")
    origin.on("/f/404", answer(200, feed()))
    subject.poll()
    well(subject, url, 5)
    assert subject.view(url).failures == 0
    flap = origin.on("/f/404-flap", in_turn(*[answer(404), answer(404), answer(200, feed())] * 3))
    subject.follow(flap)
    for _ in range(9):
        subject.wait(DAY_S * 1.2)
    assert len(origin.seen("/f/404-flap")) == 9
    well(subject, flap, 5)
    assert subject.view(flap).failures == 0


@fault("NET-27")
def test_one_410_changes_nothing_and_three_over_a_day_retire_the_feed(subject: Subject, origin: Origin) -> None:
    flap = origin.on("/f/410-flap", in_turn(answer(410), answer(200, feed())))
    gone = origin.on("/f/410", in_turn(answer(200, feed(3, origin.url(""))), answer(410)))
    subject.follow(flap, gone)
    subject.poll()
    started = subject.now
    for _ in range(200):
        if subject.view(gone).state == "gone":
            break
        assert subject.now - started < timedelta(days=2)
        subject.poll()
    assert subject.now - started >= timedelta(days=1)
    assert len(origin.seen("/f/410")) >= 1 + 3
    view = subject.view(gone)
    assert view.state == "gone"
    assert "410" in view.reason
    assert len(subject.items(gone)) == 3  # the history is kept
    well(subject, flap, 5)
    # told once: the state does not leave and come back, and a retired feed is looked at seldom
    asked = len(origin.seen("/f/410"))
    for _ in range(13):
        subject.wait(DAY_S / 2)
        assert subject.view(gone).state == "gone"
    assert len(origin.seen("/f/410")) - asked <= 1


@fault("NET-28")
def test_a_burst_of_500_backs_off_with_jitter_and_ends_at_the_first_200(
    make: Callable[..., Subject], origin: Origin
) -> None:
    chance = itertools.cycle([0.0, 0.5, 0.99])
    subject = make(chance=lambda: next(chance))
    url = origin.on("/f/flaky", in_turn(*[answer(500)] * 5, answer(200, feed())))
    never = origin.on("/f/500", answer(500))
    subject.follow(url)
    waits = []
    for _ in range(5):
        subject.poll()
        waits.append(subject.view(url).due_in_s)
    assert waits == sorted(waits)
    assert waits[-1] > 3.5 * waits[0]
    assert len({wait % 1 for wait in waits}) > 2  # no two feeds in step
    subject.poll()
    well(subject, url, 5)
    assert subject.view(url).failures == 0
    assert subject.view(url).due_in_s < 1000
    subject.follow(never)
    subject.wait(0)
    failing(subject, never, "error of its own")


def moved(origin: Origin, status: int) -> tuple[str, str]:
    target = origin.on(f"/f/moved-{status}", answer(200, feed(), ("ETag", '"m"')))
    return origin.on(f"/f/{status}", answer(status, b"", ("Location", f"/f/moved-{status}"))), target


def days(subject: Subject, count: float, per_day: int = 4) -> None:
    for _ in range(int(count * per_day)):
        subject.wait(DAY_S / per_day)


@fault("NET-29")
@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_move_is_followed_at_once_and_adopted_after_a_day(
    subject: Subject, origin: Origin, status: int
) -> None:
    old, new = moved(origin, status)
    subject.follow(old)
    subject.wait(0)
    well(subject, old, 5)
    days(subject, 0.75)
    assert subject.view(old).url == old
    days(subject, 1)
    assert subject.view(old).url == new
    asked = len(origin.seen(f"/f/{status}"))
    assert asked >= 3
    days(subject, 3)
    assert len(origin.seen(f"/f/{status}")) == asked
    well(subject, old, 5)


@fault("NET-30")
def test_a_move_that_is_taken_back_or_leads_to_no_feed_is_not_adopted(subject: Subject, origin: Origin) -> None:
    origin.on("/f/html", answer(200, page("Benvenuti", QUIET), kind="text/html"))
    flap = origin.on("/f/301-flap", in_turn(*[answer(301, b"", ("Location", "/f/good")), answer(200, feed())] * 40))
    broken = origin.on("/f/301-then-broken", answer(301, b"", ("Location", "/f/nowhere")))
    html = origin.on("/f/301-to-html", answer(301, b"", ("Location", "/f/html")))
    good(origin)
    subject.follow(flap, broken, html)
    subject.wait(0)
    days(subject, 8)
    assert [subject.view(url).url for url in (flap, broken, html)] == [flap, broken, html]
    failing(subject, broken, "404")
    failing(subject, html, "web page")
    assert subject.view(flap).state == "ok"


@fault("NET-31")
def test_temporary_redirects_are_asked_at_the_original_address_every_time(subject: Subject, origin: Origin) -> None:
    urls = [moved(origin, status)[0] for status in (302, 303, 307)]
    subject.follow(*urls)
    subject.wait(0)
    days(subject, 3)
    for status, url in zip((302, 303, 307), urls, strict=True):
        assert subject.view(url).url == url
        assert len(origin.seen(f"/f/{status}")) == len(origin.seen(f"/f/moved-{status}")) >= 8
        assert origin.seen(f"/f/moved-{status}")[-1].header("if-none-match") == '"m"'
        well(subject, url, 5)


@fault("NET-32")
def test_loops_chains_and_empty_targets_end_in_a_recorded_error(subject: Subject, origin: Origin) -> None:
    async def chain(asked: Asked, line: Line) -> None:
        left = int(asked.query.get("n", "30"))
        await answer(302, b"", ("Location", f"/f/redirect-chain?n={left - 1}"))(asked, line)

    origin.on("/f/redirect-b", answer(302, b"", ("Location", "/f/redirect-a")))
    urls = [
        origin.on("/f/redirect-self", answer(301, b"", ("Location", "/f/redirect-self"))),
        origin.on("/f/redirect-a", answer(302, b"", ("Location", "/f/redirect-b"))),
        origin.on("/f/redirect-chain", chain),
        origin.on("/f/redirect-empty", answer(301, b"", ("Location", ""))),
        origin.on("/f/redirect-bad", answer(302, b"", ("Location", "http://[::1"))),
        origin.on("/f/redirect-file", answer(302, b"", ("Location", "file:///etc/passwd"))),
        origin.on("/f/redirect-none", answer(302, b"")),
    ]
    subject.follow(*urls)
    subject.poll()
    for url in urls:
        failing(subject, url, "redirects", "not http or https", "not one")
        assert subject.view(url).url == url
    assert max(Counter(asked.path for asked in origin.asked).values()) <= 11


@fault("NET-33")
def test_an_unasked_304_is_an_error_and_304_for_ever_is_seen_through(subject: Subject, origin: Origin) -> None:
    async def stuck(asked: Asked, line: Line) -> None:
        if asked.header("if-none-match"):
            await answer(304, b"", ("ETag", '"stuck"'))(asked, line)
        else:
            await answer(200, feed(4 + asked.nth), ("ETag", '"stuck"'))(asked, line)

    always, url = origin.on("/f/304-always", answer(304, b"", ("ETag", '"x"'))), origin.on("/f/304-stuck", stuck)
    subject.follow(always, url)
    subject.wait(0)
    failing(subject, always, "nothing was ever received")
    assert subject.view(always).due_in_s >= 900
    well(subject, url, 5)
    days(subject, 7.1)
    assert len(subject.items(url)) > 5
    full = [asked for asked in origin.seen("/f/304-stuck") if not asked.header("if-none-match")]
    assert len(full) == 2
    for _ in range(52):
        subject.wait(11000)
    assert len([asked for asked in origin.seen("/f/304-stuck") if not asked.header("if-none-match")]) >= 3


@fault("NET-34")
@pytest.mark.parametrize(
    ("etag", "modified"),
    [
        ('W/"weak-1"', ""),
        ("abc-123--gzip", ""),
        ('"a", "b"', "Mon, 02 Nov 2026 10:00:00 GMT"),
        ("", "2026-11-02 10:00"),
        ("", "Mon, 02 Nov 2026 10:00:00 GMT"),
        ('"spaced  out"', "never"),
    ],
)
def test_validators_go_back_byte_for_byte(subject: Subject, origin: Origin, etag: str, modified: str) -> None:
    headers = tuple((name, value) for name, value in (("ETag", etag), ("Last-Modified", modified)) if value)

    async def script(asked: Asked, line: Line) -> None:
        same = asked.nth > 1 and asked.header("if-none-match") == etag and asked.header("if-modified-since") == modified
        await (answer(304, b"", *headers) if same else answer(200, feed(), *headers))(asked, line)

    url = origin.on("/f/etag", script)
    subject.follow(url)
    subject.poll(3)
    first, *later = origin.seen("/f/etag")
    assert not first.header("if-none-match")
    assert not first.header("if-modified-since")
    assert len(later) == 2
    for asked in later:
        assert (asked.header("if-none-match"), asked.header("if-modified-since")) == (etag, modified)
    assert subject.view(url).outcome == "not_modified"


@fault("NET-34")
def test_the_same_bytes_under_flipping_validators_cost_no_parse_and_no_page(subject: Subject, origin: Origin) -> None:
    async def flips(asked: Asked, line: Line) -> None:
        await answer(200, feed(5, origin.url("")), ("ETag", f'"{asked.nth}"'))(asked, line)

    for number in range(5):
        origin.on(f"/a/{number}", answer(200, page("Visita", QUIET), kind="text/html"))
    url = origin.on("/f/etag-flips", flips)
    subject.follow(url)
    subject.poll(4)
    assert [len(origin.seen(f"/a/{number}")) for number in range(5)] == [1] * 5
    view = subject.view(url)
    assert (view.outcome, view.words) == ("not_modified", "the same bytes as before")
    assert origin.seen("/f/etag-flips")[-1].header("if-none-match") == '"3"'


@fault("NET-35")
def test_no_cookie_is_kept_and_walls_are_named(subject: Subject, origin: Origin) -> None:
    wall = (("Location", "/f/cookie-wall"), ("Set-Cookie", "ok=1; Path=/"))
    consent = page("Prima di continuare", "<p>Noi e i nostri 842 partner usiamo i cookie.</p><button>Accetta</button>")
    challenge = b"<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/h.js></script></html>"
    setting = origin.on("/f/cookie-set", answer(200, feed(), ("Set-Cookie", "track=1; Path=/")))
    named = {
        origin.on("/f/cookie-wall", answer(302, b"", *wall)): "cookie wall",
        origin.on("/f/consent", answer(200, consent, ("Set-Cookie", "c=p"), kind="text/html")): "consent page",
        origin.on("/f/challenge", answer(403, challenge, ("cf-mitigated", "challenge"), kind="text/html")): "challenge",
        origin.on("/f/challenge-200", answer(200, challenge, kind="text/html")): "challenge",
    }
    subject.follow(setting, *named)
    subject.poll(3)
    assert not any(asked.header("cookie") for asked in origin.asked)
    well(subject, setting, 5)
    for url, words in named.items():
        failing(subject, url, words)
        assert subject.view(url).due_in_s >= 900
    assert max(Counter(asked.path for asked in origin.asked).values()) <= 3 * 6


@fault("NET-36")
@pytest.mark.parametrize(
    ("name", "extra", "headers", "at_least", "at_most"),
    [
        ("max-age", "", (("Cache-Control", "max-age=5000"),), 5000, 5500),
        ("max-age-absurd", "", (("Cache-Control", "max-age=99999999999"),), 86400, 95040),
        ("expires-zero", "", (("Expires", "0"), ("Cache-Control", "no-store, max-age=0")), 900, 990),
        ("ttl", "<ttl>240</ttl>", (), 14400, 15840),
        ("ttl-0", "<ttl>0</ttl>", (), 900, 990),
        ("ttl-negative", "<ttl>-5</ttl>", (), 900, 990),
        ("ttl-word", "<ttl>soon</ttl>", (), 900, 990),
        ("ttl-absurd", "<ttl>1000000000000</ttl>", (), 86400, 95040),
        ("skip", f"<skipHours>{''.join(f'<hour>{h}</hour>' for h in range(24))}</skipHours>", (), 900, 990),
        (
            "sy",
            '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">hourly</sy:updatePeriod>',
            (),
            3600,
            3960,
        ),
    ],
)
def test_cache_hints_lengthen_the_interval_between_floor_and_cap(
    subject: Subject,
    origin: Origin,
    name: str,
    extra: str,
    headers: tuple[tuple[str, str], ...],
    at_least: float,
    at_most: float,
) -> None:
    url = origin.on(f"/f/{name}", answer(200, feed(extra=extra), *headers))
    subject.follow(url)
    subject.poll()
    assert at_least <= subject.view(url).due_in_s <= at_most
    subject.wait(at_least - 1)
    assert len(origin.seen(f"/f/{name}")) == 1
    assert subject.view(url).state == "ok"


@fault("NET-37")
def test_fifty_feeds_of_one_host_wait_for_each_other_and_delay_no_other(
    make: Callable[..., Subject], origin: Origin
) -> None:
    async def slow(asked: Asked, line: Line) -> None:
        await line.nap(0.1)
        await answer(200, feed(1))(asked, line)

    with Origin() as other:
        subject = make(allow=frozenset({origin.place, other.place}))
        subject.use(host_delay_s=0.06, host_concurrency=2, concurrency=8)
        urls = [origin.on(f"/f/{number}", slow) for number in range(50)]
        quick = [other.on(f"/f/{number}", answer(200, feed(1))) for number in range(3)]
        subject.follow(*urls)
        subject.now += timedelta(seconds=1)
        subject.follow(*quick)
        subject.wait(0)
        starts = [asked.at for asked in origin.asked if asked.path.startswith("/f/")]
        assert len(starts) == 50
        assert origin.most_open <= 2
        assert starts[-1] - starts[0] > 0.9 * 49 * 0.06
        served = [asked.at for asked in other.asked if asked.path.startswith("/f/")]
        assert len(served) == 3
        assert max(served) < starts[len(starts) // 2]  # long before their turn came in the order of due times


@fault("NET-38")
def test_after_two_hundred_timed_out_polls_fifty_good_feeds_are_polled(subject: Subject, origin: Origin) -> None:
    async def drips(asked: Asked, line: Line) -> None:
        await line.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n")
        while True:
            await line.raw(b"x")
            await line.nap(0.1)

    subject.use(deadline_s=2.0, concurrency=50)  # long enough for fifty connections on a busy machine
    bad = [origin.on(f"/f/slow{number}", drips) for number in range(100)]
    subject.follow(*bad)
    files = len(os.listdir("/proc/self/fd"))
    subject.wait(0)
    subject.wait(DAY_S)
    assert len([asked for asked in origin.asked if asked.path.startswith("/f/slow")]) == 200
    fine = [origin.on(f"/f/fine{number}", answer(200, feed(1))) for number in range(50)]
    subject.follow(*fine)
    subject.wait(0)
    assert [subject.view(url).outcome for url in fine] == ["new"] * 50
    assert len(os.listdir("/proc/self/fd")) <= files + 5


@fault("NET-39")
def test_proxy_variables_of_the_environment_are_ignored_and_the_guard_stands(
    make: Callable[..., Subject],
    origin: Origin,
    canary: Origin,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        subject = make()
        url = good(origin)
        inside = origin.on("/f/inside", answer(302, b"", ("Location", canary.url("/x"))))
        subject.follow(url, inside)
        subject.poll()
    well(subject, url)
    failing(subject, inside, "not public")
    assert "proxy variables of the environment are ignored" in caplog.text


def test_the_helpers_of_this_file_can_fail(origin: Origin) -> None:
    with pytest.raises(AssertionError), takes(0.01):
        time.sleep(0.02)
    assert len(bomb(4)) < 10_000
    assert rss([item(0)]).count("<item>") == 1
