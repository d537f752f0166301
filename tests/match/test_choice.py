"""Which of an article's frames are told: what the headline says of an act outranks a doubtful sentence of the text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Reason

NOW = datetime(2026, 8, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load((rules_dir,), cache_dir=rules_cache))


@pytest.mark.parametrize(
    ("lang", "title", "text", "reason"),
    [
        (
            "it",
            "Niger, sospeso l'accordo con l'Italia sull'addestramento",
            "Il Niger ha sospeso l'accordo con l'Italia per l'addestramento della gendarmeria, ha annunciato la giunta.",
            Reason.SUSPENDED,
        ),
        (
            "it",
            "Litio, la Bolivia si ritira dall'accordo con l'Italia",
            "La Bolivia si è ritirata dall'accordo con l'Italia sull'estrazione del litio a Uyuni.",
            Reason.SUSPENDED,
        ),
        (
            "it",
            "La Somalia congela l'accordo con l'Italia sulla guardia costiera",
            "Mogadiscio ha congelato l'accordo con l'Italia per formare la guardia costiera somala.",
            Reason.SUSPENDED,
        ),
        (
            "fr",
            "Le Tchad rompt l'accord de défense avec la France",
            "Le Tchad a mis fin à l'accord de coopération en matière de défense avec la France, a annoncé son ministre.",
            Reason.SUSPENDED,
        ),
        (
            "ru",
            "Ереван опроверг подписание соглашения с Индией",
            "Минобороны Армении опровергло сообщение о подписании с Индией соглашения о поставке ракет «Пинака».",
            Reason.DENIED,
        ),
        (
            "zh",
            "立陶宛宣布中止与中国的激光技术协议",
            "立陶宛政府宣布中止与中国签署的激光技术合作协议。",
            Reason.SUSPENDED,
        ),
        (
            "zh",
            "中斐农业灌溉协议签署一周年",
            "中国与斐济签署农业灌溉合作协议一周年纪念活动6日在苏瓦举行。",
            Reason.ANNIVERSARY,
        ),
    ],
)
def test_an_act_that_the_headline_calls_off_is_not_told(
    matcher: Matcher, lang: str, title: str, text: str, reason: Reason
) -> None:
    article = Article(id="a", title=title, text=text, published_at=NOW, language=lang)
    found = matcher.judge(article, now=NOW)
    assert not found.announcements
    assert reason in {mention.reason for mention in found.mentions}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        # what is scrapped is no act, and what was suspended is signed again
        ("Oman and Jordan scrap visas", "Oman and Jordan signed an agreement on visa-free travel on Wednesday."),
        (
            "Belgium and Chad sign suspended veterinary agreement anew",
            "Belgium and Chad signed anew on Wednesday the agreement on veterinary laboratories that was suspended in May.",
        ),
    ],
)
def test_a_headline_that_ends_something_else_takes_no_act_away(matcher: Matcher, title: str, text: str) -> None:
    article = Article(id="a", title=title, text=text, published_at=NOW, language="en")
    assert matcher.judge(article, now=NOW).alert


@pytest.mark.parametrize(
    ("lang", "title", "text", "opening"),
    [
        (
            "it",
            "Vacanze-lavoro, Italia e Argentina raddoppiano i visti",
            "Italia e Argentina hanno esteso per altri quattro anni il programma vacanze-lavoro per i giovani. "
            "Lo scambio di note è stato firmato ieri dai due Paesi.",
            "Italia e Argentina hanno esteso",
        ),
        (
            "ru",
            "Россия и Вьетнам продлили программу подготовки атомщиков",
            "Россия и Вьетнам продлили до 2032 года программу подготовки специалистов для атомной отрасли. "
            "Соответствующий протокол подписан в понедельник.",
            "Россия и Вьетнам продлили",
        ),
    ],
)
def test_the_opening_that_names_its_parties_proves_more_than_a_sentence_that_borrows_them(
    matcher: Matcher, lang: str, title: str, text: str, opening: str
) -> None:
    article = Article(id="a", title=title, text=text, published_at=NOW, language=lang)
    (first, *_) = matcher.judge(article, now=NOW).announcements
    assert first.quote.startswith(opening)
