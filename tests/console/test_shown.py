"""Values of the store as a page shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.alert import facts, words
from monitor.console import pages, shown
from monitor.console.shown import Tongue
from monitor.model import Stage
from monitor.store import desk
from tests.console import fill
from tests.databases import new_store

ENGLISH = Tongue(words.load("en", folders=(pages.FOLDER / "locale",)), ZoneInfo("Europe/Rome"))


def test_an_article_that_tells_an_act_twice_is_one_source(tmp_path: Path) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    first = fill.story(1).reports[0]
    told = replace(first, announcement=replace(first.announcement, quote="They also agreed on a second point."))
    other = replace(first, article_id="other")
    value = replace(fill.story(1), reports=(first, told, other))
    with store.database.write() as connection:
        fill.save_story(connection, value, {"k"}, fill.NOW, known=False, added=value.reports)
    with store.database.read() as connection:
        (line,), _ = desk.find_stories(connection, desk.StoryFilter())
        file = desk.story_file(connection, value.id)
    store.close()
    assert shown.story_line(line, ENGLISH)["sources"] == "2 sources"
    assert file is not None
    cards = shown.story_page(file, "", ENGLISH)["reports"]
    assert isinstance(cards, list)
    assert [card["article_id"] for card in cards] == ["1", "other"]
    assert [told["quote"] for told in cards[0]["told"]] == [
        first.announcement.quote,
        "They also agreed on a second point.",
    ]


def test_what_one_day_saw_stands_in_the_order_of_an_acts_life() -> None:
    seen = fill.NOW
    stages = (
        (Stage.SIGNED, "2026-02-27", seen),
        (Stage.ANNOUNCED, "2026-02-27", seen + timedelta(minutes=1)),
        (Stage.PROPOSED, "2026-02-28", seen),
        (Stage.LAUNCHED, "", seen),
    )
    ordered = facts.stages_in_order(replace(fill.story(1), stages=stages))
    assert [stage for stage, _, _ in ordered] == [Stage.ANNOUNCED, Stage.SIGNED, Stage.PROPOSED, Stage.LAUNCHED]
