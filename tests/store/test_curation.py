"""What people change by hand, on both databases: whole, once, and with a line that says who and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import ConfigError
from monitor.model import FeedState
from monitor.store import Store, desk
from monitor.store.curation import Action
from monitor.store.desk import StoryFilter
from tests.console import fill
from tests.console.fill import NOW

DONE = Action("anna", "merge", "story", "st-1", "into st-2")


@pytest.fixture
def filled(store: Store) -> Store:
    fill.everything(store, 8)
    return store


def actions(store: Store, subject_id: str) -> list[tuple[str, str]]:
    with store.database.read() as connection:
        file = desk.story_file(connection, subject_id)
    assert file is not None
    return [(who, detail) for _, who, _, detail in file.actions]


def test_a_rewrite_moves_reports_tags_and_keys_and_is_noted(filled: Store) -> None:
    def merge(found: dict[str, object]) -> object:
        one, other = filled.stories.load(["st-1"])["st-1"], filled.stories.load(["st-2"])["st-2"]
        grown = replace(other, reports=(*other.reports, *one.reports), topics=("new",))
        return [(grown, {"k1", "k2"}), (replace(one, state="merged", merged_into="st-2"), {"k1"})]

    filled.curation.rewrite(["st-1", "st-2"], merge, DONE, NOW)  # type: ignore[arg-type]
    after = filled.stories.load(["st-1", "st-2"])
    assert [report.article_id for report in after["st-2"].reports] == ["2", "1"]
    assert after["st-1"].merged_into == "st-2"
    assert {story.id for story in filled.stories.find(["k1"]).stories} == {"st-1", "st-2"}
    with filled.database.read() as connection:
        assert [line.story.id for line in desk.find_stories(connection, StoryFilter(topic="new"))[0]] == ["st-2"]
    assert actions(filled, "st-1") == [("anna", "into st-2")]


def test_a_refused_rewrite_changes_nothing_and_is_not_noted(filled: Store) -> None:
    def refuse(found: object) -> object:
        raise ConfigError("no")

    with pytest.raises(ConfigError, match="no story 'none'"):
        filled.curation.rewrite(["none"], refuse, DONE, NOW)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^no$"):
        filled.curation.rewrite(["st-1"], refuse, DONE, NOW)  # type: ignore[arg-type]
    assert actions(filled, "st-1") == []


def test_only_parked_deliveries_are_replayed(filled: Store) -> None:
    assert filled.curation.replay(["d1-desk", "d2-desk"], DONE, NOW) == 1
    with filled.database.read() as connection:
        states = {line.id: (line.state, line.reason) for line in desk.deliveries(connection)[0]}
    assert states == {"d1-desk": ("sent", ""), "d2-desk": ("queued", "replayed"), "d3-desk": ("queued", "")}


def test_a_silence_ends_once_and_a_feed_is_paused_with_its_reason(filled: Store) -> None:
    filled.curation.end_silence(1, DONE, NOW)
    with pytest.raises(ConfigError, match="no silence 1"):
        filled.curation.end_silence(1, DONE, NOW)
    filled.curation.set_feed("f0", FeedState.PAUSED, "too noisy", DONE, NOW)
    with filled.database.read() as connection:
        assert desk.silences(connection, NOW) == ()
        (line,) = desk.feed_lines(connection, NOW, feed_id="f0")[0]
    assert (line.state, line.reason) == ("paused", "too noisy")
    with pytest.raises(ConfigError, match="no feed"):
        filled.curation.set_feed("none", FeedState.OK, "", DONE, NOW)


def test_the_sample_is_drawn_from_articles_that_did_not_alert(filled: Store) -> None:
    quiet = filled.curation.quiet_articles(fill.NOW.replace(year=2020), 100)
    assert quiet == tuple(range(1001, 1011))
