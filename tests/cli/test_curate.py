"""What people mend by hand, from the command line, over a real store."""

from __future__ import annotations

import pytest

from tests.cli.test_commands import Shell, shell
from tests.flow.conftest import forms_cache, place
from tests.flow.test_once import SIGNED
from tests.flow.world import Story, World

__all__ = ["forms_cache", "place", "shell"]  # fixtures

CALL = Story(
    "call",
    "Italia e Cina, aperto il bando congiunto per progetti di ricerca sull'idrogeno",
    "ROMA - Il Ministero dell'Università e della Ricerca italiano e il Ministero della Scienza cinese hanno aperto un bando\n"
    "congiunto per progetti di ricerca sull'idrogeno. Le domande vanno presentate entro il 31 dicembre 2099.",
)


@pytest.fixture
def ids(shell: Shell, place: World) -> dict[str, str]:
    """The stories that a first run found: the act that was signed, and the call."""
    place.stories = [SIGNED, CALL]
    shell("once", "--json")
    found = {story["parties"][0]["country"]: story for story in shell.json("stories", "list")}  # type: ignore[attr-defined]
    assert len(found) >= 1
    return {
        "call" if story["type"] == "call" else "signed": story["id"]
        for story in shell.json("stories", "list")  # type: ignore[attr-defined]
    }


def test_two_stories_are_merged_and_the_second_is_closed(shell: Shell, ids: dict[str, str]) -> None:
    shell("stories", "merge", ids["call"], ids["signed"])
    grown = shell.json("stories", "show", ids["signed"])
    assert grown["sources_total"] == 2  # type: ignore[index]
    shell("stories", "merge", ids["call"], ids["signed"], code=2)
    assert f"was merged into {ids['signed']}" in shell.err


def test_a_merged_story_is_split_again(shell: Shell, ids: dict[str, str]) -> None:
    shell("stories", "merge", ids["call"], ids["signed"])
    whole = shell.json("stories", "show", ids["signed"])
    address = next(source["url"] for source in whole["sources"] if source["url"].endswith("/call"))  # type: ignore[index]
    said = shell("stories", "split", ids["signed"], address)
    assert "is now story" in said
    assert shell.json("stories", "show", ids["signed"])["sources_total"] == 1  # type: ignore[index]


def test_a_story_is_judged_and_wrong_words_are_named(shell: Shell, ids: dict[str, str]) -> None:
    shell("stories", "judge", ids["signed"], "wrong", "--reason", "domestic")
    assert shell.json("stories", "show", ids["signed"])["state"] == "wrong"  # type: ignore[index]
    shell("stories", "judge", ids["signed"], "splendid", code=2)
    assert "right, wrong, old, duplicate" in shell.err


def test_calls_are_listed_with_a_deadline_that_a_person_enters(shell: Shell, ids: dict[str, str]) -> None:
    assert ids["call"] in shell("calls")
    shell("stories", "deadline", ids["call"], "2099-11-30")
    assert "2099-11-30" in shell("calls")
    assert shell.json("calls")[0]["days_left"] > 0  # type: ignore[index]
    calendar = shell("calls", "--ics")
    assert "DTSTART;VALUE=DATE:20991130" in calendar
    shell("stories", "deadline", ids["call"], "31/12/2099", code=2)
    assert "is not a day" in shell.err
