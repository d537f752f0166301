"""Audit, export and the deletion of one source's texts, on what the real service stored."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.store import open_store
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import SECRET, World, world


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, forms_cache: Path) -> Iterator[World]:
    """A world whose announcement was told to two routes, the webhook after one failure, and judged by a person."""
    with world(tmp_path_factory.mktemp("told")) as place:
        place.use_cache(forms_cache)
        tell(place)
        store = open_store(f"sqlite:///{place.folder}/state/coopwatch.db")
        store.people.record("Ada", "judge", "story", story_of(place), "right", datetime.now(UTC))
        store.close()
        yield place


def tell(place: World) -> None:
    place.stories = [SIGNED, WEATHER]
    place.hook = lambda number: (503, "text/plain", b"later, please") if number == 1 else (200, "text/plain", b"ok")
    place.configure(
        more='[delivery]\nretry = ["0s", "1s"]\n',
        routes=f"""
[[routes]]
name = "desk"
channel = "email"
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {place.mail_port}, starttls = "none" }}
[[routes]]
name = "hook"
channel = "webhook"
url = "{place.base}/hook"
secret_file = "hook.secret"
[[routes]]
name = "elsewhere"
channel = "file"
match = {{ principals = ["FR"] }}
""",
    )
    assert place.run("once").returncode == 0
    assert place.run("once").returncode == 0


def story_of(place: World) -> str:
    return str(place.events[0]["data"]["story"]["id"])


def lines(place: World, name: str) -> list[dict[str, Any]]:
    done = place.run("audit", name, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_audit_tells_everything_in_order_of_time(told: World) -> None:
    story = story_of(told)
    found = lines(told, story)
    kinds = [line["what"] for line in found]
    assert kinds[0] in ("listed", "polled")
    for kind in ("listed", "polled", "read", "judged", "verdict", "queued", "attempt", "ended", "action"):
        assert kind in kinds, kind
    assert [line["at"] for line in found] == sorted(line["at"] for line in found)
    verdicts = {line["subject"]: line["words"] for line in found if line["what"] == "verdict"}
    assert set(verdicts) == {"desk", "hook", "elsewhere"}
    assert verdicts["elsewhere"].startswith("not sent because")
    answers = [line["words"] for line in found if line["what"] == "attempt"]
    assert any("503" in words for words in answers)
    assert any("250" in words for words in answers)
    judged = next(line["words"] for line in found if line["what"] == "judged")
    assert "loaded" in judged  # the rule set is kept, and when it came into force


@pytest.mark.long
def test_the_address_tells_the_same_and_an_unknown_one_is_refused(told: World) -> None:
    by_story, by_url = lines(told, story_of(told)), lines(told, f"{told.base}/a/{SIGNED.key}")
    assert by_url == by_story
    assert told.run("audit", "https://nowhere.example/x").returncode == 2
    quiet = {line["what"] for line in lines(told, f"{told.base}/a/{WEATHER.key}")}
    assert {"listed", "read", "judged"} <= quiet
    assert "queued" not in quiet


def test_rules_and_routes_in_force_are_kept_whole_and_without_secrets(told: World) -> None:
    with closing(sqlite3.connect(told.folder / "state" / "coopwatch.db")) as connection:
        kept = {
            kind: zlib.decompress(body).decode() for kind, body in connection.execute("SELECT kind, body FROM ruleset")
        }
    assert "agreements.yaml" in " ".join(json.loads(kept["rules"]))
    assert [route["name"] for route in json.loads(kept["routes"])] == ["desk", "hook", "elsewhere"]
    assert SECRET not in kept["routes"]


@pytest.mark.long
def test_the_export_is_everything_as_json_lines(told: World) -> None:
    out = told.folder / "all.jsonl"
    assert told.run("export", "-o", str(out)).returncode == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    tables = [row["table"] for row in rows]
    assert {
        "feed",
        "poll",
        "entry",
        "article",
        "judgement",
        "story",
        "report",
        "told",
        "verdict",
        "delivery",
        "attempt",
    } <= set(tables)
    assert tables.index("feed") < tables.index("entry") < tables.index("article")
    with closing(sqlite3.connect(told.folder / "state" / "coopwatch.db")) as connection:
        for table in ("entry", "verdict", "delivery"):
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert tables.count(table) == count
    only = told.run("export", "--table", "story")
    assert {json.loads(line)["table"] for line in only.stdout.splitlines()} == {"story"}
    assert told.run("export", "--table", "nonsense").returncode == 2


@pytest.mark.long
def test_the_texts_of_one_source_go_and_its_alert_stays_explained(told: World) -> None:
    done = told.run("texts", "delete", "--feed", f"{told.base}/feed.xml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["emptied"] == 2
    exported = told.run("export", "--table", "article", "--table", "report").stdout
    rows = [json.loads(line) for line in exported.splitlines()]
    assert all(row["text"] == "" for row in rows if row["table"] == "article")
    assert any(json.loads(row["body"])["announcement"]["quote"] for row in rows if row["table"] == "report")
    assert told.run("once").returncode == 0
    assert len(told.mails) == 1


def test_nothing_is_written_for_a_database_that_is_not_there(place: World, tmp_path: Path) -> None:
    assert place.run("audit", "x").returncode == 2
    assert place.run("export").returncode == 2
    assert not (tmp_path / "state" / "coopwatch.db").exists()
