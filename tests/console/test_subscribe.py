"""What feed readers and calendars get: real parsers read it, the token opens it, and it changes nothing."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import feedparser
import pytest

from monitor.console import application
from monitor.console.auth import Sessions
from monitor.console.gate import Access
from monitor.model import ActType, Story
from monitor.rulebook import RuleSet
from monitor.store.stories import save_story
from tests.console import fill
from tests.console.conftest import Site, behind, serve
from tests.databases import new_store

TOKEN = "Bearer api-token"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, ruleset: RuleSet) -> Iterator[Site]:
    store = new_store(f"sqlite:///{tmp_path_factory.mktemp('subscribe')}/coopwatch.db")
    fill.everything(store, 20)
    change(store_of=store, id="st-4", state="wrong")
    change(store_of=store, id="st-5", type=ActType.CALL, deadline="2026-04-01")
    change(store_of=store, id="st-6", type=ActType.CALL, deadline="2026-01-01")
    with serve(application.build(behind(store, ruleset), Access(Sessions(), api_token="api-token"))) as url:
        yield Site(url, store)
    store.close()


def change(store_of: object, id: str, **values: object) -> None:
    store = store_of
    story: Story = replace(store.stories.load([id])[id], **values)  # type: ignore[attr-defined]
    with store.database.write() as connection:  # type: ignore[attr-defined]
        save_story(connection, story, frozenset(), fill.NOW, known=True, added=())


def get(site: Site, path: str, authorization: str = TOKEN) -> tuple[str, bytes]:
    request = urllib.request.Request(site.url + path, headers={"Authorization": authorization})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.headers["content-type"], answer.read()


def test_a_reader_of_atom_finds_the_stories_worth_telling(site: Site) -> None:
    kind, body = get(site, "/api/stories.atom")
    assert kind == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(body)
    assert not found.bozo
    ids = [entry.id.rpartition(":")[2] for entry in found.entries]
    assert "st-1" in ids
    assert "st-4" not in ids  # a person called it wrong
    assert all(entry.link.startswith(f"{site.url}/stories/") for entry in found.entries)
    changed = [entry.updated for entry in found.entries]
    assert changed == sorted(changed, reverse=True)


def test_a_json_feed_lists_the_same_stories(site: Site) -> None:
    kind, body = get(site, "/api/stories.json")
    assert kind == "application/feed+json; charset=utf-8"
    document = json.loads(body)
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["feed_url"] == f"{site.url}/api/stories.json"
    atom = feedparser.parse(get(site, "/api/stories.atom")[1])
    assert [item["id"] for item in document["items"]] == [entry.id for entry in atom.entries]


def test_a_calendar_lists_the_open_calls(site: Site) -> None:
    kind, body = get(site, "/api/calls.ics")
    assert kind == "text/calendar; charset=utf-8"
    text = body.decode()
    assert re.search(r"UID:st-5@coopwatch\r\n(?:.*\r\n)*?DTSTART;VALUE=DATE:20260401\r\n", text)
    assert "UID:st-6@" not in text  # closed


@pytest.mark.parametrize("path", ["/api/stories.atom", "/api/stories.json", "/api/calls.ics"])
def test_the_token_is_the_password_of_programs_that_know_no_other(site: Site, path: str) -> None:
    basic = "Basic " + base64.b64encode(b"whoever:api-token").decode()
    assert get(site, path, basic)[1] == get(site, path)[1]
    for wrong in ("", "Basic " + base64.b64encode(b"whoever:guess").decode(), "Basic ???", "Basic"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(site, path, wrong)
        with refused.value as answer:
            assert answer.code == 401
            assert answer.headers["www-authenticate"] == 'Basic realm="coopwatch"'


def test_a_password_that_a_browser_sends_along_changes_nothing(site: Site) -> None:
    basic = "Basic " + base64.b64encode(b"whoever:api-token").decode()
    for authorization, code in ((basic, {401, 303, 403}), (TOKEN, {404, 405})):
        request = urllib.request.Request(
            f"{site.url}/api/nothing", data=b"x", headers={"Authorization": authorization}, method="POST"
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        with refused.value as answer:
            assert answer.code in code
