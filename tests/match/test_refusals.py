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


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "it",
            "Perché il patto tra Turchia e Qatar conviene",
            "L'intesa raggiunta da Ankara e Doha apre nuovi scenari.",
        ),
        (
            "it",
            "Come funziona l'accordo tra Svizzera e India",
            "L'accordo firmato da Berna e Nuova Delhi ha venti capitoli.",
        ),
        (
            "en",
            "Why the pact between Turkey and Qatar makes sense",
            "The agreement reached by Ankara and Doha opens doors.",
        ),
        (
            "fr",
            "Pourquoi l'accord entre le Qatar et la Turquie inquiète",
            "L'entente conclue par Doha et Ankara divise.",
        ),
        (
            "de",
            "Warum das Abkommen zwischen Katar und der Türkei hilft",
            "Doha und Ankara haben einen Pakt geschlossen.",
        ),
        ("es", "¿Por qué preocupa el pacto entre Qatar y Turquía?", "Qatar y Turquía firmaron un acuerdo de gas."),
        ("ru", "Почему соглашение Катара и Турции выгодно", "Катар и Турция подписали соглашение о газе."),
        ("zh", "为什么土耳其与卡塔尔的协议令人担忧", "土耳其与卡塔尔签署了天然气协议。"),
    ],
)
def test_a_title_that_asks_about_an_agreement_knows_it_already(
    matcher: Matcher, lang: str, title: str, text: str
) -> None:
    judgement = judged(matcher, lang, title, text)
    assert not judgement.alert
    assert Reason.OPINION in judgement.reasons


def test_an_explainer_that_says_today_announces(matcher: Matcher) -> None:
    text = "Chile and Ghana signed an agreement on cocoa in Accra on Thursday."
    trace = matcher.explain(
        Article(id="a", title="How the Chile-Ghana cocoa pact works", text=text, published_at=NOW, language="en"),
        now=NOW,
    )
    assert any(s.candidate.reason is None and s.candidate.frame.part.rank == 1 for s in trace.scored)


def test_a_title_that_says_as_planned_asks_nothing(matcher: Matcher) -> None:
    assert able(matcher, "it", "Come previsto, Perù e Ghana firmano l'accordo sul rame")


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "I due Paesi, Perù e Ghana, hanno un accordo di estradizione"),
        ("it", "Perù e Ghana, legati da un trattato sul rame"),
        ("en", "Peru and Ghana have an extradition treaty"),
        ("fr", "Le Pérou et le Ghana ont un accord d'extradition"),
        ("de", "Zwischen Peru und Ghana besteht ein Auslieferungsabkommen"),
        ("es", "Perú y Ghana tienen un tratado de extradición"),
        ("ru", "Перу и Гана имеют договор о выдаче"),
    ],
)
def test_who_has_an_agreement_does_not_make_it(matcher: Matcher, lang: str, title: str) -> None:
    assert not judged(matcher, lang, title).alert
    assert not able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Perù e Ghana hanno firmato un accordo di estradizione"),
        ("en", "Peru and Ghana have a new extradition treaty"),
        ("de", "Peru und Ghana haben ein Abkommen unterzeichnet"),
        ("fr", "Le Pérou et le Ghana ont signé un accord"),
    ],
)
def test_who_has_signed_or_has_a_new_one_makes_it(matcher: Matcher, lang: str, title: str) -> None:
    assert able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Anniversario della firma del trattato tra Perù e Ghana"),
        ("zh", "秘鲁与加纳签署铜业协议十五周年"),
        ("en", "Peru and Ghana mark friendship treaty anniversary"),
        ("en", "Peru and Ghana celebrate 40 years of partnership"),
        ("fr", "Le Pérou et le Ghana, 40 ans de partenariat"),
    ],
)
def test_what_is_celebrated_was_made_long_ago(matcher: Matcher, lang: str, title: str) -> None:
    assert not able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Ad oggi Perù e Ghana hanno firmato sei accordi sul rame"),
        ("en", "Peru and Ghana have signed six copper agreements to date"),
        ("fr", "À ce jour, le Pérou et le Ghana ont signé six accords"),
    ],
)
def test_a_count_to_date_tells_no_new_act(matcher: Matcher, lang: str, title: str) -> None:
    assert not able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("it", "Turchia e Georgia riducono i dazi del 20 per cento"),
        ("en", "Japan and Colombia agree to halve tariffs on coffee"),
        ("fr", "La Tunisie et le Sénégal abaissent leurs droits de douane de 25 %"),
        ("de", "Serbien und Ägypten senken gegenseitige Zölle um 40 Prozent"),
        ("es", "Chile y Tailandia rebajan sus aranceles un 15 %"),
        ("ru", "Армения и Египет снизили пошлины на 20 процентов"),
        ("zh", "中国与智利同意下调关税两成"),
    ],
)
def test_two_states_that_cut_tariffs_agree(matcher: Matcher, lang: str, title: str) -> None:
    assert able(matcher, lang, title)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Brazil cuts tariffs on car parts by 10 per cent"),
        ("it", "Il Brasile riduce i dazi sui trattori del 10 per cento"),
        ("zh", "巴西下调关税"),
    ],
)
def test_one_state_that_cuts_its_tariffs_does_not(matcher: Matcher, lang: str, title: str) -> None:
    assert not able(matcher, lang, title)
