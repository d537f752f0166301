"""Trouble caused from outside in the real service, and read in the mail of the health route."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, absent
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
"""
        + place.health_route(),
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
        eventually(lambda: sum("health" in line for line in service.lines) >= 7, "the log says so too")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    with running(duty) as service:
        service.says("coopwatch is ready")
        eventually(lambda: service.lines and len(duty.mails) == told, "the same trouble is not told again")
        service.process.send_signal(signal.SIGTERM)
        service.end(45)
    assert len(duty.mails) == told


@pytest.mark.long
def test_many_failing_feeds_are_one_episode_with_a_start_reminders_and_an_end(duty: World) -> None:
    names = [f"f{n}.xml" for n in range(7)]
    feeds(duty, *names)
    path = duty.folder / "coopwatch.toml"
    text = path.read_text(encoding="utf-8").replace("[watch]", '[watch]\nremind_every = "3s"\ncalm_for = "2s"')
    path.write_text(text.replace('name = "duty"', 'name = "duty"\nmax_per_hour = 0'), encoding="utf-8")
    for name in names:
        duty.pages[f"/{name}"] = lambda: (500, "text/plain", b"no")

    def told(words: str) -> bool:
        return any(f"{words}Many feeds fail at once: " in subject for subject in subjects(duty))

    with running(duty) as service:
        eventually(lambda: told("[health] "), "it is told")
        eventually(lambda: told("Still: "), "and told again while it lasts")
        for name in names:
            duty.pages[f"/{name}"] = lambda: (200, "application/rss+xml", rss(duty.base, [WEATHER]))
        eventually(lambda: told("Over: "), "and so is its end", 120)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    about_feeds = [str(mail["subject"]) for mail in duty.mails if "feed" in str(mail["subject"]).lower()]
    kinds = [subject.removeprefix("[health] ").partition(":")[0] for subject in about_feeds]
    assert kinds[0] == "Many feeds fail at once"
    assert kinds[-1] == "Over"
    assert set(kinds[1:-1]) == {"Still"}, about_feeds


@pytest.mark.long
def test_refused_rules_are_mailed_and_the_old_ones_work_on(duty: World, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    path = duty.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(str(ROOT / "rules"), str(rules)), encoding="utf-8")
    with running(duty) as service:
        service.says("coopwatch is ready")
        (rules / "concepts" / "broken.yaml").write_text("concepts:\n  act.x: {kind: act\n", encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        eventually(
            lambda: any("New rules or settings were refused" in subject for subject in subjects(duty)), "it is told"
        )
        duty.stories = [SIGNED]
        eventually(lambda: duty.hooks, "the old rules judge")


def test_a_fault_of_ours_that_comes_again_and_again_is_mailed(duty: World) -> None:
    duty.stories = [type(WEATHER)(f"wind{n}", f"Vento {n}", "Domani vento.") for n in range(4)]
    with running(duty, COOPWATCH_FAILPOINT=",".join(["read.answered:raise"] * 3)) as service:
        eventually(lambda: any("keeps failing" in subject for subject in subjects(duty)), "it is told", 60)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    body = next(mail for mail in duty.mails if "keeps failing" in str(mail["subject"])).get_body(("plain",))
    assert body is not None
    assert "entry: 3 times, FailpointError" in " ".join(body.get_content().split())


def test_a_service_that_polls_nothing_although_feeds_are_due_says_so(duty: World) -> None:
    path = duty.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[watch]", '[watch]\nlate_after = "2s"'), encoding="utf-8")
    with running(duty) as service:
        service.says("coopwatch is ready")
        eventually(lambda: duty.asked, "it polls")
        with database(duty) as connection:  # claimed by somebody who is not there, for an hour
            connection.execute("UPDATE feed SET claim_id = 'lost', claim_until = ?", (stamp(timedelta(hours=-1)),))
        eventually(lambda: any("Nothing is being polled" in subject for subject in subjects(duty)), "it is told", 60)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0


@pytest.mark.long
def test_rules_that_fail_their_own_examples_are_mailed_and_not_taken(duty: World, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    path = duty.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(str(ROOT / "rules"), str(rules)), encoding="utf-8")
    file = sorted((rules / "announcements").glob("*.yaml"))[0]
    with running(duty) as service:
        service.says("coopwatch is ready")
        (signed, *rest) = file.read_text(encoding="utf-8").split("    no_match:\n")
        never = '    no_match:\n    - {text: "Italy and France signed an agreement on energy on Monday.", lang: en}\n'
        file.write_text(never.join([signed, "    no_match:\n".join(rest)]), encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        eventually(lambda: any("fail their own examples" in subject for subject in subjects(duty)), "it is told")


@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "circuit_after", "told"),
    [(503, 2, "Endpoint failing: "), (410, 50, "Endpoint disabled: "), (503, 50, "Delivery failed: ")],
    ids=["circuit", "gone", "given up"],
)
def test_an_endpoint_in_trouble_is_mailed_by_the_other_channel(
    duty: World, status: int, circuit_after: int, told: str
) -> None:
    duty.stories = [SIGNED]
    duty.hook = lambda number: (status, "text/plain", b"no")
    path = duty.folder / "coopwatch.toml"
    more = f'[delivery]\nretry = ["100ms", "100ms", "100ms"]\ncircuit_after = {circuit_after}\n'
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    with running(duty) as service:
        eventually(lambda: any(told in subject for subject in subjects(duty)), told, 60)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    assert len([subject for subject in subjects(duty) if told in subject]) == 1


@pytest.fixture
def wall_clock(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """What a command's environment needs for a wall clock of its own, and the file that sets it; durations stay true."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        absent("faketime", "faketime is not installed")
    file = tmp_path / "wall-clock"
    file.write_text("+0", encoding="utf-8")
    names = {"LD_PRELOAD": str(found[0]), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}
    return names | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}, file


@pytest.mark.long
@pytest.mark.parametrize("jump_s", [7200, -7200], ids=["forward", "back"])
def test_a_jump_of_the_wall_clock_is_mailed_and_polling_goes_on(
    duty: World, wall_clock: tuple[dict[str, str], Path], jump_s: int
) -> None:
    environ, file = wall_clock
    with running(duty, **environ) as service:
        service.says("coopwatch is ready")
        eventually(lambda: "/feed.xml" in duty.asked, "it polls")
        set_anew = file.with_name("set-anew")
        set_anew.write_text(f"{jump_s:+d}", encoding="utf-8")
        set_anew.rename(file)
        eventually(lambda: any("clock jumped" in subject for subject in subjects(duty)), f"it is told {subjects(duty)}")
        duty.stories = [SIGNED]
        eventually(lambda: duty.hooks, "what appears after the jump is told, and soon")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    mails = [mail for mail in duty.mails if "clock jumped" in str(mail["subject"])]
    assert len(mails) == 1
    body = mails[0].get_body(("plain",))
    assert body is not None
    told_s = re.search(r"([+-]\d+) s", body.get_content())
    assert told_s is not None
    assert abs(int(told_s[1]) - jump_s) < 60


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


@pytest.mark.long
def test_the_digest_says_each_day_that_the_service_is_alive_also_when_there_is_no_news(duty: World) -> None:
    duty.configure(
        routes=f"""
[[routes]]
name = "morning"
channel = "email"
mode = "digest"
at = ["08:00"]
language = "en"
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {duty.mail_port}, starttls = "none" }}
"""
    )
    duty.stories = [WEATHER, type(WEATHER)("wind", "Vento forte sulle coste", "Domani vento forte su tutte le coste.")]
    assert duty.run("once").returncode == 0
    assert duty.mails == []
    with database(duty) as connection:
        changed = connection.execute(
            "UPDATE route_state SET digest_due_at = ?, digest_from_at = ?",
            (stamp(timedelta(minutes=1)), stamp(timedelta(days=1))),
        )
        assert changed.rowcount == 1
    with running(duty) as service:
        eventually(lambda: duty.mails, "the digest comes")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    body = duty.mails[0].get_body(("plain",))
    assert body is not None
    assert "coopwatch is running: 2 articles read" in " ".join(body.get_content().split())
