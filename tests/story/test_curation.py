"""Merging, splitting and judging by hand, and that it stays done."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.errors import ConfigError
from monitor.model import Novelty, Sector, Stage, Story
from monitor.story import keys, lookup_keys, place
from monitor.story.curation import judge, merge, set_deadline, split
from tests.story.acts import START, article, judged, said

LUNAR = "Italy and India signed an agreement on a lunar orbiter"
MOON = "Rome joins New Delhi's probe around the Moon"


def opened(name: str, title: str, sides: str = "IT IN", sector: Sector = Sector.SPACE, days: float = 0) -> Story:
    (change,) = place(article(name, title, days=days), judged(said(sides, title, sector=sector)), (), START)
    return change.story


def test_merged_stories_are_one_and_stay_one() -> None:
    target, source = opened("a", LUNAR), opened("b", MOON, sides="IT IN FR", days=9)
    grown, closed = merge(target, source)
    assert {report.article_id for report in grown.reports} == {"a", "b"}
    assert (closed.state, closed.merged_into) == ("merged", target.id)
    again = article("c", MOON, days=10)
    judgement = judged(said("IT IN FR", MOON, sector=Sector.SPACE))
    assert keys(grown) & lookup_keys(again, judgement, 0)
    (change,) = place(again, judgement, (closed, grown), START)
    assert (change.story.id, change.novelty) == (target.id, Novelty.KNOWN)


def test_a_story_is_not_merged_with_itself_nor_twice() -> None:
    one, other = opened("a", LUNAR), opened("b", MOON)
    with pytest.raises(ConfigError, match="with itself"):
        merge(one, one)
    with pytest.raises(ConfigError, match="was merged into"):
        merge(opened("c", "A third act"), merge(one, other)[1])


def test_a_split_story_gives_two_and_keeps_them_apart() -> None:
    story = opened("a", LUNAR)
    solar = article("b", "Italy and India signed an agreement on solar panels", days=1)
    judgement = judged(said("IT IN", solar.title, stage=Stage.SIGNED))
    wrongly, _ = merge(story, opened("b", solar.title, sector=Sector.ENERGY, days=1))
    kept, taken = split(wrongly, ["b"])
    assert [report.article_id for report in kept.reports] == ["a"]
    assert [report.article_id for report in taken.reports] == ["b"]
    assert taken.id != kept.id
    (change,) = place(solar, judgement, (kept, taken), START)
    assert change.story.id == taken.id


def test_splitting_names_what_is_wrong() -> None:
    story = opened("a", LUNAR)
    with pytest.raises(ConfigError, match="no report of article zzz"):
        split(story, ["zzz"])
    with pytest.raises(ConfigError, match="nothing would stay"):
        split(story, ["a"])
    with pytest.raises(ConfigError, match="no article was named"):
        split(story, [])


def test_a_story_judged_wrong_is_marked() -> None:
    story = opened("a", LUNAR)
    assert judge(story, right=False).state == "wrong"
    assert judge(judge(story, right=False), right=True).state == "open"


def test_a_deadline_is_entered_by_hand() -> None:
    assert set_deadline(opened("a", LUNAR), date(2026, 5, 1)).deadline == "2026-05-01"
