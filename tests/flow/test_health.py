"""Trouble caused from outside in the real service, and read in the mail of the health route."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, eventually, rss, running

NOW = datetime.now(UTC)


def stamp(ago: timedelta) -> str:
    return (NOW - ago).strftime("%Y-%m-%d %H:%M:%S.000000")


@contextmanager
def database(place: World) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(place.folder / "state" / "coopwatch.db", timeout=30)) as connection:
        yield connection
        connection.commit()


@pytest.fixture
def duty(place: World) -> World:
    """A world with a route for stories that fails for good and a health route by mail."""
    place.configure(
        more='[watch]\ncheck_every = "1s"\ncanary_at = "00:00"\n',
        routes=f"""
[[routes]]
name = "hook"
channel = "webhook"
url = "{place.base}/hook"
secret_file = "hook.secret"
[[routes]]
name = "duty"
channel = "email"
mode = "health"
language = "en"
to = ["duty@example.org"]
smtp = {{ host = "127.0.0.1", port = {place.mail_port}, starttls = "none" }}
""",
    )
    return place


def subjects(place: World) -> set[str]:
    return {str(mail["subject"]) for mail in place.mails}


def feeds(place: World, *names: str) -> None:
    listed = [{"url": f"{place.base}/{name}", "title": name, "language": "it"} for name in names]
    (place.folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": listed}), encoding="utf-8")


def test_every_trouble_that_an_operator_must_know_is_mailed_once(duty: World) -> None:
    feeds(duty, "feed.xml", "old.xml", "gone.xml", "quiet.xml", "broken.xml")
    old = [type(WEATHER)("zombie", "Notizia antica", "Testo di anni fa.", date="Fri, 01 Dec 2017 10:00:00 GMT")]
    for name in ("quiet.xml", "broken.xml", "gone.xml"):
        duty.pages[f"/{name}"] = lambda: (200, "application/rss+xml", rss(duty.base, [WEATHER]))
    duty.pages["/old.xml"] = lambda: (200, "application/rss+xml", rss(duty.base, old))
    duty.stories = [WEATHER, SIGNED]
    duty.hook = lambda number: (503, "text/plain", b"later")
    assert duty.run("once").returncode == 0
    far = stamp(timedelta(days=-2))
    with database(duty) as connection:
        connection.execute("UPDATE feed SET due_at = ?", (far,))
        connection.execute("UPDATE poll SET started_at = ?", (stamp(timedelta(hours=2)),))
        (schedule,) = connection.execute("SELECT schedule FROM feed WHERE url LIKE '%quiet.xml'").fetchone()
        state = json.loads(schedule) | {"rhythm_s": 3600.0, "last_new_at": (NOW - timedelta(days=9)).timestamp()}
        connection.execute(
            "UPDATE feed SET schedule = ?, last_new_at = ? WHERE url LIKE '%quiet.xml'",
            (json.dumps(state), stamp(timedelta(days=9))),
        )
        connection.execute("UPDATE feed SET last_new_at = ? WHERE url LIKE '%old.xml'", (stamp(timedelta(days=8)),))
        connection.execute("UPDATE feed SET state = 'gone', reason = 'answers 410' WHERE url LIKE '%gone.xml'")
        connection.execute(
            "UPDATE feed SET state = 'failing', reason = 'HTTP 500', failing_since_at = ? WHERE url LIKE '%broken.xml'",
            (stamp(timedelta(days=2)),),
        )
        connection.execute("UPDATE delivery SET created_at = ?, due_at = ?", (stamp(timedelta(hours=1)), far))
        (entry_id,) = connection.execute("SELECT min(entry_id) FROM judgement").fetchone()
        for number in range(90):  # ten announcements a week until a week ago, and none since
            connection.execute(
                "INSERT INTO judgement (entry_id, judged_at, ruleset, verdict, score, alert, body) VALUES (?,?,?,?,?,?,?)",
                (entry_id, stamp(timedelta(days=8 + number * 0.62)), "r", "announcement", 0.9, True, "{}"),
            )
        connection.execute("DELETE FROM judgement WHERE judged_at > ?", (stamp(timedelta(days=7)),))
        (story_id,) = connection.execute("SELECT id FROM story WHERE opened_by_mention = 0").fetchone()
        connection.execute(
            "INSERT INTO told (story_id, route, stage, change, told_at, delivery_id, article_id, decision, why, detail)"
            " VALUES (?, 'lost', 'signed', '', ?, 'cw_nowhere', '', 'immediate', 'new', '')",
            (story_id, stamp(timedelta(hours=1))),
        )
    wanted = (
        "Nothing is being polled",
        "A feed cannot be read: broken.xml",
        "A feed is gone: gone.xml",
        "A feed is silent: quiet.xml",
        "A feed serves items years old: old.xml",
        "Alerts are not leaving",
        "Far fewer announcements than usual",
        "Stories owed and not accounted for: 1",
        "coopwatch is alive",
    )
    with running(duty) as service:
        service.says("coopwatch is ready")
        for words in wanted:
            eventually(
                lambda words=words: any(words in subject for subject in subjects(duty)), f"{words} in {subjects(duty)}"
            )
        told = len(duty.mails)
        eventually(lambda: sum("health" in line for line in service.lines) >= 8, "the log says so too")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    with running(duty) as service:
        service.says("coopwatch is ready")
        eventually(lambda: service.lines and len(duty.mails) == told, "the same trouble is not told again")
        service.process.send_signal(signal.SIGTERM)
        service.end(45)
    assert len(duty.mails) == told


def test_prc_08_many_failing_feeds_are_one_mail_and_so_is_their_end(duty: World) -> None:
    names = [f"f{n}.xml" for n in range(7)]
    feeds(duty, *names)
    for name in names:
        duty.pages[f"/{name}"] = lambda: (500, "text/plain", b"no")
    with running(duty) as service:
        eventually(lambda: any("Many feeds fail at once: 7/7" in subject for subject in subjects(duty)), "it is told")
        assert service.process.poll() is None
    assert sum("feed" in subject.lower() for subject in map(str, subjects(duty))) == 1


def test_refused_rules_are_mailed_and_the_old_ones_work_on(duty: World, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    path = duty.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(str(ROOT / "rules"), str(rules)), encoding="utf-8")
    with running(duty) as service:
        service.says("coopwatch is ready")
        (rules / "concepts" / "broken.yaml").write_text("concepts:\n  act.x: {kind: act\n", encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        eventually(lambda: any("The new rules were refused" in subject for subject in subjects(duty)), "it is told")
        duty.stories = [SIGNED]
        eventually(lambda: duty.hooks, "the old rules judge")


def test_a_lost_canary_is_mailed_with_the_step_that_lost_it(duty: World, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    (rules / "canary.xml").write_text("<html><body>no feed</body></html>", encoding="utf-8")
    path = duty.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(str(ROOT / "rules"), str(rules)), encoding="utf-8")
    with running(duty):
        eventually(lambda: any("The canary did not arrive" in subject for subject in subjects(duty)), "it is told")
    body = next(mail for mail in duty.mails if "canary" in str(mail["subject"])).get_body(("plain",))
    assert body is not None
    assert "poll: html" in body.get_content()


def test_the_switch_outside_is_pinged_while_all_is_well(duty: World) -> None:
    (duty.folder / "ping.url").write_text(f"{duty.base}/alive\n", encoding="utf-8")
    path = duty.folder / "coopwatch.toml"
    text = path.read_text(encoding="utf-8").replace(
        'check_every = "1s"', 'check_every = "1s"\nping_every = "1s"\nping_url_file = "ping.url"'
    )
    path.write_text(text, encoding="utf-8")
    duty.pages["/alive"] = lambda: (200, "text/plain", b"ok")
    with running(duty):
        eventually(lambda: duty.asked.count("/alive") >= 2, "it is pinged")
