"""What is negotiated, wished for, condemned or bought tells no act. Beside each stands what does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Reason

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def reasons(matcher: Matcher, lang: str, title: str, text: str = "") -> set[Reason | None]:
    """Why each frame is refused; None is among them where one may be an announcement."""
    article = Article(id="a", title=title, text=text, published_at=NOW, language=lang)
    return {s.candidate.reason for s in matcher.explain(article, now=NOW).scored}


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "en",
            "Peru, Norway to start talks on fisheries pact",
            "Lima and Oslo agreed on Monday to start negotiations on a pact.",
        ),
        ("en", "Peru and Norway agree to open negotiations on a fisheries treaty", ""),
        ("it", "Perù e Norvegia avviano i negoziati per un accordo sulla pesca", ""),
        ("fr", "Le Pérou et la Norvège ouvrent des négociations sur un accord de pêche", ""),
        ("de", "Peru und Norwegen nehmen Verhandlungen über ein Abkommen auf", ""),
        ("es", "Perú y Noruega inician negociaciones para un acuerdo de pesca", ""),
        ("ru", "Перу и Норвегия начали переговоры о соглашении", ""),
        ("zh", "秘鲁与挪威启动谈判商讨渔业协定", ""),
    ],
)
def test_who_agrees_to_negotiate_has_not_agreed(matcher: Matcher, lang: str, title: str, text: str) -> None:
    found = reasons(matcher, lang, title, text)
    assert found
    assert None not in found


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Peru and Norway conclude negotiations on a fisheries agreement"),
        ("en", "Peru and Norway sign pact, start talks on a second"),
        ("it", "Perù e Norvegia firmano l'accordo dopo i negoziati sulla pesca"),
    ],
)
def test_who_ends_negotiations_has_agreed(matcher: Matcher, lang: str, title: str) -> None:
    assert None in reasons(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Peru calls for maritime pact with Norway"),
        ("en", "Peru eyes submarine deal with Norway"),
        ("it", "Il Perù propone un accordo alla Norvegia sulla pesca"),
        ("es", "Perú propone un acuerdo de pesca con Noruega"),
        ("de", "Peru will ein Abkommen mit Norwegen"),
    ],
)
def test_who_wishes_for_an_agreement_has_none(matcher: Matcher, lang: str, title: str) -> None:
    found = reasons(matcher, lang, title)
    assert found
    assert None not in found


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "en",
            "Norway joins Peru and Ghana in condemning coup",
            "Norway, Peru and Ghana issued a joint statement on Monday.",
        ),
        ("it", "Norvegia e Perù condannano il golpe", "Norvegia e Perù hanno adottato una dichiarazione congiunta."),
        ("zh", "挪威与秘鲁谴责政变", "挪威与秘鲁发表联合声明。"),
    ],
)
def test_a_joint_condemnation_commits_to_nothing(matcher: Matcher, lang: str, title: str, text: str) -> None:
    found = reasons(matcher, lang, title, text)
    assert found
    assert None not in found


def test_a_statement_that_commits_is_one(matcher: Matcher) -> None:
    assert None in reasons(matcher, "en", "Norway and Peru issue joint statement on a seed bank")


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Peru signs deal to buy Norwegian fighters and tanks"),
        ("it", "Il Perù firma con la Norvegia l'accordo per l'acquisto di trenta elicotteri"),
    ],
)
def test_arms_that_are_bought_are_a_purchase(matcher: Matcher, lang: str, title: str) -> None:
    assert None not in reasons(matcher, lang, title)


def test_arms_that_are_built_together_are_not(matcher: Matcher) -> None:
    assert None in reasons(matcher, "en", "Peru and Norway sign deal to build fighters together")


def test_what_an_article_with_such_a_title_wishes_further_on_is_a_wish_too(matcher: Matcher) -> None:
    text = "Peru on Monday suggested a new pact with Norway to boost ties with Oslo."
    assert None not in reasons(matcher, "en", "Peru calls for maritime pact with Norway", text)
