"""What words near an agreement take away from it: not reached yet, a company and its workers, a work about it, a deal with
criminals. Beside each stands a sentence of the same kind that announces something and is not refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Judgement, Reason

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def judged(matcher: Matcher, lang: str, title: str, text: str = "") -> Judgement:
    return matcher.judge(Article(id="a", title=title, text=text, published_at=NOW, language=lang), now=NOW)


def able(matcher: Matcher, lang: str, title: str) -> bool:
    """Whether any frame of the title may be an announcement, whatever its score."""
    article = Article(id="a", title=title, text="", published_at=NOW, language=lang)
    return any(s.candidate.reason is None for s in matcher.explain(article, now=NOW).scored)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Ungheria e Vietnam verso un accordo sul caffè"),
        ("it", "Cile e Norvegia vicini a un'intesa sul salmone"),
        ("it", "Perù e Polonia a un passo dall'accordo sul rame"),
        ("it", "Cile e Ghana verso la firma dell'accordo sul cacao"),
        ("en", "Kenya and Norway close to a deal on tea"),
        ("en", "Chile and Ghana edge toward agreement on cocoa"),
        ("fr", "Le Maroc et la Pologne proches d'un accord sur le phosphate"),
        ("de", "Schweiz und Kenia kurz vor Abkommen über Tee"),
        ("es", "Chile y Vietnam, a un paso de un acuerdo sobre el café"),
        ("ru", "Чили и Вьетнам близки к соглашению о кофе"),
    ],
)
def test_an_agreement_that_is_near_is_not_reached(matcher: Matcher, lang: str, title: str) -> None:
    assert not judged(matcher, lang, title).alert
    assert not able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Ungheria e Vietnam firmano un accordo sul caffè"),
        ("it", "Verso il vertice: Cile e Norvegia siglano un'intesa sul salmone"),
        ("en", "Kenya and Norway sign a deal on tea close to the summit's end"),
        ("fr", "Le Maroc et la Pologne signent un accord sur le phosphate"),
    ],
)
def test_an_agreement_that_is_reached_stays_one(matcher: Matcher, lang: str, title: str) -> None:
    assert able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "it",
            "Accordo tra Electrolux e i sindacati",
            "Electrolux ha firmato in Italia l'accordo con i sindacati: trecento uscite volontarie.",
        ),
        (
            "en",
            "Nissan and unions sign pay deal",
            "Nissan signed an agreement with unions in Britain on Monday: wages rise and there will be no job cuts.",
        ),
        (
            "it",
            "Firmato il contratto integrativo alla Lindqvist Italia",
            "L'azienda svedese e Fim, Fiom e Uilm hanno siglato l'intesa ad Arezzo.",
        ),
    ],
)
def test_a_company_and_its_workers_are_an_affair_of_one_country(
    matcher: Matcher, lang: str, title: str, text: str
) -> None:
    judgement = judged(matcher, lang, title, text)
    assert not judgement.alert


def test_unions_that_comment_make_no_agreement_of_states_domestic(matcher: Matcher) -> None:
    assert able(matcher, "it", "Italia e Svizzera firmano l'accordo sui frontalieri: i sindacati soddisfatti")


def test_what_ministries_agree_on_workers_is_no_affair_of_one_company(matcher: Matcher) -> None:
    assert able(matcher, "en", "Labour ministries of Kenya and Poland sign agreement on the unions of seafarers")


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Un film sul trattato tra Italia e Austria"),
        ("it", "Esce il libro sull'accordo tra Cina e Portogallo"),
        ("en", "Documentary about treaty between Chile and Argentina"),
    ],
)
def test_a_work_about_a_treaty_makes_none(matcher: Matcher, lang: str, title: str) -> None:
    judgement = judged(matcher, lang, title)
    assert not judgement.alert
    assert not able(matcher, lang, title)
    assert Reason.IN_PASSING in {
        s.candidate.reason
        for s in matcher.explain(Article(id="a", title=title, text="", published_at=NOW, language=lang), now=NOW).scored
    }


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Il governo del Messico accusa gli Usa: «Accordo con il cartello»"),
        ("en", "US made deal with the cartel, Mexico says"),
        ("en", "Colombian rebels sign deal with biggest Mexican cartel"),
        ("es", "México acusa a EEUU de un acuerdo con el cártel"),
    ],
)
def test_a_deal_with_criminals_is_no_instrument(matcher: Matcher, lang: str, title: str) -> None:
    assert not judged(matcher, lang, title).alert


def test_an_agreement_of_states_against_criminals_stays_one(matcher: Matcher) -> None:
    assert able(matcher, "en", "Italy and Albania sign agreement against the mafia")
    assert able(matcher, "it", "Italia e Albania firmano un accordo contro la mafia")


def test_visas_that_are_scrapped_are_no_agreement_suspended(matcher: Matcher) -> None:
    assert Reason.SUSPENDED not in judged(matcher, "en", "Malaysia and Chile scrap visas").reasons


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Mongolia accedes to the convention on steppe birds"),
        ("it", "La Mongolia aderisce alla convenzione sugli uccelli della steppa"),
        ("fr", "La Mongolie adhère à la convention sur les oiseaux"),
    ],
)
def test_who_joins_a_convention_joins_many(matcher: Matcher, lang: str, title: str) -> None:
    assert able(matcher, lang, title)


def test_what_an_old_agreement_does_now_is_old_with_it(matcher: Matcher) -> None:
    title = "The pact that Peru and Kenya signed two years ago funds wells"
    article = Article(id="a", title=title, text="", published_at=NOW, language="en")
    assert {s.candidate.reason for s in matcher.explain(article, now=NOW).scored} == {Reason.OLD}
