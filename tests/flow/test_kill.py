"""Killed from outside at every named point and at random moments, the service ends where an undisturbed one would: what is
owed is computed from what the feed lists, not from the product's own database (fault cases PRC-01, PRC-02, DLV-01, DLV-02).
"""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.run.failpoints import POINTS
from tests.conftest import ROOT
from tests.flow.world import Running, Story, World, eventually, running

STATES = (
    "Francia",
    "Germania",
    "Spagna",
    "Portogallo",
    "Grecia",
    "Turchia",
    "Egitto",
    "Marocco",
    "Tunisia",
    "Giappone",
    "India",
    "Brasile",
)
TOPICS = (
    "nel settore spaziale",
    "sull'energia solare",
    "sulla ricerca medica",
    "sui trasporti ferroviari",
    "sull'agricoltura",
    "sulla tutela dei beni culturali",
)
MORE = """
[delivery]
retry = ["200ms", "300ms", "400ms", "500ms", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"]
circuit_after = 50
[watch]
canary = false
check_every = "1s"
"""
# these need a digest that is due; test_once_more_after_a_kill_of_a_collected_message passes them
KILLS = int(os.environ.get("COOPWATCH_TEST_KILLS", "200"))
COLLECTED = ("digest.rendered", "digest.committed")


def acts(number: int) -> list[Story]:
    """So many different acts, each of two other states."""
    made = []
    for index, (one, other) in enumerate(itertools.islice(itertools.combinations(STATES, 2), number)):
        topic = TOPICS[index % len(TOPICS)]
        title = f"{one} e {other} firmano un accordo di cooperazione {topic}"
        text = (
            f"I governi di {one} e {other} hanno firmato oggi un accordo di cooperazione {topic}.\n"
            "L'intesa è stata firmata dai ministri dei due Paesi e prevede progetti comuni per i prossimi cinque anni."
        )
        made.append(Story(f"act{index:02}", title, text))
    return made


def prepare(place: World) -> None:
    """A receiver and a mail server that refuse now and then, routes without caps."""
    place.hook = lambda number: (503, "text/plain", b"later") if number % 5 == 0 else (200, "text/plain", b"ok")
    place.smtp = lambda number: "451 4.7.1 later" if number % 4 == 0 else "250 OK"
    place.configure(
        more=MORE,
        routes=f"""
[[routes]]
name = "desk"
channel = "email"
max_per_hour = 0
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {place.mail_port}, starttls = "none" }}
[[routes]]
name = "hook"
channel = "webhook"
url = "{place.base}/hook"
secret_file = "hook.secret"
""",
    )


def stopped(service: Running) -> bool:
    """Whether the process stopped itself at its point."""
    try:
        stat = Path(f"/proc/{service.process.pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def kill_at(place: World, point: str, nth: int = 1) -> None:
    """Runs the service until it passes a point for the n-th time, then kills its group from outside."""
    with running(place, COOPWATCH_FAILPOINT=f"{point}:stop:{nth}") as service:
        if point == "stop.drained":
            service.says("is ready")
            service.process.send_signal(signal.SIGTERM)
        eventually(lambda: stopped(service), f"{point} is passed", 90)
        service.kill_group()


def finish(place: World) -> None:
    """Lets the service do all that is left, undisturbed."""
    urls = {f"{place.base}/a/{story.key}" for story in place.stories}
    with running(place) as service:
        eventually(lambda: told_by_hook(place).keys() >= urls, "every act reached the receiver", 120)
        eventually(lambda: told_by_mail(place).keys() >= urls, "every act reached the mailbox", 120)
        eventually(lambda: not undelivered(place), "nothing waits in the outbox", 60)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0


def told_by_hook(place: World) -> dict[str, Counter[str]]:
    """Address of the article -> ids under which the receiver took it, with how often."""
    found: dict[str, Counter[str]] = {}
    for (headers, _), event, status in zip(list(place.hooks), place.events, list(place.statuses), strict=False):
        if status < 300 and "article" in event["data"]:  # news of health names none
            found.setdefault(event["data"]["article"]["url"], Counter())[headers["webhook-id"]] += 1
    return found


def told_by_mail(place: World) -> dict[str, Counter[str]]:
    """Address of the article -> Message-IDs of the mails that were taken, with how often."""
    found: dict[str, Counter[str]] = {}
    for raw in list(place.raw_mails):
        head = re.search(rb"^Message-ID: (\S+)", raw, re.MULTILINE | re.IGNORECASE)
        named = re.search(rb"/a/(act\d\d)", raw)
        assert head is not None
        if named is None:  # news of health
            continue
        url = f"{place.base}/a/{named[1].decode()}"
        found.setdefault(url, Counter())[head[1].decode()] += 1
    return found


def query(place: World, statement: str) -> list[tuple[object, ...]]:
    """Rows of the product's database, read only."""
    with sqlite3.connect(f"file:{place.folder}/state/coopwatch.db?mode=ro", uri=True) as connection:
        return list(connection.execute(statement))


def undelivered(place: World) -> list[tuple[object, ...]]:
    return query(place, "SELECT id, state FROM delivery WHERE state NOT IN ('sent', 'digested')")


def assert_nothing_lost_and_nothing_twice(place: World) -> None:
    """Every act that the feed lists is told once under one id; only what a kill left in doubt came again, unchanged."""
    urls = {f"{place.base}/a/{story.key}" for story in place.stories}
    doubts = Counter(str(row[0]) for row in query(place, "SELECT delivery_id FROM attempt WHERE result = 'unknown'"))
    for told in (told_by_hook(place), told_by_mail(place)):
        assert told.keys() == urls
        for url, ids in told.items():
            assert len(ids) == 1, f"{url} was told under several ids: {ids}"
            ((key, times),) = ids.items()
            assert times <= 1 + doubts[key.strip("<>").partition("@")[0]], f"{key} was taken {times} times"
    bodies: dict[str, set[bytes]] = {}
    for headers, body in place.hooks:
        bodies.setdefault(headers["webhook-id"], set()).add(body)
    assert all(len(found) == 1 for found in bodies.values()), "a repeated delivery changed its bytes"
    twice = query(
        place, "SELECT delivery_id FROM attempt WHERE result = 'sent' GROUP BY delivery_id HAVING count(*) > 1"
    )
    assert twice == []
    assert query(place, "PRAGMA integrity_check") == [("ok",)]
    assert query(place, "SELECT count(*) FROM story WHERE opened_by_mention = 0") == [(len(urls),)]


def survive(place: World, points: Sequence[str]) -> None:
    """Kills at each point in turn while acts are listed little by little, then checks the end."""
    prepare(place)
    every = acts(60)
    share = max(1, len(every) // (len(points) + 1))
    for number, point in enumerate(points):
        place.stories = every[: (number + 1) * share]
        kill_at(place, point)
    place.stories = every
    finish(place)
    assert_nothing_lost_and_nothing_twice(place)


def test_prc_01_killed_at_ten_points_nothing_is_lost_and_nothing_told_twice(place: World) -> None:
    survive(
        place,
        (
            "start.synced",
            "poll.claimed",
            "poll.committed",
            "read.extracted",
            "match.rendered",
            "match.committed",
            "deliver.claimed",
            "deliver.sent",
            "deliver.commit",
            "deliver.committed",
        ),
    )


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_prc_01_killed_at_every_point_nothing_is_lost_and_nothing_told_twice(place: World) -> None:
    # old data is let go once a day: its points are passed first, while that was never done
    points = sorted((point for point in POINTS if point not in COLLECTED), key=lambda point: "upkeep" not in point)
    assert len(points) >= 25
    survive(place, points)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_prc_02_killed_at_random_moments_nothing_is_lost_and_nothing_told_twice(place: World) -> None:
    prepare(place)
    every, chance = acts(60), random.Random(20261121)
    for number in range(KILLS):
        place.stories = every[: 1 + number * len(every) // KILLS]
        with running(place) as service:
            if number % 10 == 0:
                began = time.monotonic()
                service.says("is ready")
                assert time.monotonic() - began < 15, "start takes long after a kill"
            time.sleep(chance.uniform(0.2, 5.0))  # the moment is what is tested
            service.kill_group()
    place.stories = every
    finish(place)
    assert_nothing_lost_and_nothing_twice(place)


@pytest.mark.parametrize("point", COLLECTED)
def test_dlv_20_once_more_after_a_kill_of_a_collected_message(place: World, point: str) -> None:
    prepare(place)
    config = place.folder / "coopwatch.toml"
    config.write_text(config.read_text().replace("max_per_hour = 0", "max_per_hour = 1"))
    place.smtp = lambda number: "250 OK"
    place.stories = acts(4)
    killed = place.run("once", COOPWATCH_FAILPOINT=f"{point}:kill", start_new_session=True)
    assert killed.returncode == -signal.SIGKILL
    assert place.run("once", "--json").returncode == 0
    overflow = [mail for mail in place.mails if "act00" in mail.as_string() or "act01" in mail.as_string()]
    assert overflow
    single, collected = place.mails
    text = single.as_string() + collected.as_string()
    assert all(f"/a/{story.key}" in text for story in place.stories), "each act stands in one of the two mails"


def test_the_list_of_points_and_the_code_agree() -> None:
    named = re.compile(r"failpoint\(\"([a-z._]+)\"\)")
    passed = {name for path in (ROOT / "monitor").rglob("*.py") for name in named.findall(path.read_text("utf-8"))}
    assert passed == set(POINTS)
    assert len(POINTS) >= 25
