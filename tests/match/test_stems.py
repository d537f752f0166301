"""The words of an article as features: whole, in pairs, and cut to pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.match.stems import words_of
from monitor.model import Article

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def words(matcher: Matcher, title: str, text: str = "", lang: str = "it") -> dict[str, float]:
    return matcher.explain(Article(id="a", title=title, text=text, language=lang), now=NOW).words


def test_a_title_s_words_are_cut_and_the_text_s_are_not(matcher: Matcher) -> None:
    found = words(matcher, "Ratifica rapida", "Domani si vota.")
    assert {"word.ratific", "word.title:rapida", "word.pair:ratific rapida", "word.domani"} <= found.keys()
    assert {"word.cut:^ra", "word.cut:^rat", "word.cut:fica", "word.cut:ida$"} <= found.keys()
    assert "word.cut:^dom" not in found


def test_a_form_never_seen_shares_pieces_with_one_that_was(matcher: Matcher) -> None:
    seen, other = words(matcher, "Ratificano il trattato"), words(matcher, "Ratifikation vereinbart", lang="de")
    shared = {w for w in seen.keys() & other.keys() if w.startswith("word.cut:")}
    assert {"word.cut:^rat", "word.cut:rati", "word.cut:tif"} <= shared


def test_chinese_is_not_cut(matcher: Matcher) -> None:
    assert not [w for w in words(matcher, "中国和意大利签署协议", lang="zh") if w.startswith("word.cut:")]


def test_the_same_title_gives_the_same_numbers(matcher: Matcher) -> None:
    assert list(words(matcher, "Firmano oggi").items()) == list(words(matcher, "Firmano oggi").items())


@pytest.mark.parametrize(
    ("title", "text", "lang"),
    [
        ("Italia e Cina firmano un accordo di cooperazione", "Roma e Pechino hanno firmato oggi un memorandum.", "it"),
        ("La giunta rinvia il piano", "Il consiglio ha discusso il bilancio.", "it"),
        ("中国和意大利签署协议", "", "zh"),
        ("", "The two ministers signed a treaty at Zzyzx.", "en"),
    ],
)
def test_words_without_a_weight_change_no_judgement(matcher: Matcher, title: str, text: str, lang: str) -> None:
    article = Article(id="a", title=title, text=text, published_at=NOW, language=lang)
    trace = matcher.explain(article, now=NOW)
    weighed = words_of(trace.reading, matcher.ruleset.weights.weights)
    assert list(weighed.items()) == [each for each in trace.words.items() if each[0] in matcher.ruleset.weights.weights]
    assert len(weighed) < len(trace.words)
    assert matcher.judge(article, now=NOW) == trace.judgement
