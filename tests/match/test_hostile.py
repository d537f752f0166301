"""Hostile text takes linear time, and a rule with a catastrophic pattern cannot be written."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def seconds(matcher: Matcher, text: str) -> float:
    began = time.process_time()
    matcher.judge(Article(id="h", title="", text=text, published_at=NOW, language="it"), now=NOW)
    return time.process_time() - began


HOSTILE = {
    "one word": "accordo ",
    "one letter": "a",
    "only brackets": "([{",
    "mixed scripts": "aж中 Italia Россия 中国 firmano ",
    "one endless sentence": "Italia e Cina firmano un accordo e ",
    "dots": "a.b. ",
    "numbers": "20 marzo 2026 20 ",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_ten_million_characters_take_linear_time(matcher: Matcher, unit: str) -> None:
    small, large = (unit * (size // len(unit)) for size in (100_000, 10_000_000))
    quick = max(seconds(matcher, small), 0.05)
    assert seconds(matcher, large) < 200 * quick  # linear is a hundredfold; twice that is left for a busy machine


def test_sec_12_fifty_thousand_letters_take_a_tenth_of_a_second(matcher: Matcher) -> None:
    assert min(seconds(matcher, "a" * 50_000) for _ in range(3)) <= 0.1
