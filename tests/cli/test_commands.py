"""Commands over a real store, as a person and as a program reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.cli import main
from tests.flow.conftest import forms_cache, place
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import YESTERDAY, Story, World

__all__ = ["forms_cache", "place"]  # fixtures


class Shell:
    """Calls the command in this process with the world's configuration."""

    def __init__(self, place: World, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = ["--config", str(place.folder / "coopwatch.toml")]
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self._capsys.readouterr()
        assert main([*arguments, *self._config]) == code, self._capsys.readouterr()
        got = self._capsys.readouterr()
        self.err = got.err
        return got.out

    def json(self, *arguments: str) -> object:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def shell(place: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("COLUMNS", "200")
    place.stories = [WEATHER, SIGNED]
    return Shell(place, capsys)


def test_what_once_found_is_shown_by_status_feeds_stories_and_explain(shell: Shell, place: World) -> None:
    assert "not made yet" in shell("status")
    shell("once", "--json")
    status = shell.json("status")
    assert isinstance(status, dict)
    assert (status["running"], status["stories"], status["deliveries"]) == (False, 1, {"sent": 2})
    assert "NO ALERT LEAVES" not in shell("status")
    (feed,) = shell.json("feeds", "list")  # type: ignore[misc]
    shown = shell.json("feeds", "show", feed["id"])
    assert shown["last_polls"][0]["words"].startswith("2 listed: 2 new, 0 edited, 0 known")  # type: ignore[index]
    assert "2 listed: 2 new" in shell("feeds", "show", f"{place.base}/feed.xml")
    (story,) = shell.json("stories", "list")  # type: ignore[misc]
    assert {party["id"] for party in story["parties"]} == {"IT", "JP"}
    assert SIGNED.title in shell("stories", "show", story["id"])
    assert json.loads(shell("stories", "export"))["id"] == story["id"]
    assert story["id"] in shell("stories", "export", "--format", "csv")
    assert shell("stories", "list", "--between", "IT,FR", "--json").strip() == "[]"
    told = shell("explain", f"{place.base}/a/signed")
    for words in ("THEN", "listed", "from its page", "immediate", "desk", "250 OK", "NOW", "announcement"):
        assert words in told, told
    quiet = shell("explain", f"{place.base}/a/weather")
    assert "none, score" in quiet
    assert "no sentence reports an act between two parties" in quiet
    assert "no route was asked" in quiet
    explained = shell.json("explain", story["id"])
    assert explained["then"][0]["said"][0]["decision"] == "immediate"  # type: ignore[index]


def test_a_site_is_added_by_its_page_and_removed_by_its_address(shell: Shell, place: World) -> None:
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body>x</body></html>'
    place.pages["/"] = lambda: (200, "text/html", page)
    (place.folder / "feeds.yaml").write_text("feeds: []\n")
    assert "added" in shell("feeds", "add", f"{place.base}/", "--language", "it", "--kind", "news agency")
    (feed,) = shell.json("feeds", "list")  # type: ignore[misc]
    assert (feed["url"], feed["language"], feed["state"]) == (f"{place.base}/feed.xml", "it", "ok")
    assert feed["kind"] == "news agency"
    opml = place.folder / "out.opml"
    opml.write_text(shell("feeds", "export"))
    shell("feeds", "remove", feed["id"])
    assert shell("feeds", "list", "--json").strip() == "[]"
    assert "1 feed in" in shell("feeds", "import", str(opml))
    assert len(shell.json("feeds", "list")) == 1  # type: ignore[arg-type]
    assert shell.json("feeds", "check")[0]["ok"] is True  # type: ignore[index]
    place.pages["/feed.xml"] = lambda: (404, "text/plain", b"no")
    assert "BAD" in shell("feeds", "check", code=2)
    assert "404" in shell("feeds", "check", f"{place.base}/feed.xml", code=2)
    shell("feeds", "add", f"{place.base}/", "--kind", "newspeper", code=2)
    assert "'news agency'" in shell.err


def test_a_feed_of_another_file_is_switched_off_and_comes_back_when_added(shell: Shell, place: World) -> None:
    shell("feeds", "remove", f"{place.base}/feed.xml")
    assert shell("feeds", "list", "--json").strip() == "[]"
    assert "enabled: false" in (place.folder / "state" / "feeds.yaml").read_text()
    shell("feeds", "add", f"{place.base}/feed.xml")
    assert len(shell.json("feeds", "list")) == 1  # type: ignore[arg-type]


def test_imported_articles_are_known_and_never_told(shell: Shell, place: World, tmp_path: Path) -> None:
    place.stories = []
    lines = tmp_path / "articles.jsonl"
    line = {
        "id": "x1",
        "title": SIGNED.title,
        "text": SIGNED.text,
        "published": YESTERDAY.date().isoformat(),
        "url": None,
        "lang": "it",
    }
    lines.write_text(json.dumps(line) + "\n")
    assert shell.json("import", str(lines)) == {"read": 1, "new": 1}
    assert shell.json("import", str(lines)) == {"read": 1, "new": 0}
    shell("once", "--json")
    (story,) = shell.json("stories", "list")  # type: ignore[misc]
    assert (place.mails, place.hooks) == ([], [])
    assert story["sources_total"] == 1


def test_a_bad_line_of_an_import_stores_nothing(shell: Shell, tmp_path: Path) -> None:
    lines = tmp_path / "articles.jsonl"
    lines.write_text('{"id": "a", "title": "t"}\n{"id": "b"}\n')
    shell("import", str(lines), code=2)
    assert f"{lines}:2: not an article" in shell.err
    assert "not made yet" in shell("status")


def test_a_missed_announcement_is_entered_by_hand_and_told_to_nobody(shell: Shell, place: World) -> None:
    place.stories = []
    other = Story("missed", "Un fatto senza parole note", "Qui non c'è nulla che le regole conoscano. " * 8)
    place.pages["/a/missed"] = lambda: (200, "text/html", other.page())
    shell("stories", "add", f"{place.base}/a/missed", "--missed", "the rules do not know the word")
    (story,) = shell.json("stories", "list")  # type: ignore[misc]
    assert "the rules do not know the word" in shell("stories", "show", story["id"])
    shell("once", "--json")
    assert (place.mails, place.hooks) == ([], [])
    shell("stories", "add", f"{place.base}/a/missed", "--missed", "again", code=2)


def test_names_that_are_not_known_are_one_clear_line(shell: Shell) -> None:
    for arguments in (
        ("feeds", "show", "nope"),
        ("stories", "show", "nope"),
        ("explain", "nope"),
        ("feeds", "remove", "x"),
    ):
        shell(*arguments, code=2)
        assert "Traceback" not in shell.err
        assert "nope" in shell.err or "x" in shell.err
