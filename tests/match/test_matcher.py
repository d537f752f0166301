"""The matcher on short texts: who, what, when, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Judgement

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def judged(matcher: Matcher, title: str, text: str = "", lang: str = "it") -> Judgement:
    return matcher.judge(Article(id="a", title=title, text=text, published_at=NOW, language=lang), now=NOW)


def test_a_signed_memorandum_alerts_with_both_parties(matcher: Matcher) -> None:
    found = judged(
        matcher,
        "Italia e Cina firmano un memorandum sull'energia",
        "L'Italia e la Cina hanno firmato oggi a Roma un memorandum d'intesa sulla cooperazione nell'energia.",
    )
    assert found.alert
    assert {p.country for p in found.announcements[0].parties} == {"IT", "CN"}
    assert found.announcements[0].stage == "signed"
    assert "hanno firmato oggi" in found.announcements[0].quote


def test_a_negated_signature_does_not_alert(matcher: Matcher) -> None:
    found = judged(
        matcher,
        "Nessun accordo tra Italia e Cina",
        "L'Italia e la Cina non hanno firmato il memorandum d'intesa sulla cooperazione nell'energia.",
    )
    assert not found.alert


def test_an_article_without_parties_is_nothing(matcher: Matcher) -> None:
    assert judged(matcher, "Che tempo fa domani", "Pioggia al nord, sole al sud.").verdict == "none"


def test_judging_twice_gives_the_same(matcher: Matcher) -> None:
    assert judged(matcher, "Italia e Cina firmano un accordo") == judged(matcher, "Italia e Cina firmano un accordo")
