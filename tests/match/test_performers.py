"""Players, coaches and artists sign for themselves: their nationality and their clubs' cities are no states. What ministries
and federations agree about sport is told."""

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


def judged(matcher: Matcher, lang: str, title: str, text: str) -> Judgement:
    return matcher.judge(Article(id="a", title=title, text=text, published_at=NOW, language=lang), now=NOW)


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "en",
            "Brazil midfielder joins Spanish club on four-year contract",
            "The Brazil international has signed a four-year deal. Sao Paulo and Madrid reached an agreement on Friday.",
        ),
        (
            "en",
            "Korean singer signs deal with American label",
            "The South Korean singer has signed a worldwide agreement with a record label in the United States.",
        ),
        (
            "it",
            "L'attaccante portoghese firma un triennale con i campioni turchi",
            "Lisbona e Istanbul hanno raggiunto l'accordo sul cartellino: nove milioni di euro.",
        ),
        (
            "fr",
            "L'attaquant sénégalais signe au club turc",
            "L'attaquant du Sénégal a signé un contrat en Turquie. Dakar et Istanbul ont trouvé un accord.",
        ),
        (
            "de",
            "Portugiesischer Stürmer unterzeichnet Vertrag bei türkischem Meister",
            "Der Stürmer aus Portugal hat in der Türkei einen Vertrag unterzeichnet. Lissabon und Istanbul einigten sich.",
        ),
        (
            "es",
            "El delantero uruguayo firma con el club italiano",
            "El delantero de Uruguay firmó un contrato de tres años en Italia. Montevideo y Milán llegaron a un acuerdo.",
        ),
    ],
)
def test_a_contract_of_a_player_or_artist_is_no_act_of_two_states(
    matcher: Matcher, lang: str, title: str, text: str
) -> None:
    found = judged(matcher, lang, title, text)
    assert not found.alert
    assert Reason.PURCHASE in found.reasons


@pytest.mark.parametrize(
    ("lang", "title", "text", "countries"),
    [
        (
            "en",
            "Japan and Brazil football federations sign cooperation agreement",
            "The football federations of Japan and Brazil signed an agreement on Monday to train coaches.",
            {"JP", "BR"},
        ),
        (
            "en",
            "Turkish and Greek football federations sign agreement on young players",
            "The Turkish football federation and the Greek football federation signed an agreement on Monday.",
            {"TR", "GR"},
        ),
        (
            "it",
            "Calcio, intesa tra la federazione italiana e quella brasiliana",
            "La federazione calcistica italiana e quella brasiliana hanno firmato un protocollo d'intesa sugli allenatori.",
            {"IT", "BR"},
        ),
        (
            "fr",
            "La France et le Sénégal signent un accord sur le sport",
            "Les ministres des Sports de la France et du Sénégal ont signé un accord sur la formation des entraîneurs.",
            {"FR", "SN"},
        ),
        (
            "de",
            "Deutschland und Brasilien unterzeichnen Sportabkommen",
            "Die Sportminister von Deutschland und Brasilien haben ein Abkommen über die Ausbildung unterzeichnet.",
            {"DE", "BR"},
        ),
        (
            "es",
            "España y Argentina firman un convenio deportivo",
            "Los ministros de Deporte de España y Argentina firmaron un convenio para formar entrenadores.",
            {"ES", "AR"},
        ),
    ],
)
def test_what_ministries_and_federations_agree_about_sport_is_told(
    matcher: Matcher, lang: str, title: str, text: str, countries: set[str]
) -> None:
    found = judged(matcher, lang, title, text)
    assert found.alert
    assert {p.country for p in found.announcements[0].parties} == countries
