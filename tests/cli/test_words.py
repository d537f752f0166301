"""What commands say where there is one thing or none: plurals, empty tables, trouble."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.alert import words
from monitor.app import routes_of
from monitor.cli import main
from monitor.cli.output import print_table
from monitor.config import Channel, Route, find_places, load
from monitor.console import pages
from monitor.model import Decision, Episode, Owed, Stage, Told, Why
from monitor.rulebook.feeds import Publisher
from monitor.store import Store
from monitor.store.articles import told_row
from monitor.store.statements import insert_new
from monitor.store.stories import save_story
from monitor.store.tables import told as told_table
from monitor.text import counted
from monitor.watch import HealthKind
from tests.alert import make

NOW = datetime.now(UTC)
Say = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """What a command prints on standard output, with a configuration of one file route and no feeds."""
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    config = tmp_path / "coopwatch.toml"
    config.write_text('state_dir = "state"\nfeeds_file = "feeds.yaml"\n[[routes]]\nname = "desk"\nchannel = "file"\n')

    def call(*arguments: str) -> str:
        capsys.readouterr()
        assert main([*arguments, "--config", str(config)]) == 0
        return capsys.readouterr().out

    return call


def test_one_thing_is_not_called_many() -> None:
    assert [counted(n, "feed") for n in (0, 1, 2)] == ["0 feeds", "1 feed", "2 feeds"]
    assert [counted(n, "copy", "copies") for n in (1, 14)] == ["1 copy", "14 copies"]


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["feeds", "list"], "coopwatch feeds add ADDRESS"),
        (["feeds", "check"], "no feeds to ask"),
        (["stories", "list"], "no stories of the last 30d: look further back"),
        (["stories", "list", "--between", "IT,CN"], "leave a filter out"),
        (["calls"], "no open calls"),
        (["outbox", "list"], "nothing waits and nothing was given up"),
        (["outbox", "list", "--state", "dead"], "no delivery is dead"),
        (["outbox", "retry"], "there is nothing to send again"),
        (["silence", "list"], "no silence is in force"),
        (["rules", "history"], "no rule set yet"),
        (["backup", "--list"], "no copies in"),
    ],
)
def test_where_there_is_nothing_a_list_says_so_and_what_to_do(
    said: Say, store: Store, command: list[str], what: str
) -> None:
    assert what in said(*command)


def test_a_backup_of_one_copy_counts_one(said: Say, store: Store) -> None:
    assert "verified; 1 copy kept)" in said("backup")


def test_status_tells_open_trouble_in_the_words_of_its_mail(said: Say, store: Store) -> None:
    assert "nothing is wrong" in said("status")
    began = NOW - timedelta(hours=3)
    ended = Episode("canary_lost", HealthKind.CANARY_LOST, "poll", began, began, ended_at=NOW)
    gone = Episode("feed_gone:1", HealthKind.FEED_GONE, "Aurora: answers 410", began, began)
    store.health.commit((ended, gone), (), NOW)
    told = said("status")
    assert f"ILL         A feed is gone: Aurora: answers 410 (since {began:%Y-%m-%d %H:%M} UTC, feed_gone)" in told
    assert "canary" not in told
    assert [each["kind"] for each in json.loads(said("status", "--json"))["trouble"]] == ["feed_gone"]


def test_status_tells_what_a_route_still_holds_and_why(said: Say, store: Store) -> None:
    story = make.story(make.report(1), id="st-1")
    held = Told(Owed("desk", "st-1", Stage.SIGNED, "", Decision.HELD, Why.CAP, "article-1"), NOW, "")
    away = Told(Owed("night", "st-1", Stage.SIGNED, "", Decision.PAUSED, Why.PAUSE, "article-1"), NOW, "")
    with store.database.write() as connection:
        save_story(connection, story, {"k"}, NOW, known=False, added=story.reports)
        insert_new(connection, told_table, [told_row(held), told_row(away)])
    told = said("status")
    assert "desk: file, immediate, it; 1 over its hourly limit, for one message" in told
    assert "night: not configured any more; 1 held by its absence" in told


def test_status_tells_who_is_away_and_a_pause_without_a_stand_in_says_what_becomes_of_the_news(
    said: Say, store: Store
) -> None:
    day = (NOW + timedelta(days=3)).date().isoformat()
    assert "what comes waits for one summary at the return" in said("route", "pause", "desk", "--until", day)
    assert "desk: file, immediate, it; AWAY until" in said("status")
    (route,) = json.loads(said("status", "--json"))["routes"]
    assert route["away"]["to"] == "digest"


def test_a_title_is_not_broken_at_the_width_of_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("If it came today, untold", ("a", "b"), [(1, 2)])
    assert capsys.readouterr().out.splitlines()[0] == "If it came today, untold"


def test_a_silence_is_listed_as_it_is_written(said: Say, store: Store) -> None:
    day = (NOW + timedelta(days=3)).date().isoformat()
    said("silence", "add", "--pair", "IT-CN", "--sector", "energy", "--until", day, "--reason", "fair", "--yes")
    assert "pairs: IT–CN; sectors: energy" in said("silence", "list")


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (
            ["silence", "add", "--sector", "nonsense", "--until", "2099-01-01", "--reason", "x"],
            "sectors: 'nonsense' is",
        ),
        (["stories", "list", "--stage", "nonsense"], "'announced'"),
        (["stories", "judge", "st-1", "wrong"], "say why it is wrong: --reason with one of old,"),
    ],
)
def test_a_word_that_is_not_known_is_refused_with_those_that_are(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str], command: list[str], fault: str
) -> None:
    config = tmp_path / "coopwatch.toml"
    config.write_text('state_dir = "state"\n')
    assert main([*command, "--config", str(config)]) == 2
    assert fault in capsys.readouterr().err


def test_without_a_configuration_alerts_speak_the_language_of_the_page(tmp_path: Path) -> None:
    english = load(None, {"COOPWATCH_CONSOLE__LANGUAGE": "en"}, places=find_places({}, top=tmp_path))
    assert [(route.name, route.language) for route in routes_of(english)] == [("files", "en")]


def test_a_route_without_a_threshold_tells_every_announcement(rules_dir: Path) -> None:
    begins = re.search(r"^threshold: (.+)$", (rules_dir / "weights.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    assert begins is not None
    assert Route(name="desk", channel=Channel.FILE).threshold <= float(begins[1])


def test_the_page_has_a_word_for_each_kind_of_publisher() -> None:
    for language in words.languages():
        known = words.load(language, folders=(pages.FOLDER / "locale",))
        assert all(known.has(f"publisher.{kind}") for kind in Publisher)


def test_setup_takes_a_relative_folder_from_where_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").mkdir()  # no rules: the look at them ends at once, and is of no interest here
    asked = ["--contact", "https://example.org/bot", "--state-dir", "data", "--rules-dir", str(tmp_path / "none")]
    main(["setup", "--yes", "--offline", "--config", "etc/coopwatch.toml", *asked])
    assert load(tmp_path / "etc/coopwatch.toml", {}).state_dir == tmp_path / "data"


@pytest.mark.parametrize("language", words.languages())
def test_a_message_that_counts_things_has_a_form_for_one(language: str) -> None:
    said = words.load(language, folders=(pages.FOLDER / "locale",))
    plain = {"act.number", "subject.more.many"}  # "2 of 5"; the one of two keys that is for many
    assert {key for key, forms in said.messages.items() if len(forms) == 1 and "{n}" in forms[0]} <= plain
    assert said.count("who.more", 1) != said.count("who.more", 2)
