"""Killed from outside at every named point and at random moments, on SQLite and on PostgreSQL, the service ends where an
undisturbed one would (fault cases PRC-01, PRC-02, DLV-01, DLV-02). ``make test`` kills at ten points, ``make long`` at all of
them and at 200 random moments; several worlds run side by side, since a kill costs mostly a start."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from monitor.run.failpoints import POINTS
from tests.conftest import ROOT
from tests.flow.kills import ACTS, acts, acts_told, carried, prepare, survive, survive_chance
from tests.flow.world import World, world

KILLS = int(os.environ.get("COOPWATCH_TEST_KILLS", "200"))
LANES = 2
# these need a digest that is due; test_dlv_20_once_more_after_a_kill_of_a_collected_message passes them
COLLECTED = ("digest.rendered", "digest.committed")
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def lanes(tmp_path: Path, forms_cache: Path) -> Iterator[list[World]]:
    """Worlds of their own that run side by side."""
    with ExitStack() as stack:
        made = []
        for number in range(LANES):
            folder = tmp_path / f"lane{number}"
            folder.mkdir()
            place = stack.enter_context(world(folder))
            place.use_cache(forms_cache)
            made.append(place)
        yield made


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Gives the address of a new database of the kind that the test is for; empty for SQLite."""
    if request.param == "sqlite":
        return lambda: ""
    cluster = request.getfixturevalue("postgresql")
    return lambda: str(cluster.url())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, forms_cache: Path) -> dict[str, tuple[Any, ...]]:
    """What the receiver is told when nothing is killed and nothing fails."""
    with world(tmp_path_factory.mktemp("undisturbed")) as place:
        place.use_cache(forms_cache)
        prepare(place)
        place.hook, place.smtp = (lambda number: (200, "text/plain", b"ok")), (lambda number: "250 OK")
        place.stories = acts(ACTS)
        assert place.run("once").returncode == 0
        told = acts_told(place)
    assert len(told) == ACTS
    return told


def side_by_side(lanes: Sequence[World], play: Callable[[int], None]) -> None:
    """Plays every lane; fails as the first that fails."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        for result in [pool.submit(play, number) for number in range(len(lanes))]:
            result.result()


AT_TEN = (
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
)
AT_THREE = ("match.rendered", "deliver.sent", "deliver.commit")


@pytest.mark.parametrize(
    ("database", "points"),
    [("sqlite", AT_TEN), pytest.param("postgresql", AT_THREE, marks=[pytest.mark.postgresql, pytest.mark.long])],
    indirect=["database"],
    ids=["sqlite", "postgresql"],
)
def test_prc_01_killed_at_ten_points_nothing_is_lost_and_nothing_told_twice(
    place: World, database: Callable[[], str], points: Sequence[str], undisturbed: dict[str, tuple[Any, ...]]
) -> None:
    prepare(place, database())
    survive(place, points)
    assert acts_told(place) == undisturbed


@pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.long])],
    indirect=True,
)
def test_prc_01_killed_around_the_poll_that_brings_an_article_along_nothing_is_lost_and_nothing_told_twice(
    place: World, database: Callable[[], str]
) -> None:
    prepare(place, database())
    survive(place, ("poll.decided", "poll.committed", "match.claimed"), carried(acts(ACTS)))
    assert not any(path.startswith("/a/") for path in place.asked), "the feeds carried every text"


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_prc_01_killed_at_every_point_nothing_is_lost_and_nothing_told_twice(
    lanes: list[World], database: Callable[[], str], undisturbed: dict[str, tuple[Any, ...]]
) -> None:
    # old data is let go once a day: its points are passed first, while that was never done
    points = sorted((point for point in POINTS if point not in COLLECTED), key=lambda point: "upkeep" not in point)
    assert len(points) >= 25

    def play(number: int) -> None:
        prepare(lanes[number], database())
        mine = points[: len(points) // 2] if number == 0 else points[len(points) // 2 :]
        survive(lanes[number], mine)

    side_by_side(lanes, play)
    assert [acts_told(place) for place in lanes] == [undisturbed] * LANES


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("database", "kills"),
    [("sqlite", KILLS), pytest.param("postgresql", max(LANES, KILLS // 4), marks=pytest.mark.postgresql)],
    indirect=["database"],
    ids=["sqlite", "postgresql"],
)
def test_prc_02_killed_at_random_moments_nothing_is_lost_and_nothing_told_twice(
    lanes: list[World], database: Callable[[], str], kills: int, undisturbed: dict[str, tuple[Any, ...]]
) -> None:
    def play(number: int) -> None:
        prepare(lanes[number], database())
        survive_chance(lanes[number], kills // LANES, seed=20261121 + number)

    side_by_side(lanes, play)
    assert [acts_told(place) for place in lanes] == [undisturbed] * LANES


@pytest.mark.parametrize("point", [COLLECTED[0], *(pytest.param(one, marks=pytest.mark.long) for one in COLLECTED[1:])])
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
