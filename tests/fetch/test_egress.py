"""The egress against a real origin on loopback; the faults that have an id stand in tests/faults/poller."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.fetch.egress import Egress, Request, Settings, tls_context, without_credentials
from monitor.fetch.failure import FailureKind, FetchFailed
from monitor.fetch.guard import Guard
from monitor.model import HttpAnswer, HttpFailure
from tests.origin import Asked, Line, Origin, answer, head

SETTINGS = Settings("coopwatch/0.1 (+https://example.org/bot)", deadline_s=3, connect_s=2, read_s=2)
TLS = tls_context()


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


def get(origin: Origin, url: str, settings: Settings = SETTINGS, **extra: object) -> HttpAnswer | HttpFailure:
    request = Request(url, allow=frozenset({origin.place}), **extra)  # type: ignore[arg-type]
    return asyncio.run(Egress(settings, tls=TLS).get(request))


def got(origin: Origin, url: str, **extra: object) -> HttpAnswer:
    result = get(origin, url, **extra)
    assert isinstance(result, HttpAnswer), result
    return result


def failed(origin: Origin, url: str, **extra: object) -> HttpFailure:
    result = get(origin, url, **extra)
    assert isinstance(result, HttpFailure), result
    return result


def test_an_answer_comes_with_status_headers_and_body(origin: Origin) -> None:
    url = origin.on("/f", answer(200, b"<rss/>", ("ETag", 'W/"1"')))
    result = got(origin, url)
    assert (result.status, result.body, result.header("etag"), result.final_url) == (200, b"<rss/>", 'W/"1"', url)


def test_a_request_names_the_program_and_carries_no_cookie_and_no_referrer(origin: Origin) -> None:
    target = origin.on("/t", answer(200, b"x", ("Set-Cookie", "a=1; Path=/")))
    url = origin.on("/f", answer(302, b"", ("Location", "/t"), ("Set-Cookie", "b=2; Path=/")))
    got(origin, url, headers=(("If-None-Match", '"x"'),))
    got(origin, target)
    for asked in origin.asked:
        assert asked.header("user-agent") == SETTINGS.user_agent
        assert "gzip" in asked.header("accept-encoding")
        assert not asked.header("cookie")
        assert not asked.header("referer")
        assert asked.method == "GET"
    assert origin.seen("/t")[0].header("if-none-match") == '"x"'


def test_redirects_are_listed_hop_by_hop(origin: Origin) -> None:
    origin.on("/b", answer(302, b"", ("Location", "c?x=1#part")))
    origin.on("/c", answer(200, b"x"))
    result = got(origin, origin.on("/a", answer(301, b"", ("Location", "/b"))))
    assert result.hops == ((301, origin.url("/b")), (302, origin.url("/c?x=1")))
    assert result.final_url == origin.url("/c?x=1")
    assert result.url == origin.url("/a")


def test_five_redirects_are_followed_and_six_are_not(origin: Origin) -> None:
    async def hop(asked: Asked, line: Line) -> None:
        left = int(asked.query["n"])
        await (answer(302, b"", ("Location", f"/h?n={left - 1}")) if left else answer(200, b"x"))(asked, line)

    origin.on("/h", hop)
    assert got(origin, origin.url("/h?n=5")).status == 200
    assert failed(origin, origin.url("/h?n=6")).kind == FailureKind.REDIRECTS


@pytest.mark.parametrize("target", ["", " ", "http://[::1", "http://", "\x00", "http://" + "a" * 5000])
def test_a_redirect_to_nowhere_is_a_failure_and_no_exception(origin: Origin, target: str) -> None:
    url = origin.on("/f", answer(301, b"", ("Location", target)))
    assert failed(origin, url).kind in (FailureKind.REDIRECTS, FailureKind.URL, FailureKind.PROTOCOL)


@pytest.mark.parametrize("url", ["ftp://example.org/", "file:///etc/passwd", "gopher://example.org", "javascript:1"])
def test_other_schemes_are_refused(origin: Origin, url: str) -> None:
    assert failed(origin, url).kind == FailureKind.SCHEME
    redirected = failed(origin, origin.on("/f", answer(302, b"", ("Location", url))))
    assert redirected.kind in (FailureKind.SCHEME, FailureKind.REDIRECTS)


@pytest.mark.parametrize(
    "url", ["", "http://", "nonsense", "http://exa mple.org/", "http://[1", "http://a" + "b" * 9000]
)
def test_what_is_no_address_is_refused(origin: Origin, url: str) -> None:
    assert failed(origin, url).kind in (FailureKind.URL, FailureKind.SCHEME, FailureKind.DNS)


def test_a_port_of_another_service_is_refused_even_on_a_public_address() -> None:
    async def public(host: str, port: int) -> tuple[str, ...]:
        return ("93.184.215.14",)

    result = asyncio.run(Egress(SETTINGS, resolver=public, tls=TLS).get(Request("http://example.org:25/")))
    assert isinstance(result, HttpFailure)
    assert result.kind == FailureKind.PORT


def test_an_exception_holds_for_its_own_host_and_port_only(origin: Origin) -> None:
    with Origin() as other:
        for url in (other.url("/"), f"http://localhost:{origin.port}/", f"http://127.0.0.2:{origin.port}/"):
            assert failed(origin, url).kind == FailureKind.REFUSED_ADDRESS
        assert other.connections == 0
    assert origin.connections == 0


def test_credentials_go_to_their_own_host_only_and_appear_in_no_result(origin: Origin) -> None:
    with Origin() as other:
        other.on("/t", answer(200, b"x"))
        origin.on("/same", answer(302, b"", ("Location", other.url("/t"))))
        url = origin.on("/f", answer(302, b"", ("Location", "/same"))).replace("http://", "http://anna:s3cret@")
        allow = frozenset({origin.place, other.place})
        result = asyncio.run(Egress(SETTINGS, tls=TLS).get(Request(url, allow=allow)))
        assert isinstance(result, HttpAnswer)
        basic = "Basic " + base64.b64encode(b"anna:s3cret").decode()
        assert [asked.header("authorization") for asked in origin.asked] == [basic, basic]
        assert other.seen("/t")[0].header("authorization") == ""
    assert "s3cret" not in repr(result)


def test_credentials_are_cut_from_addresses_that_are_shown() -> None:
    assert without_credentials("https://a:b@example.org:8443/x?y=1") == "https://example.org:8443/x?y=1"
    assert without_credentials("https://example.org/@x") == "https://example.org/@x"


def test_an_error_page_of_any_size_is_an_answer_with_its_first_bytes(origin: Origin) -> None:
    result = got(origin, origin.on("/f", answer(503, b"x" * 1_000_000, ("Retry-After", "7"))))
    assert (result.status, len(result.body), result.header("retry-after")) == (503, 65536, "7")


def test_a_hook_gets_its_body_and_its_redirect_is_not_followed(origin: Origin) -> None:
    url = origin.on("/hook", answer(307, b"elsewhere", ("Location", "/other")))
    request = Request(url, headers=(("Content-Type", "application/json"),), allow=frozenset({origin.place}))
    result = asyncio.run(Egress(SETTINGS, tls=TLS).post(request, b'{"a":1}'))
    assert isinstance(result, HttpAnswer)
    assert (result.status, result.body) == (307, b"elsewhere")
    assert [(asked.method, asked.body) for asked in origin.asked] == [("POST", b'{"a":1}')]


def test_a_hook_that_streams_for_ever_is_read_to_64_kib(origin: Origin) -> None:
    async def endless(asked: Asked, line: Line) -> None:
        await line.raw(head(200))
        while True:
            await line.raw(b"x" * 10_000)

    request = Request(origin.on("/hook", endless), allow=frozenset({origin.place}))
    result = asyncio.run(Egress(SETTINGS, tls=TLS).post(request, b"{}"))
    assert isinstance(result, HttpAnswer)
    assert len(result.body) == 65536


def test_cancelled_requests_leave_nothing_behind(origin: Origin) -> None:
    async def never(asked: Asked, line: Line) -> None:
        await line.nap(30)

    slow, good = origin.on("/slow", never), origin.on("/good", answer(200, b"x"))

    async def run() -> list[HttpAnswer | HttpFailure]:
        egress = Egress(SETTINGS, tls=TLS)
        allow = frozenset({origin.place})
        tasks = [asyncio.create_task(egress.get(Request(slow, allow=allow))) for _ in range(40)]
        await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return await asyncio.gather(*(egress.get(Request(good, allow=allow)) for _ in range(20)))

    assert all(isinstance(result, HttpAnswer) for result in asyncio.run(run()))


def test_a_proxy_is_asked_for_a_tunnel_to_the_checked_address() -> None:
    lines: list[bytes] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        lines.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def public(host: str, port: int) -> tuple[str, ...]:
        return ("93.184.215.14",) if host == "example.org" else ("10.0.0.1",)

    async def run() -> tuple[HttpAnswer | HttpFailure, HttpAnswer | HttpFailure]:
        server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        egress = Egress(replace(SETTINGS, proxy=f"http://u:p@127.0.0.1:{port}"), resolver=public, tls=TLS)
        async with server:
            return await egress.get(Request("http://example.org/f")), await egress.get(
                Request("http://inside.example/")
            )

    good, bad = asyncio.run(run())
    assert isinstance(good, HttpAnswer)
    assert good.body == b"ok"
    assert lines[0].startswith(b"CONNECT 93.184.215.14:80 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dTpw" in lines[0]
    assert b"Host: example.org\r\n" in lines[1]
    assert isinstance(bad, HttpFailure)
    assert bad.kind == FailureKind.REFUSED_ADDRESS
    assert len(lines) == 2


def test_other_ports_are_asked_where_the_configuration_says_so() -> None:
    asked: list[int] = []

    async def public(host: str, port: int) -> tuple[str, ...]:
        asked.append(port)
        return ("192.0.2.1",)

    settings = replace(SETTINGS, ports=frozenset({8443}))
    for url, kind in (("https://x.example:8443/", "refused_address"), ("http://93.184.215.14/", "port")):
        result = asyncio.run(Egress(settings, resolver=public, tls=TLS).get(Request(url)))
        assert isinstance(result, HttpFailure)
        assert result.kind == kind


def test_an_address_that_is_refused_is_not_said_to_lead_to_itself() -> None:
    guard = Guard(frozenset())
    for host, said in (
        ("127.0.0.1", "127.0.0.1 is not"),
        ("home.example", "home.example leads to 127.0.0.1, which is"),
    ):
        with pytest.raises(FetchFailed, match=f"^refused_address: {said}"):
            guard.checked(host, 80, ("127.0.0.1",))
