"""Acts that a sentence dates back, and titles that deny what they tell: background, whatever else happened today."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Reason

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def article(lang: str, title: str, text: str) -> Article:
    return Article("a", title, text, published_at=NOW, language=lang)


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        ("it", "Quel giorno a Tirana", "Vent'anni fa Grecia e Albania firmarono un accordo sulla pesca."),
        (
            "it",
            "Acqua, tutto fermo",
            "Quattro anni dopo la firma, l'accordo tra Francia ed Etiopia sull'acqua è sulla carta.",
        ),
        (
            "it",
            "Nominato il console",
            "La Serbia ha nominato oggi un console, in base all'accordo con il Perù siglato nel 2021.",
        ),
        (
            "en",
            "MPs debate gas",
            "MPs on Monday began debating the gas agreement that Norway and Egypt signed last year.",
        ),
        (
            "en",
            "Ten years on",
            "Ten years after signing, the trade agreement between Chile and Norway divides farmers.",
        ),
        (
            "de",
            "Wasser bleibt knapp",
            "Fünf Jahre nach der Unterzeichnung steht das Abkommen zwischen Chile und Peru auf dem Papier.",
        ),
        (
            "fr",
            "Un anniversaire discret",
            "Dix ans après la signature, l'accord entre le Chili et le Pérou reste lettre morte.",
        ),
        ("es", "Agua", "Diez años después de la firma, el acuerdo entre Chile y Perú sigue en el papel."),
    ],
)
def test_an_act_that_is_dated_back_is_not_news(matcher: Matcher, lang: str, title: str, text: str) -> None:
    assert not matcher.judge(article(lang, title, text), now=NOW).alert


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "it",
            "Grecia e Albania, firmato l'accordo",
            "Vent'anni fa nemici, Grecia e Albania hanno firmato oggi un accordo sulla pesca.",
        ),
        (
            "it",
            "In vigore l'accordo Francia-Kenya",
            "Due anni dopo la firma, è entrato in vigore oggi l'accordo tra Francia e Kenya sull'acqua.",
        ),
        (
            "en",
            "Norway and Egypt sign gas deal",
            "Norway and Egypt signed a gas agreement on Monday, a year after they had signed a memorandum in 2024.",
        ),
    ],
)
def test_an_act_of_today_is_news_although_an_older_one_is_told_beside_it(
    matcher: Matcher, lang: str, title: str, text: str
) -> None:
    assert matcher.judge(article(lang, title, text), now=NOW).alert


def test_what_a_title_denies_its_text_denies_too(matcher: Matcher) -> None:
    denied = article(
        "it",
        "Idrogeno, Tunisi smentisce: «Nessun memorandum firmato con la Spagna»",
        "Il ministero ha smentito la notizia. «La firma è stata rinviata», si legge nella nota.",
    )
    found = matcher.judge(denied, now=NOW)
    assert not found.alert
    assert {mention.reason for mention in found.mentions} == {Reason.DENIED}


def test_a_verb_of_denial_governs_its_clause(matcher: Matcher) -> None:
    text = "Serbia denied on Sunday that it had signed a new gas deal with Egypt."
    assert not matcher.judge(article("en", "Belgrade denies gas deal", text), now=NOW).alert
