"""The gate before every page: what needs a session, what needs a token, and what no request gets around."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.console.auth import Sessions
from monitor.console.gate import COOKIE, MAX_BODY_BYTES, Access, Gate

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
FORM = (b"content-type", b"application/x-www-form-urlencoded")


async def page(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    session = scope["state"]["session"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": (session.user if session else "-").encode() + b"|" + body})


def ask(
    access: Access, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes = b""
) -> tuple[int, dict[str, str], str]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", b"c.example"), *headers]}
    asyncio.run(Gate(page, access, lambda: NOW)(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], got, sent[1]["body"].decode()


@pytest.fixture
def access() -> Access:
    return Access(Sessions(), api_token="tok")


def opened(access: Access) -> tuple[tuple[bytes, bytes], str]:
    cookie, session = access.sessions.open("anna", NOW)
    return (b"cookie", f"{COOKIE}={cookie}".encode()), session.csrf


def test_without_a_session_pages_lead_to_the_login_and_the_api_refuses(access: Access) -> None:
    status, headers, _ = ask(access, "GET", "/", [])
    assert (status, headers["location"]) == (303, "/login")
    assert ask(access, "GET", "/api/stories", [])[0] == 401
    assert ask(access, "GET", "/login", [])[0] == 200
    assert ask(access, "GET", "/healthz", [])[0] == 200


def test_every_answer_carries_the_strict_headers(access: Access) -> None:
    for path in ("/", "/login", "/api/stories", "/static/style.css"):
        headers = ask(access, "GET", path, [])[1]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_change_needs_the_token_of_this_session(access: Access) -> None:
    cookie, csrf = opened(access)
    assert ask(access, "POST", "/stories/1/judge", [cookie, FORM], b"verdict=right")[0] == 403
    assert ask(access, "POST", "/stories/1/judge", [cookie, FORM], b"verdict=right&csrf=wrong")[0] == 403
    status, _, body = ask(access, "POST", "/stories/1/judge", [cookie, FORM], f"verdict=right&csrf={csrf}".encode())
    assert (status, body) == (200, f"anna|verdict=right&csrf={csrf}")
    assert ask(access, "DELETE", "/x", [cookie, (b"x-csrf-token", csrf.encode())])[0] == 200
    assert ask(access, "DELETE", "/x", [cookie])[0] == 403


def test_a_change_from_another_site_is_refused_even_with_the_token(access: Access) -> None:
    cookie, csrf = opened(access)
    body = f"csrf={csrf}".encode()
    for sign in ((b"origin", b"https://evil.example"), (b"sec-fetch-site", b"cross-site"), (b"origin", b"null")):
        assert ask(access, "POST", "/x", [cookie, FORM, sign], body)[0] == 403
        assert ask(access, "POST", "/login", [FORM, sign], b"password=x")[0] == 403
    assert ask(access, "POST", "/x", [cookie, FORM, (b"origin", b"https://c.example")], body)[0] == 200


def test_the_api_token_stands_for_a_session_and_a_wrong_one_does_not(access: Access) -> None:
    assert ask(access, "GET", "/api/stories", [(b"authorization", b"Bearer tok")])[0] == 200
    assert ask(access, "GET", "/api/stories", [(b"authorization", b"Bearer tik")])[0] == 401
    assert ask(Access(Sessions()), "GET", "/api/stories", [(b"authorization", b"Bearer ")])[0] == 401


def test_a_proxy_names_the_operator_only_where_it_is_configured(access: Access) -> None:
    header = (b"x-remote-user", b"bruno")
    assert ask(access, "GET", "/", [header])[0] == 303
    status, _, body = ask(Access(Sessions(), proxy_header="x-remote-user"), "GET", "/", [header])
    assert (status, body) == (200, "bruno|")


def test_a_large_request_and_a_mangled_cookie_are_refused_calmly(access: Access) -> None:
    assert ask(access, "POST", "/login", [], b"x" * (MAX_BODY_BYTES + 1))[0] == 413
    assert ask(access, "GET", "/", [(b"cookie", b'"\\";=;;')])[0] == 303
