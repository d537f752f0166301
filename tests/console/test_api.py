"""The API: described by OpenAPI, never a server error whatever is sent (schemathesis), nothing changed without session and
token, nothing on GET; and the pages of life."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from monitor.console import application, gate
from monitor.console.auth import LOGIN_ATTEMPTS, Sessions
from monitor.console.gate import Access
from monitor.rulebook import RuleSet
from tests.console import fill
from tests.console.conftest import PASSWORD, Site, behind, serve
from tests.databases import new_store

TOKEN = {"Authorization": "Bearer api-token"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, ruleset: RuleSet) -> Iterator[Site]:
    store = new_store(f"sqlite:///{tmp_path_factory.mktemp('api')}/coopwatch.db")
    fill.everything(store, 20)
    with serve(application.build(behind(store, ruleset), Access(Sessions(), api_token="api-token"))) as url:
        yield Site(url, store)
    store.close()


def ask(site: Site, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(site.url).netloc, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def get(site: Site, path: str) -> dict[str, object]:
    status, _, text = ask(site, "GET", path, **TOKEN)
    assert status == 200, text
    found: dict[str, object] = json.loads(text)
    return found


def test_everything_the_pages_show_is_there_for_programs(site: Site) -> None:
    stories = get(site, "/api/stories?principals=IT,CN&type=call")["stories"]
    assert isinstance(stories, list)
    assert all({"IT", "CN"} <= {party["id"] for party in story["parties"]} for story in stories)
    whole = get(site, "/api/stories/st-1")
    assert [delivery["state"] for delivery in whole["deliveries"]] == ["sent"]  # type: ignore[attr-defined, index]
    assert ask(site, "GET", "/api/stories/none", **TOKEN)[0] == 404
    for path in ("/api/relations", "/api/feeds", "/api/coverage", "/api/deliveries", "/api/quality", "/api/rules"):
        get(site, path)


def test_days_at_the_edge_of_the_calendar_are_left_out_and_unknown_types_refused(site: Site) -> None:
    for query in ("since=0001-01-01", "until=9999-12-31", "since=yesterday"):
        assert get(site, f"/api/stories?{query}")["stories"] == get(site, "/api/stories")["stories"]
        assert ask(site, "GET", f"/relations?{query}", Cookie=login(site))[0] == 200
    assert ask(site, "GET", "/api/stories?type=banana", **TOKEN)[0] == 422
    assert ask(site, "GET", "/?type=banana", Cookie=login(site))[0] == 422


def test_a_fuzzer_finds_no_server_error(site: Site) -> None:
    schema = schemathesis.openapi.from_url(f"{site.url}/openapi.json", headers=TOKEN)
    asked: list[str] = []

    for operation in schema.get_all_operations():
        sound_for = settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))

        @sound_for
        @given(case=operation.ok().as_strategy())
        def check(case: schemathesis.Case) -> None:
            answer = case.call(headers=TOKEN)
            asked.append(case.path)
            assert answer.status_code < 500, (case.path, answer.text[:300])

        check()
    assert {"/api/stories", "/api/stories/{story_id}", "/api/feeds", "/api/deliveries"} <= set(asked)


FORMS = (
    "/stories/st-1/judge", "/stories/st-1/merge", "/stories/st-1/split", "/stories/st-1/deadline", "/stories/st-1/silence",
    "/missed", "/deliveries/d2-desk/replay", "/silences/1/end", "/sources/preview", "/sources/add", "/sources/f0/pause",
    "/sources/f0/resume", "/quality/label", "/rules/try", "/language", "/logout",
)  # fmt: skip


def test_no_change_happens_on_get_and_none_without_session_and_token(site: Site) -> None:
    body = urllib.parse.urlencode({"verdict": "wrong", "other": "st-2", "url": "https://x.example", "csrf": "guess"})
    cookie = login(site)
    for path in FORMS:
        assert ask(site, "POST", path, body)[0] in {303, 403}, path
        assert ask(site, "POST", path, body, Cookie=cookie)[0] == 403, path
        assert ask(site, "GET", path, Cookie=cookie)[0] in {404, 405}, path
    with site.store.database.read() as connection:
        actions = connection.exec_driver_sql("SELECT count(*) FROM action WHERE actor != 'anna'").scalar()
    assert actions == 0


def test_every_form_of_the_page_is_in_that_list(root: Path) -> None:
    posts = {
        line.split('"')[1]
        for line in (root / "monitor" / "console" / "doing.py").read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("@found.post(")
    } - {"/login"}
    shapes = {"/".join("{}" if part.startswith("{") else part for part in path.split("/")) for path in posts}
    assert len(shapes) == len(FORMS)


def login(site: Site) -> str:
    status, headers, _ = ask(site, "POST", "/login", urllib.parse.urlencode({"password": PASSWORD}))
    assert status == 303
    set_cookie = headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in set_cookie.split(";")}
    return set_cookie.split(";")[0]


def test_life_is_told_without_a_session_and_nothing_else(site: Site) -> None:
    assert ask(site, "GET", "/healthz")[2] == "ok\n"
    assert ask(site, "GET", "/readyz")[0] == 200
    assert "coopwatch_" in ask(site, "GET", "/metrics")[2]
    for path in ("/", "/sources", "/rules", "/openapi.json", "/api/stories", "/stories/st-1"):
        status, _, text = ask(site, "GET", path)
        assert status in {303, 401}, path
        assert "Gazzetta" not in text


def test_many_wrong_passwords_close_the_door(tmp_path: Path, ruleset: RuleSet) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    with serve(application.build(behind(store, ruleset), Access(Sessions()))) as url:
        site = Site(url, store)
        wrong = urllib.parse.urlencode({"password": "guess"})
        answers = [ask(site, "POST", "/login", wrong)[0] for _ in range(LOGIN_ATTEMPTS + 2)]
        assert answers == [403] * LOGIN_ATTEMPTS + [429] * 2
        assert ask(site, "POST", "/login", urllib.parse.urlencode({"password": PASSWORD}))[0] == 429
    store.close()


def test_the_policy_forbids_everything_that_is_not_ours(site: Site) -> None:
    policy = dict(gate.HEADERS)[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none'")
    for page in ("/login", "/static/style.css"):
        assert ask(site, "GET", page)[1]["content-security-policy"] == policy
