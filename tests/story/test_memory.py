"""The stories in memory: keys, limits, and what remembering costs."""

from __future__ import annotations

import cProfile
import json
import pstats

from monitor.model import Novelty
from monitor.story import Memory, place
from monitor.story.vocabulary import Vocabulary
from monitor.story.words import stems
from tests.story.acts import START, article, judged, said

WORDS = Vocabulary(frozenset(stems("and agree on joint")))
THINGS = [
    "harbour",
    "vaccine",
    "railway",
    "satellite",
    "museum",
    "pipeline",
    "orchard",
    "glacier",
    "library",
    "turbine",
]


def act(number: int) -> str:
    return f"Italy and India agree on joint {THINGS[number % 10]} {THINGS[number // 10 % 10]} number{number}"


def test_a_signature_stays_small_however_many_outlets_report() -> None:
    memory, sizes = Memory(WORDS), []
    for number in range(120):
        one = article(f"a{number}", f"{act(7)} says outlet{number} word{number}", days=number / 200)
        (change,) = memory.place(one, judged(said("IT IN", one.title)), START)
        sizes.append(len(change.story.signature))
    assert len(memory) == 1
    assert max(sizes) < 12_000
    assert json.loads(change.story.signature)["n"] == 120


def test_memory_keeps_no_reports() -> None:
    memory = Memory(WORDS)
    memory.place(article("a", act(1)), judged(said("IT IN", act(1))), START)
    (change,) = memory.place(article("b", act(1), days=1), judged(said("IT IN", act(1))), START)
    assert change.novelty is Novelty.KNOWN
    assert [report.article_id for report in change.story.reports] == ["b"]


def test_a_stream_of_two_years_holds_only_the_last_four_hundred_days() -> None:
    memory = Memory(WORDS)
    for number in range(800):
        sides = f"IT {chr(65 + number % 26)}{chr(65 + number // 26 % 26)}"
        memory.place(article(f"a{number}", act(number), days=number), judged(said(sides, act(number))), START)
    assert 380 <= len(memory) <= 430


CALLS_A_CANDIDATE = 150  # function calls, which no busy machine changes; 123 when this was written


def test_two_hundred_candidates_cost_little() -> None:
    stories = []
    for number in range(200):
        one = article(f"s{number}", act(number), days=number / 2)
        (change,) = place(one, judged(said("IT IN", one.title)), (), START, vocabulary=WORDS)
        stories.append(change.story)
    report = article("x", "Italy and India agree on joint harbour for glacier research", days=101)
    judgement = judged(said("IT IN", report.title))
    profile = cProfile.Profile()
    profile.runcall(place, report, judgement, stories, START, vocabulary=WORDS)
    assert pstats.Stats(profile).total_calls < 200 * CALLS_A_CANDIDATE
