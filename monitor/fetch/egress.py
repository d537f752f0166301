"""The one way out: every address that content can influence is asked through an Egress.

It follows redirects hop by hop (each hop meets the guard again), keeps no cookie, sends no referrer, gives credentials
to their own host only, reads no proxy from the environment, and holds every limit. Answers with any status are values;
so are failures.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import httpx

from monitor.fetch.address import PORTS
from monitor.fetch.decode import Decoder, coding_of
from monitor.fetch.failure import FailureKind, FetchFailed
from monitor.fetch.guard import Guard, Resolver, resolve
from monitor.fetch.transport import GuardedTransport, Timing
from monitor.model import HttpAnswer, HttpFailure

logger = logging.getLogger(__name__)

_PROXY_VARIABLES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERROR_BODY_BYTES = 64 * 1024  # of an error page or a hook's answer: enough to name a wall, never a reason to fail
_MAX_URL = 4096

_NOTHING = httpx.ByteStream(b"")

FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9,"
    " text/xml;q=0.9, text/html;q=0.7, */*;q=0.5"
)
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of every fetch. The largest of 123 real feeds has 0.4 MiB; 20,000 entries, which are read, have 6.3."""

    user_agent: str
    deadline_s: float = 60.0
    connect_s: float = 10.0
    read_s: float = 20.0
    wire_bytes: int = 10 * 1024 * 1024
    body_bytes: int = 10 * 1024 * 1024
    redirects: int = 5
    ports: frozenset[int] = PORTS
    proxy: str = field(default="", repr=False)  # may hold a password


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for. ``allow``: exact host:port exceptions of the address guard, for this request and its redirects
    only; ``deadline_s`` and ``body_bytes`` may tighten or widen the settings' limits. ``first_bytes``: this much of the
    body is enough, and what lies behind it is no reason to fail."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    accept: str = FEED_TYPES
    allow: frozenset[str] = frozenset()
    deadline_s: float | None = None
    body_bytes: int | None = None
    first_bytes: int | None = None


def without_credentials(url: str) -> str:
    """The address without user name and password, for logs, messages and the request line."""
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.split("@")[-1]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host
    except (httpx.InvalidURL, UnicodeError, ValueError) as exc:
        raise FetchFailed(FailureKind.URL, f"not an address: {exc}") from exc
    if parsed.scheme not in ("http", "https"):
        raise FetchFailed(FailureKind.SCHEME, f"scheme {parsed.scheme[:20]!r} is not http or https")
    if not host or len(url) > _MAX_URL:
        raise FetchFailed(FailureKind.URL, "no host in the address" if not host else "address too long")
    return parsed


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def tls_context() -> ssl.SSLContext:
    """The TLS context that all fetches share; making one takes 17 ms, so callers make it once."""
    context = httpx.create_ssl_context(trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Egress:
    """Asks for addresses under one set of limits. Keeps no connection between two calls; share and cancel it freely."""

    def __init__(self, settings: Settings, *, resolver: Resolver = resolve, tls: ssl.SSLContext | None = None) -> None:
        self._settings, self._resolver = settings, resolver
        self._tls = tls or tls_context()
        self._proxy = httpx.URL(settings.proxy) if settings.proxy else None
        named = sorted(name for name in os.environ if name.upper() in _PROXY_VARIABLES and os.environ[name])
        if named:
            logger.info("proxy variables of the environment are ignored, fetch.proxy counts: %s", ", ".join(named))
        # httpx logs each address with its query at info: tokens must not reach a log
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def get(self, request: Request) -> HttpAnswer | HttpFailure:
        """The answer to a GET after at most ``settings.redirects`` redirects, or why there is none.

        The body of a 2xx is whole and decoded; that of an error status is cut at 64 KiB.
        """
        return await _Fetch(self, request, self._settings).run("GET", b"")

    async def post(self, request: Request, body: bytes) -> HttpAnswer | HttpFailure:
        """The answer to a POST, whatever its status: redirects are not followed, the body is cut at 64 KiB."""
        return await _Fetch(self, request, replace(self._settings, redirects=0)).run("POST", body)

    def transport(self, allow: frozenset[str], timing: Timing) -> GuardedTransport:
        """The transport of one fetch. It is used without httpx's client: what that adds - cookies, redirects, the
        environment, a pool - is what must not be, and it costs a quarter of an answer 304."""
        return GuardedTransport(Guard(allow, self._settings.ports, self._resolver), timing, self._tls, self._proxy)


class _Fetch:
    """One call of get or post: its clock, its hops, its counters."""

    def __init__(self, egress: Egress, request: Request, settings: Settings) -> None:
        self._egress, self._request, self._settings = egress, request, settings
        self._clock = asyncio.get_running_loop().time
        self._started = self._clock()
        self._hops: list[tuple[int, str]] = []
        self._status = 0

    async def run(self, method: str, body: bytes) -> HttpAnswer | HttpFailure:
        shown = without_credentials(self._request.url)
        try:
            return await self._run(method, body, shown)
        except FetchFailed as exc:
            return HttpFailure(
                url=shown,
                kind=exc.kind,
                detail=exc.detail,
                status=self._status,
                hops=tuple(self._hops),
                elapsed_s=self._clock() - self._started,
            )

    async def _run(self, method: str, body: bytes, shown: str) -> HttpAnswer:
        limits = self._settings
        deadline_s = limits.deadline_s if self._request.deadline_s is None else self._request.deadline_s
        timing = Timing(self._started + deadline_s, limits.connect_s, limits.read_s)
        url = _parsed(self._request.url)
        home, secret = _origin(url), (url.username, url.password)
        url = url.copy_with(username="", password="") if url.userinfo else url
        transport = self._egress.transport(self._request.allow, timing)
        while True:
            auth = httpx.BasicAuth(*secret) if any(secret) and _origin(url) == home else None
            response = await self._ask(transport, method, url, body, auth)
            try:
                target = response.headers.get("location") if response.status_code in _REDIRECTS else None
                if target is None or method == "POST":
                    return await self._answer(response, method, shown)
                url = self._next(url, response, target)
            finally:
                await response.aclose()

    async def _ask(
        self, transport: GuardedTransport, method: str, url: httpx.URL, body: bytes, auth: httpx.BasicAuth | None
    ) -> httpx.Response:
        headers = [
            ("User-Agent", self._settings.user_agent),
            ("Accept", self._request.accept),
            ("Accept-Encoding", "gzip, deflate"),
            ("Connection", "close"),
            *self._request.headers,
        ]
        try:
            request = (
                _asking(url, headers) if method == "GET" else httpx.Request(method, url, headers=headers, content=body)
            )
            if auth is not None:
                request = next(auth.auth_flow(request))
            response = await transport.handle_async_request(request)
        except (httpx.InvalidURL, UnicodeError) as exc:  # only from a Location that httpx cannot read
            raise FetchFailed(FailureKind.REDIRECTS, f"unreadable redirect: {exc}") from exc
        self._status = response.status_code
        return response

    def _next(self, url: httpx.URL, response: httpx.Response, target: str) -> httpx.URL:
        """The next hop. Raises FetchFailed for an empty, foreign or circular one."""
        if not target.strip():
            raise FetchFailed(FailureKind.REDIRECTS, f"{response.status_code} without a target")
        try:
            following = url.join(target.strip())
        except (httpx.InvalidURL, UnicodeError, ValueError) as exc:
            raise FetchFailed(FailureKind.REDIRECTS, f"unreadable redirect target: {exc}") from exc
        following = _parsed(str(following)).copy_with(username="", password="", fragment=None)
        circular = following == url or str(following) in (hop[1] for hop in self._hops)
        if circular and "set-cookie" in response.headers:
            raise FetchFailed(FailureKind.COOKIE_WALL, "redirects in a circle until a cookie comes back")
        self._hops.append((response.status_code, str(following)))
        if len(self._hops) > self._settings.redirects:
            raise FetchFailed(FailureKind.REDIRECTS, f"more than {self._settings.redirects} redirects")
        return following

    async def _answer(self, response: httpx.Response, method: str, shown: str) -> HttpAnswer:
        whole = method == "GET" and response.status_code < 300 and self._request.first_bytes is None
        body, wire = await self._body(response, whole)
        return HttpAnswer(
            url=shown,
            final_url=self._hops[-1][1] if self._hops else shown,
            status=response.status_code,
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw),
            body=body,
            hops=tuple(self._hops),
            elapsed_s=self._clock() - self._started,
            wire_bytes=wire,
        )

    async def _body(self, response: httpx.Response, whole: bool) -> tuple[bytes, int]:
        if response.status_code in (204, 304):
            return b"", 0
        limit = self._request.body_bytes or self._settings.body_bytes
        wire_limit = min(self._settings.wire_bytes, limit)
        if whole and _length(response) > wire_limit:
            raise FetchFailed(FailureKind.TOO_LARGE, f"announces {_length(response)} bytes, limit {wire_limit}")
        enough = (self._request.first_bytes if response.status_code < 300 else None) or _ERROR_BODY_BYTES
        wire, decoder = 0, None
        try:
            decoder = Decoder(coding_of(response.headers.get("content-encoding", "")), limit)
            async for chunk in cast(httpx.AsyncByteStream, response.stream):  # aiter_raw counts and cuts anew
                wire += len(chunk)
                if wire > wire_limit:
                    raise FetchFailed(FailureKind.TOO_LARGE, f"more than {wire_limit} bytes on the wire")
                decoder.feed(chunk)
                if not whole and decoder.size > enough:
                    break
            return (decoder.finish() if whole else decoder.so_far()[:enough]), wire
        except FetchFailed:
            if whole:
                raise
            return decoder.so_far()[:enough] if decoder else b"", wire


def _asking(url: httpx.URL, headers: list[tuple[str, str]]) -> httpx.Request:
    """A request without a body. Given its stream, httpx takes the headers as they are and looks for no content."""
    return httpx.Request("GET", url, headers=[("Host", url.netloc.decode("ascii")), *headers], stream=_NOTHING)


def _length(response: httpx.Response) -> int:
    value = response.headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else 0
