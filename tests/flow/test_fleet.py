"""Workers of a fleet on a real PostgreSQL: they share the work, nothing is told twice, what a killed one had is done by others,
and a worker with other rules judges nothing."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import yaml

from monitor.store import open_store
from tests.conftest import ROOT
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, eventually, rss, running
from tests.postgresql import Cluster

pytestmark = [pytest.mark.postgresql, pytest.mark.xdist_group("fleet")]
FEEDS = 12


@pytest.fixture
def fleet(place: World, postgresql: Cluster) -> Iterator[World]:
    """A world with a dozen feeds on PostgreSQL."""
    place.configure(database=postgresql.url())
    listed = [{"url": f"{place.base}/feed.xml", "title": "Prova", "language": "it"}]
    listed += [{"url": f"{place.base}/f/{n}", "title": f"F{n}", "language": "it"} for n in range(FEEDS)]
    (place.folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": listed}), encoding="utf-8")
    quiet = rss(place.base, [WEATHER])
    for n in range(FEEDS):
        place.pages[f"/f/{n}"] = lambda: (200, "application/rss+xml", quiet)
    place.stories = [WEATHER, SIGNED]
    return place


def polled(place: World) -> Counter[str]:
    return Counter(path for path in place.asked if path.startswith("/f/"))


@pytest.mark.long
def test_three_workers_tell_each_story_once_and_go_on_when_one_is_killed(fleet: World) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(running(fleet, "worker")) for _ in range(3)]
        for worker in workers:
            worker.says("coopwatch is ready")
        eventually(lambda: fleet.mails and fleet.hooks, "the story was told")
        workers[0].kill_group()
        before = polled(fleet)
        eventually(
            lambda: all(polled(fleet)[f"/f/{n}"] > before[f"/f/{n}"] for n in range(FEEDS)),
            "every feed is polled by those who are left",
            within_s=90,
        )
        for worker in workers[1:]:
            worker.process.send_signal(signal.SIGTERM)
        assert [worker.end(45) for worker in workers[1:]] == [0, 0]
    assert (len(fleet.mails), len(fleet.hooks)) == (1, 1)


@pytest.mark.long
def test_a_worker_with_other_rules_judges_nothing_and_says_so(fleet: World, tmp_path: Path) -> None:
    with running(fleet, "worker") as first:
        first.says("coopwatch is ready")
        eventually(lambda: fleet.hooks, "the first worker's rules are in force")
        first.process.send_signal(signal.SIGTERM)
        first.end(45)
    other = tmp_path / "other-rules"
    shutil.copytree(ROOT / "rules", other)
    topics = other / "announcements" / "topics.yaml"
    topics.write_text(topics.read_text(encoding="utf-8") + "\n# another edition\n", encoding="utf-8")
    weights = other / "weights.yaml"
    weights.write_text(weights.read_text(encoding="utf-8").replace("threshold:", "threshold: ", 1), encoding="utf-8")
    text = (fleet.folder / "coopwatch.toml").read_text(encoding="utf-8")
    (fleet.folder / "coopwatch.toml").write_text(text.replace(str(ROOT / "rules"), str(other)), encoding="utf-8")
    fleet.stories = [WEATHER, SIGNED, NEW]
    with running(fleet, "worker") as second:
        second.says("judges nothing", within_s=90)
        assert len(fleet.hooks) == 1
        second.process.send_signal(signal.SIGTERM)
        assert second.end(45) == 0
    with running(fleet, "worker --take-rules") as third:
        eventually(lambda: len(fleet.hooks) == 2, "the new rules are in force", within_s=90)
        third.process.send_signal(signal.SIGTERM)
        third.end(45)


NEW = type(SIGNED)(
    "new",
    "Francia e India firmano un accordo sull'energia nucleare civile",
    "PARIGI - Francia e India hanno firmato oggi a Parigi un accordo di cooperazione sull'energia nucleare civile.\n"
    "L'intesa è stata firmata dai due ministri dell'Energia e prevede un programma comune di ricerca.",
)


@pytest.mark.long
def test_sto_12_two_plain_services_on_one_postgresql_poll_in_turn_and_send_one_mail(fleet: World) -> None:
    with running(fleet) as one, running(fleet) as other:
        for service in (one, other):
            service.says("coopwatch is ready")
        eventually(lambda: fleet.mails and fleet.hooks, "the story was told")
        eventually(lambda: min(polled(fleet).values()) >= 2, "every feed was polled twice")
        for service in (one, other):
            service.process.send_signal(signal.SIGTERM)
            assert service.end(45) == 0
    assert (len(fleet.mails), len(fleet.hooks)) == (1, 1)


def dropped(server: Cluster) -> int:
    """Ends every connection to the cluster's databases but this one; gives how many there were."""
    with psycopg.connect(
        f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres", autocommit=True
    ) as connection:
        others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'test%'"
        found = connection.execute(others).fetchone()
        assert found is not None
        return int(found[0])


@pytest.mark.parametrize("command", ["run", pytest.param("worker", marks=pytest.mark.long)])
def test_sto_11_connections_that_drop_during_the_work_cost_nothing(
    fleet: World, postgresql: Cluster, command: str
) -> None:
    with running(fleet, command) as service:
        service.says("coopwatch is ready")
        eventually(lambda: fleet.asked, "the first feed is asked")
        for _ in range(3):
            asked = len(fleet.asked)
            assert dropped(postgresql) > 0
            eventually(lambda asked=asked: len(fleet.asked) > asked + FEEDS, "it polls on", within_s=90)
        eventually(lambda: fleet.mails and fleet.hooks, "the story was told", within_s=120)
        fleet.stories = [WEATHER, SIGNED, NEW]
        eventually(lambda: len(fleet.hooks) == 2, "and the next one", within_s=120)
        service.process.send_signal(signal.SIGTERM)
        assert service.end(60) == 0
    assert (len(fleet.mails), len(fleet.hooks)) == (2, 2)


@pytest.mark.long
def test_everything_moves_from_sqlite_and_nothing_is_told_again(place: World, postgresql: Cluster) -> None:
    place.stories = [WEATHER, SIGNED]
    assert place.run("once").returncode == 0
    target = postgresql.url()
    moved = place.run("db", "move", "--to", target)
    assert moved.returncode == 0, moved.stderr
    old, new = open_store(f"sqlite:///{place.folder}/state/coopwatch.db"), open_store(target)
    assert old.views.overview().stories == new.views.overview().stories == 1
    old.close()
    new.close()
    again = place.run("db", "move", "--to", target)
    assert (again.returncode, "empty database" in again.stderr) == (2, True)
    place.configure(database=target)
    assert place.run("once").returncode == 0
    assert (len(place.mails), len(place.hooks)) == (1, 1)
    place.stories = [WEATHER, SIGNED, NEW]
    eventually(lambda: place.run("once").returncode == 0 and len(place.hooks) == 2, "new rows get numbers of their own")


def test_a_worker_on_sqlite_is_refused_with_advice(place: World) -> None:
    done = place.run("worker")
    assert done.returncode == 2
    assert "needs PostgreSQL" in done.stderr
