"""Acts that were done long ago or are only sent to parliament are background, and overlapping names name the longer one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.match.reading import read
from monitor.match.scan import Scanner
from monitor.model import Article, Reason

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def article(lang: str, title: str, text: str) -> Article:
    return Article(id="a", title=title, text=text, published_at=NOW, language=lang)


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "it",
            "Primi frutti del memorandum con l'Oman",
            "Il memorandum che Italia e Oman avevano firmato un anno fa a Mascate ha dato i primi frutti.",
        ),
        (
            "en",
            "Kenya gets first wells",
            "The accord that Kenya and Italy signed in Nairobi two years ago is bearing fruit.",
        ),
        (
            "fr",
            "Premiers puits au Kenya",
            "L'accord que la France et le Kenya ont signé il y a deux ans finance des puits.",
        ),
        (
            "de",
            "Erste Brunnen in Kenia",
            "Das Abkommen, das Deutschland und Kenia unterzeichneten vor zwei Jahren, wirkt.",
        ),
    ],
)
def test_an_act_that_the_sentence_dates_a_year_back_is_old(matcher: Matcher, lang: str, title: str, text: str) -> None:
    found = matcher.judge(article(lang, title, text), now=NOW)
    assert not found.alert
    assert Reason.OLD in found.reasons


def test_a_year_ago_far_from_the_act_dates_something_else(matcher: Matcher) -> None:
    text = "Italy and Oman signed an accord on ports in Muscat on Monday, after a storm that hit the coast a year ago."
    assert matcher.judge(article("en", "Italy and Oman sign accord on ports", text), now=NOW).alert


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "fr",
            "Le Conseil fédéral adopte le message concernant la convention avec le Pérou",
            "Le Conseil fédéral a adopté le message. La Suisse et le Pérou ont signé la convention à Lima.",
        ),
        (
            "en",
            "Federal Council adopts dispatch on agreement with Iceland",
            "The dispatch goes to Parliament. Switzerland and Iceland signed the agreement in Bern.",
        ),
        (
            "it",
            "Adottato il messaggio concernente l'accordo con la Serbia",
            "La Svizzera e la Serbia hanno firmato l'accordo a Berna.",
        ),
        (
            "de",
            "Bundesrat verabschiedet Botschaft zum Abkommen mit Peru",
            "Die Schweiz und Peru haben das Abkommen in Lima unterzeichnet.",
        ),
    ],
)
def test_what_a_report_of_a_dispatch_tells_of_signing_is_background(
    matcher: Matcher, lang: str, title: str, text: str
) -> None:
    found = matcher.judge(article(lang, title, text), now=NOW)
    assert not found.alert
    assert Reason.TALKS_ONLY in found.reasons


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        (
            "Il Ministero degli Affari Esteri e della Cooperazione Internazionale del Kenya e la Francia firmano.",
            {"KE", "FR"},
        ),
        ("Il Ministero degli Affari Esteri e della Cooperazione Internazionale e il Kenya firmano.", {"IT", "KE"}),
    ],
)
def test_a_ministry_belongs_to_the_state_that_hangs_on_it(matcher: Matcher, text: str, countries: set[str]) -> None:
    reading = read(article("it", "", text), matcher.ruleset, Scanner(matcher.ruleset), now=NOW)
    assert {m.entity.country for p in reading.parts for m in p.mentions if m.standing == "acts"} == countries


def test_of_overlapping_names_the_longer_one_counts_wherever_it_begins(rules_dir: Path, rules_cache: Path) -> None:
    ruleset = rulebook.load([rules_dir], cache_dir=rules_cache)
    scanner = Scanner(ruleset)
    text = "raggiunto l'accordo quadro tra Italia e Cina"
    hits = [h for h in scanner.scan(text, text.lower(), "it").concepts if h[2].ref.startswith(("act.", "instrument."))]
    for one in hits:
        longer = [h for h in hits if h[0] < one[1] and one[0] < h[1] and h[1] - h[0] > one[1] - one[0]]
        assert not [h for h in longer if h[2].ref.partition(".")[0] == one[2].ref.partition(".")[0]]
