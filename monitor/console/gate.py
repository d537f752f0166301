"""What stands before every page: security headers, the session, the CSRF token, the size of a request. Pure ASGI, so that
no page can forget it: what is not listed as open needs a session (or an API token), and what changes something needs POST
and the session's token.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from monitor.console.auth import Session, Sessions

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "coopwatch_session"
MAX_BODY_BYTES = 1_000_000  # a pasted article; nothing here is larger
OPEN_PATHS = frozenset({"/login", "/healthz", "/readyz", "/metrics"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        b"base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True, slots=True)
class Access:
    """How people and programs prove who they are. ``proxy_header`` (lower case) is believed as it comes: the console must
    then listen where only the proxy reaches it."""

    sessions: Sessions
    proxy_header: str = ""
    api_token: str = ""
    secure_cookie: bool = False


class Gate:
    """Wraps the application; puts the open ``Session`` into ``scope["state"]["session"]``."""

    def __init__(self, app: App, access: Access, clock: Callable[[], datetime]) -> None:
        self._app, self._access, self._clock = app, access, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path, method = str(scope["path"]), str(scope["method"])
        respond = _with_headers(send, private=not path.startswith("/static/"))
        body = await _read(receive)
        if body is None:
            await _refuse(respond, 413, "the request is too large")
            return
        session, cookie = self._session(headers)
        scope.setdefault("state", {})["session"] = session
        scope["state"]["cookie"] = cookie
        bearer = self._bearer(headers) or (method in SAFE and self._basic(headers))
        if session is None and not bearer and not _is_open(path):
            await _to_login(respond, path)
            return
        if method not in SAFE and not bearer and path != "/login":
            fault = self._forged(session, headers, body)
            if fault:
                await _refuse(respond, 403, fault)
                return
        if method not in SAFE and path == "/login" and not _same_origin(headers):
            await _refuse(respond, 403, "the request came from another site")
            return
        await self._app(scope, _replay(body, receive), respond)

    def _session(self, headers: dict[str, str]) -> tuple[Session | None, str]:
        now = self._clock()
        cookie = _cookie(headers.get("cookie", ""))
        session = self._access.sessions.find(cookie, now) if cookie else None
        user = headers.get(self._access.proxy_header, "") if self._access.proxy_header else ""
        if user and (session is None or session.user != user):
            cookie, session = self._access.sessions.open(user[:80], now)
            return session, cookie
        return session, ""

    def _bearer(self, headers: dict[str, str]) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return bool(self._access.api_token) and hmac.compare_digest(given.encode(), self._access.api_token.encode())

    def _basic(self, headers: dict[str, str]) -> bool:
        """Feed readers and calendars know names and passwords only: the token is the password, whatever the name. For
        reading alone, since a browser sends it along from any site."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        try:
            said = base64.b64decode(given, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            return False
        password = said.partition(b":")[2]
        return bool(self._access.api_token) and hmac.compare_digest(password, self._access.api_token.encode())

    def _forged(self, session: Session | None, headers: dict[str, str], body: bytes) -> str:
        """Why a changing request is refused, or an empty string. A token in the form or in X-CSRF-Token, and where the
        browser says where the request came from, this site."""
        if session is None:
            return "log in first"
        if not _same_origin(headers):
            return "the request came from another site"
        token = headers.get("x-csrf-token", "")
        if not token and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            token = parse_qs(body.decode("utf-8", "replace")).get("csrf", [""])[0]
        return (
            ""
            if hmac.compare_digest(token.encode(), session.csrf.encode())
            else "the form is out of date: load it again"
        )


def cookie_header(value: str, *, secure: bool, max_age_s: int) -> str:
    """The Set-Cookie line of a session (an empty ``value`` with 0 seconds ends it)."""
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}" + ("; Secure" if secure else "")


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith("/static/")


def _same_origin(headers: dict[str, str]) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin", "")
    return not origin or origin.split("://", 1)[-1] == headers.get("host", "")


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it passes the limit."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever still comes (the browser going away)."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _with_headers(send: Send, *, private: bool) -> Send:
    extra = [*HEADERS, (b"cache-control", b"no-store" if private else b"max-age=3600")]

    async def respond(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *extra]
        await send(message)

    return respond


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:  # calendars send their password only when they are asked for it
        headers.append((b"www-authenticate", b'Basic realm="coopwatch"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


async def _to_login(send: Send, path: str) -> None:
    if path.startswith("/api/") or path == "/openapi.json":
        await _refuse(send, 401, "log in, or send Authorization: Bearer (or Basic) with the API token")
        return
    await send({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/login")]})
    await send({"type": "http.response.body", "body": b""})
