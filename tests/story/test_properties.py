"""What holds of place for all articles: run twice it changes nothing, and neither order nor storage matters."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import ActType, Article, Judgement, Novelty, Reason, Sector, Stage, Story
from monitor.story import Memory, keys, lookup_keys, place
from monitor.story.signature import dump, load, of_story
from tests.story.acts import START, article, judged, said

WORDS = [
    "lunar",
    "orbiter",
    "solar",
    "panel",
    "rail",
    "tunnel",
    "grain",
    "vaccine",
    "school",
    "patrol",
    "cable",
    "visa",
]

sides = st.sampled_from(["IT IN", "IT IN FR", "RU CN", "CN IT", "EU org.un", "RU many", "JP open"])
acts = st.builds(
    said,
    sides,
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=6).map(" ".join),
    stage=st.sampled_from(list(Stage)),
    type=st.sampled_from(list(ActType)),
    sector=st.sampled_from(list(Sector)),
    thing=st.sampled_from(["", "grain_corridor", "world.school", "a railway"]),
    score=st.sampled_from([0.3, 0.6, 0.9]),
    count=st.sampled_from([1, 1, 1, 20]),
    deadline=st.sampled_from(["", "2026-04-01", "2026-05-01"]),
)
mentions = st.tuples(acts, st.sampled_from(list(Reason)))
judgements = st.builds(
    lambda told, named: judged(*told, mentions=tuple(named)),
    st.lists(acts, max_size=3),
    st.lists(mentions, max_size=2),
)


def in_turn(one: Article) -> tuple[object, ...]:
    """The order in which the store hands out the articles of a poll."""
    return one.published_at, one.first_seen_at, one.id


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[Article, Judgement]]:
    """Up to eight articles, each with a judgement, over a few weeks."""
    made = []
    for number in range(draw(st.integers(1, 8))):
        days = draw(st.sampled_from([0, 0.1, 1, 3, 20, 200, 500]))
        title = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)))
        made.append((article(f"a{number}", title, days=days), draw(judgements)))
    return sorted(made, key=lambda pair: in_turn(pair[0]))


def placed(stream: list[tuple[Article, Judgement]]) -> tuple[dict[str, Story], list[tuple[str, str]]]:
    """The stories after a stream, each as the store would hold it, and what every change was."""
    stories: dict[str, Story] = {}
    told = []
    for one, judgement in stream:
        wanted = lookup_keys(one, judgement, 0)
        found = [story for story in stories.values() if keys(story) & wanted]
        for change in place(one, judgement, found, START):
            stories[change.story.id] = change.story
            told.append((change.story.id, change.novelty.value))
    return stories, told


@given(streams())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_placing_an_article_twice_changes_nothing(stream: list[tuple[Article, Judgement]]) -> None:
    for number, (one, judgement) in enumerate(stream, start=1):
        stories, _ = placed(stream[:number])
        for change in place(one, judgement, tuple(stories.values()), START + timedelta(days=1)):
            assert change.novelty is Novelty.KNOWN
            assert change.story == stories[change.story.id]


@given(streams(), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_poll_ends_the_same_whichever_article_was_read_first(
    stream: list[tuple[Article, Judgement]], shuffle: random.Random
) -> None:
    arrived = stream.copy()
    shuffle.shuffle(arrived)
    assert placed(sorted(arrived, key=lambda pair: in_turn(pair[0]))) == placed(stream)


@given(streams(), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_order_of_candidates_never_matters(stream: list[tuple[Article, Judgement]], shuffle: random.Random) -> None:
    *before, (last, judgement) = stream
    stories = list(placed(before)[0].values())
    shuffled = stories.copy()
    shuffle.shuffle(shuffled)
    assert place(last, judgement, stories, START) == place(last, judgement, shuffled, START)


@given(streams())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_signature_survives_storage_and_needs_no_reports(stream: list[tuple[Article, Judgement]]) -> None:
    *before, (last, judgement) = stream
    stories, _ = placed(before)
    for story in stories.values():
        assert dump(load(story.signature)) == story.signature
    bare = [replace(story, reports=()) for story in stories.values()]
    whole = place(last, judgement, tuple(stories.values()), START)
    assert [(one.story.id, one.novelty) for one in place(last, judgement, bare, START)] == [
        (one.story.id, one.novelty) for one in whole
    ]


@given(streams())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_mention_never_alerts_but_to_take_back(stream: list[tuple[Article, Judgement]]) -> None:
    memory = Memory()
    for one, judgement in stream:
        for change in memory.place(one, judgement, START):
            if change.report.reason is not None and change.novelty is not Novelty.KNOWN:
                assert change.report.reason in (Reason.DENIED, Reason.SUSPENDED) or (
                    change.report.announcement.stage is Stage.SUSPENDED
                )
                assert change.before is not None
                assert of_story(change.before).told


@given(streams())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_no_stage_of_a_story_is_told_twice_within_half_a_year(stream: list[tuple[Article, Judgement]]) -> None:
    memory = Memory()
    told: dict[tuple[str, Stage], float] = {}
    for one, judgement in stream:
        for change in memory.place(one, judgement, START):
            if change.novelty is Novelty.NEW_STAGE and change.story.stage is not Stage.SUSPENDED and change.before:
                was_denied = of_story(change.before).denied
                again = (change.story.id, change.story.stage)
                days = (one.published_at or START).timestamp() / 86400
                later = change.story.deadline > change.before.deadline
                assert was_denied or later or change.report.reason or again not in told or days - told[again] >= 180
                told[again] = days
