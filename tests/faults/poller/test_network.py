"""Fault cases NET-01 to NET-22: connections, transports, codings and sizes."""

from __future__ import annotations

import gzip
import os
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from monitor.fetch.failure import FailureKind, FetchFailed
from monitor.fetch.guard import resolve
from tests.faults.poller.made import feed, item, rss, title
from tests.faults.subject import Product, Subject, free_port, rss_of
from tests.origin import Asked, Line, Origin, answer, head, in_turn, raw

fault = pytest.mark.fault
MIB = 1 << 20


@contextmanager
def takes(at_most_s: float) -> Any:
    started = time.monotonic()
    yield
    assert time.monotonic() - started <= at_most_s


def good(origin: Origin, path: str = "/f/good") -> str:
    """A feed beside the bad one: it must not suffer."""
    return origin.on(path, answer(200, feed(3, origin.url("")), ("ETag", '"good"')))


def failing(subject: Subject, url: str, *words: str) -> None:
    view = subject.view(url)
    assert view.state == "failing", view
    assert view.outcome in ("failed", "not_a_feed"), view
    assert any(word in f"{view.words} {view.reason}" for word in words), view
    assert subject.items(url) == []


def well(subject: Subject, url: str, count: int = 3) -> None:
    assert subject.view(url).state == "ok"
    assert len(subject.items(url)) == count


async def for_ever(asked: Asked, line: Line) -> None:
    await line.nap(60)


@fault("NET-01")
def test_a_refused_connection_backs_off_alone(make: Callable[..., Subject], origin: Origin) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/feed"
    subject = make(allow=frozenset({origin.place, f"127.0.0.1:{port}"}), chance=lambda: 0.5)
    other = good(origin)
    subject.follow(url, other)
    subject.wait(0)
    failing(subject, url, "connection")
    first = subject.view(url)
    assert "no connection to the server" in first.words
    assert 1800 * 1.0 < first.due_in_s <= 1800 * 1.1
    well(subject, other)
    subject.wait(first.due_in_s)
    assert 3600 < subject.view(url).due_in_s <= 3960
    assert subject.view(url).failures == 2
    well(subject, other)


@fault("NET-02")
def test_a_name_that_is_not_found_now_or_never(make: Callable[..., Subject], origin: Origin) -> None:
    async def resolver(host: str, port: int) -> tuple[str, ...]:
        if host == "127.0.0.1":
            return await resolve(host, port)
        again = host == "again.example"
        raise FetchFailed(FailureKind.DNS_TEMPORARY if again else FailureKind.DNS, f"cannot resolve {host}")

    subject = make(resolver=resolver)
    again, never, other = "http://again.example/f", "http://never.example/f", good(origin)
    subject.follow(again, never, other)
    subject.wait(0)
    failing(subject, again, "could not be looked up")
    failing(subject, never, "not known")
    assert subject.view(again).due_in_s <= 900
    assert subject.view(never).due_in_s > 900
    for _ in range(30):
        subject.wait(86400)
    assert subject.view(never).state == "failing"
    assert subject.view(never).due_in_s <= 86400 * 1.1
    well(subject, other)


@fault("NET-02")
def test_the_systems_resolver_tells_a_passing_failure_from_a_lasting_one() -> None:
    import asyncio

    async def kind(error: int) -> FailureKind:
        async def fails(*_: object, **__: object) -> None:
            raise socket.gaierror(error, "x")

        loop = asyncio.get_running_loop()
        loop.getaddrinfo = fails  # type: ignore[assignment, method-assign]
        with pytest.raises(FetchFailed) as failed:
            await resolve("x.example", 80)
        return failed.value.kind

    assert asyncio.run(kind(socket.EAI_AGAIN)) == FailureKind.DNS_TEMPORARY
    assert asyncio.run(kind(socket.EAI_NONAME)) == FailureKind.DNS


@fault("NET-03")
def test_a_server_that_never_answers_is_left_at_the_read_time_out(subject: Subject, origin: Origin) -> None:
    from monitor.config import FetchSettings

    assert FetchSettings().read_timeout_s <= 30
    url, other = origin.on("/f/no-response", for_ever), good(origin)
    subject.follow(url, other)
    with takes(1.5 + 1.5):
        subject.wait(0)
    failing(subject, url, "stopped sending")
    well(subject, other)
    assert origin.open_now == 0


async def slow_headers(asked: Asked, line: Line) -> None:
    await line.raw(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        await line.raw(b"x")
        await line.nap(0.2)


@fault("NET-04")
def test_headers_that_drip_for_ever_end_at_the_deadline(subject: Subject, origin: Origin) -> None:
    url, other = origin.on("/f/slow-headers", slow_headers), good(origin)
    subject.follow(url, other)
    with takes(3 + 2):
        subject.wait(0)
    failing(subject, url, "too slow")
    well(subject, other)


async def slow_body(asked: Asked, line: Line) -> None:
    body = feed(2000)
    await line.raw(head(200, (("Content-Type", "text/xml"), ("Content-Length", str(len(body))))))
    for byte in body:
        await line.raw(bytes([byte]))
        await line.nap(0.2)


@fault("NET-05")
def test_a_body_that_drips_for_ever_ends_at_the_deadline(subject: Subject, origin: Origin) -> None:
    url, other = origin.on("/f/slow-body", slow_body), good(origin)
    origin.on("/a/0", slow_body)
    subject.follow(url, other)
    with takes(3 + 3 + 2):  # the feed, then a page that drips, too
        subject.wait(0)
    failing(subject, url, "too slow")
    well(subject, other)


async def hints_for_ever(asked: Asked, line: Line) -> None:
    while True:
        await line.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
        await line.nap(0.05)


@fault("NET-06")
def test_interim_answers_for_ever_end_at_the_deadline_and_fifty_do_not_matter(subject: Subject, origin: Origin) -> None:
    async def fifty(asked: Asked, line: Line) -> None:
        await line.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50)
        await answer(200, feed(3))(asked, line)

    url, other = origin.on("/f/hints-forever", hints_for_ever), origin.on("/f/early-hints", fifty)
    # the deadline alone ends it: the origin may stand still for a moment
    subject.use(deadline_s=3.0, read_timeout_s=3.0)
    subject.follow(url, other)
    with takes(3 + 2):
        subject.wait(0)
    failing(subject, url, "too slow", "not HTTP")
    well(subject, other)


@fault("NET-07")
def test_a_slow_but_honest_server_is_waited_for(subject: Subject, origin: Origin) -> None:
    async def slow(asked: Asked, line: Line) -> None:
        body = feed(5)
        await line.raw(head(200, (("Content-Length", str(len(body))),)))
        step = len(body) // 8 + 1
        for start in range(0, len(body), step):
            await line.raw(body[start : start + step])
            await line.nap(0.2)

    url = origin.on("/f/slow-ok", slow)
    subject.follow(url)
    subject.wait(0)
    well(subject, url, 5)


def half(etag: str = '"half"') -> bytes:
    body = feed()
    return (
        head(200, (("Content-Length", str(len(body))), ("ETag", etag), ("Last-Modified", "x"))) + body[: len(body) // 2]
    )


def unconditional(origin: Origin, path: str) -> None:
    """No validator was ever sent back to this path."""
    assert len(origin.seen(path)) > 1
    for asked in origin.seen(path):
        assert not asked.header("if-none-match")
        assert not asked.header("if-modified-since")


@fault("NET-08")
def test_a_body_that_stalls_leaves_no_validator_and_no_hash(subject: Subject, origin: Origin) -> None:
    async def stalls(asked: Asked, line: Line) -> None:
        await line.raw(half())
        await line.nap(30)

    url = origin.on("/f/stall-mid", in_turn(stalls, stalls, answer(200, feed())))
    subject.follow(url)
    subject.poll()
    failing(subject, url, "stopped sending")
    subject.poll()
    subject.poll()
    unconditional(origin, "/f/stall-mid")
    well(subject, url, 5)


@fault("NET-09")
def test_a_reset_in_mid_body_loses_and_doubles_nothing(subject: Subject, origin: Origin) -> None:
    async def reset(asked: Asked, line: Line) -> None:
        await line.raw(half())
        await line.nap(0.1)
        line.reset()

    url = origin.on("/f/reset", in_turn(reset, answer(200, feed())))
    subject.follow(url)
    subject.poll()
    failing(subject, url, "broke off", "ended before")
    subject.poll(2)
    well(subject, url, 5)
    assert len(subject.alerts()) == len({item.title for item in subject.items(url)})


@fault("NET-10")
def test_a_connection_closed_without_a_byte_is_recorded(subject: Subject, origin: Origin) -> None:
    url = origin.on("/f/close-at-once", raw(b""))
    subject.follow(url)
    subject.poll()
    failing(subject, url, "broke off")
    assert len(origin.seen("/f/close-at-once")) <= 2


@fault("NET-11")
def test_a_kept_connection_that_the_server_closes_costs_no_poll(subject: Subject, origin: Origin) -> None:
    async def lie(asked: Asked, line: Line) -> None:
        body = feed()
        keep = (("Connection", "keep-alive"), ("Keep-Alive", "timeout=60"), ("Content-Length", str(len(body))))
        await line.raw(head(200, keep) + body)
        await line.nap(5)  # closed at the moment at which a second request comes, not before: that a client would see

    urls = [origin.on(f"/f/keepalive-lie{number}", lie) for number in range(12)]
    subject.follow(*urls)
    for _ in range(3):
        subject.poll()
        assert {subject.view(url).failures for url in urls} == {0}
    assert {subject.view(url).state for url in urls} == {"ok"}
    # what makes it so: each request has a connection of its own
    assert origin.connections == len(origin.asked)


def cut_length(etag: str) -> Any:
    return raw(half(etag))


@fault("NET-12")
def test_a_body_shorter_than_its_length_is_an_error_and_its_validator_is_dropped(
    subject: Subject, origin: Origin
) -> None:
    url = origin.on("/f/truncated-length", cut_length('"cut"'))
    subject.follow(url)
    subject.poll(3)
    failing(subject, url, "ended before")
    unconditional(origin, "/f/truncated-length")


@fault("NET-13")
def test_a_chunked_body_without_its_end_is_an_error_and_its_validator_is_dropped(
    subject: Subject, origin: Origin
) -> None:
    body = feed()[:900]
    cut = head(200, (("Transfer-Encoding", "chunked"), ("ETag", '"cut"'))) + b"%x\r\n%s\r\n" % (len(body), body)
    url = origin.on("/f/truncated-chunked", raw(cut))
    subject.follow(url)
    subject.poll(3)
    failing(subject, url, "ended before")
    unconditional(origin, "/f/truncated-chunked")


@fault("NET-14")
def test_a_document_that_breaks_off_gives_its_whole_items_and_is_asked_for_again_whole(
    subject: Subject, origin: Origin
) -> None:
    whole = feed(5, origin.url(""))
    body = whole[: whole.index(b"urn:coop:3")]
    url = origin.on("/f/truncated-silent", answer(200, body, ("ETag", '"cut"'), ("Last-Modified", "x")))
    subject.follow(url)
    subject.poll()
    assert [found.title for found in subject.items(url)] == [title(number) for number in range(3)]
    assert "cut" in subject.view(url).flags
    subject.poll(2)
    unconditional(origin, "/f/truncated-silent")
    assert subject.view(url).outcome == "nothing_new"  # parsed again each time: no hash was kept


@fault("NET-15")
def test_a_gzip_stream_that_is_cut_is_an_error_and_its_validator_is_dropped(subject: Subject, origin: Origin) -> None:
    packed = gzip.compress(feed(200))
    body = packed[: len(packed) * 2 // 3]
    url = origin.on("/f/gzip-cut", answer(200, body, ("Content-Encoding", "gzip"), ("ETag", '"cut"')))
    subject.follow(url)
    subject.poll(3)
    failing(subject, url, "ended before")
    unconditional(origin, "/f/gzip-cut")


@fault("NET-16")
def test_surplus_bytes_are_never_the_next_answer(subject: Subject, origin: Origin) -> None:
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"
    body = feed(5)
    short = head(200, (("Content-Length", str(len(body))),)) + body + evil
    bodied = head(304, (("ETag", '"a"'), ("Content-Length", "4"))) + b"EVIL" + evil
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    both = head(200, (("Transfer-Encoding", "chunked"), ("Content-Length", "10"))) + chunked + evil
    urls = [
        origin.on("/f/length-short", raw(short)),
        origin.on("/f/304-body", in_turn(answer(200, body, ("ETag", '"a"')), raw(bodied))),
        origin.on("/f/both-lengths", raw(both)),
    ]
    subject.follow(*urls)
    subject.poll(4)
    assert "EVIL" not in subject.stored_text()
    assert len(subject.items(urls[0])) == 5
    assert len(subject.items(urls[1])) == 5
    assert subject.view(urls[1]).outcome == "not_modified"
    assert len(subject.items(urls[2])) in (0, 5)


@fault("NET-17")
def test_what_is_not_http_is_recorded_and_nothing_else_suffers(subject: Subject, origin: Origin) -> None:
    chunk = origin.on(
        "/f/bad-chunk", raw(head(200, (("Transfer-Encoding", "chunked"),)) + b"ZZZ\r\nhello\r\n0\r\n\r\n")
    )
    icy, other = origin.on("/f/icy", raw(b"ICY 200 OK\r\n\r\n" + feed())), good(origin)
    subject.follow(chunk, icy, other)
    subject.poll(2)
    failing(subject, chunk, "not HTTP")
    failing(subject, icy, "not HTTP")
    well(subject, other)


def growth(subject: Subject) -> Callable[[], float]:
    """MiB by which this process and the subject's workers have grown since."""
    import resource

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    before, now = peak(), rss_of([os.getpid()]) / MIB
    # a peak that was reached earlier hides growth: count from the higher of the two
    return lambda: peak() - max(before, now)


@fault("NET-18")
def test_huge_and_very_many_headers_take_bounded_memory(subject: Subject, origin: Origin) -> None:
    huge = origin.on("/f/header-huge", raw(head(200, (("X-Big", "a" * MIB), ("Content-Length", "0")))))
    many = origin.on("/f/header-many", answer(200, feed(), *((f"X-{number}", "v") for number in range(5000))))
    subject.follow(huge, many, good(origin))
    grown = growth(subject)
    subject.poll(2)
    failing(subject, huge, "not HTTP")
    assert subject.view(many).state in ("ok", "failing")
    well(subject, origin.url("/f/good"))
    assert grown() < 20


def bomb(mib: int, layers: int = 1) -> bytes:
    packer, out = zlib.compressobj(9, wbits=31), []
    out.append(packer.compress(b"<?xml version='1.0'?><rss version='2.0'><channel><title>b</title>"))
    block = b" " * MIB
    out += [packer.compress(block) for _ in range(mib)]
    out += [packer.compress(b"</channel></rss>"), packer.flush()]
    body = b"".join(out)
    return bomb_again(body) if layers == 2 else body


def bomb_again(body: bytes) -> bytes:
    return gzip.compress(body, 9)


@fault("NET-19")
def test_a_gzip_bomb_is_stopped_at_the_limit(subject: Subject, origin: Origin) -> None:
    body = bomb(256)
    packed = answer(200, body, ("Content-Encoding", "gzip"))
    url = origin.on("/f/gzip-bomb", packed)
    page = origin.on("/a/gzip-bomb", packed)
    other = origin.on("/f/one", answer(200, rss([item(0, link=page)]).encode()))
    subject.follow(url, other)
    grown = growth(subject)
    subject.poll()
    assert grown() < 50
    failing(subject, url, "too large")
    (read,) = subject.items(other)
    assert read.method == "summary"
    assert "too_large" in read.reason


@fault("NET-20")
def test_a_bomb_in_two_layers_is_refused_before_it_is_decoded(subject: Subject, origin: Origin) -> None:
    body = bomb(256, layers=2)
    url = origin.on("/f/gzip-bomb-double", answer(200, body, ("Content-Encoding", "gzip, gzip")))
    subject.follow(url)
    tracemalloc.start()
    try:
        subject.poll()
        assert tracemalloc.get_traced_memory()[1] < 50 * MIB
    finally:
        tracemalloc.stop()
    failing(subject, url, "packed in a way")
    assert "refused before decoding" in subject.view(url).words


@fault("NET-21")
def test_endless_and_oversized_bodies_are_left_at_the_limit(subject: Subject, origin: Origin) -> None:
    unit = "".join(item(number) for number in range(3000)).encode()

    async def huge(asked: Asked, line: Line) -> None:
        await line.raw(head(200, (("Content-Type", "text/xml"),)))
        for _ in range(60 * MIB // len(unit)):
            await line.raw(unit)

    async def endless(asked: Asked, line: Line) -> None:
        await line.raw(head(200, (("Transfer-Encoding", "chunked"),)))
        while True:
            await line.raw(b"%x\r\n%s\r\n" % (len(unit), unit))

    async def lie(asked: Asked, line: Line) -> None:
        await line.raw(head(200, (("Content-Length", str(10**12)),)) + feed())
        await line.nap(30)

    page = origin.on("/a/huge", huge)
    urls = [origin.on("/f/huge", huge), origin.on("/f/endless", endless), origin.on("/f/length-lie", lie)]
    other = origin.on("/f/one", answer(200, rss([item(0, link=page)]).encode()))
    subject.follow(*urls, other)
    with takes(20):
        subject.poll()
    for url in urls:
        failing(subject, url, "too large")
    (read,) = subject.items(other)
    assert "too_large" in read.reason
    for path in ("/f/huge", "/f/endless", "/a/huge"):
        assert origin.sent[path] <= (10 + 1 + 8) * MIB  # limit, one more, and what the kernel's buffers took


@fault("NET-22")
@pytest.mark.parametrize(
    ("name", "coding", "body"),
    [
        ("coding-unknown", "x-strange", feed()),
        ("gzip-lie", "gzip", feed()),
        ("gzip-corrupt", "gzip", b"\x1f\x8b\x08\x00" + b"\x00" * 6 + b"\xff" * 200),
        ("gzip-unlabelled", "", gzip.compress(feed())),
        ("br", "br", b"\x1b\x35\x02\x60\x64" * 40),
    ],
)
def test_an_unknown_or_wrong_coding_is_an_error_and_no_junk_is_parsed(
    subject: Subject, origin: Origin, name: str, coding: str, body: bytes
) -> None:
    headers = (("Content-Encoding", coding),) if coding else ()
    url = origin.on(f"/f/{name}", answer(200, body, *headers))
    subject.follow(url)
    subject.poll()
    failing(subject, url, "packed", "ended before")
    assert isinstance(subject, Product) or subject.view(url).listed == 0
