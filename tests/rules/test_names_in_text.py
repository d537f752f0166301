"""Which parties the shipped lists see in a few words, and which words must not be taken for a party."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.match import Matcher
from monitor.match.reading import read
from monitor.match.scan import Scanner
from monitor.model import Article, Sector
from monitor.rulebook import RuleSet, load

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules(rules_dir: Path, rules_cache: Path) -> tuple[RuleSet, Scanner]:
    ruleset = load([rules_dir], cache_dir=rules_cache)
    return ruleset, Scanner(ruleset)


def named(rules: tuple[RuleSet, Scanner], lang: str, text: str) -> set[str]:
    """Ids of the principals that a text names; regions (Latin America) are named, but are none."""
    reading = read(Article("a", "", text, language=lang), *rules, now=NOW)
    mentions = [mention for part in reading.parts for mention in part.mentions]
    return {mention.principal for mention in mentions if mention.entity.kind != "region"}


@pytest.mark.parametrize(
    ("lang", "text", "parties"),
    [
        ("it", "Mosca e Pechino firmano; la Farnesina tace.", {"RU", "CN", "IT"}),
        ("it", "L'intesa italo-cinese e il vertice russo-indiano", {"IT", "CN", "RU", "IN"}),
        ("it", "Il Qatar con la Malesia e il Kirghisistan", {"QA", "MY", "KG"}),
        ("it", "Il MUR e l'Agenzia Spaziale Italiana con la Cnsa: la NASA osserva", {"IT", "US"}),
        ("it", "Il premier Mishustin e Li Qiang al Cremlino", {"RU", "CN"}),
        ("en", "Sino-Russian ties; the White House, Downing Street and the EU", {"CN", "RU", "US", "GB", "EU"}),
        ("en", "Turkey and Jordan sign with Georgian officials", {"TR", "JO", "GE"}),
        ("de", "Der Bundesrat und Deutschlands Regierung, dazu die Vereinten Nationen", {"CH", "DE", "org.un"}),
        ("fr", "Le Conseil fédéral, l'Élysée et la Grenade", {"CH", "FR", "GD"}),
        ("fr", "L'accord de l'Union européenne avec l'Union africaine", {"EU", "org.african-union"}),
        ("fr", "Le Canada et la France saluent l'Union, dit l'UE", {"CA", "FR", "EU"}),
        ("de", "mit der Europäischen Union und der Islamischen Entwicklungsbank", {"EU", "org.isdb"}),
        ("de", "bei der Schanghaier Organisation für Zusammenarbeit", {"org.sco"}),
        ("es", "La Casa Rosada y los gobiernos boliviano y peruano", {"AR", "BO", "PE"}),
        ("ru", "Россией и Китаем подписано; Белоруссии и Казахстану; с ООН", {"RU", "CN", "BY", "KZ", "org.un"}),
        ("zh", "中俄签署协议, 中意举行会谈, 中法德三国", {"CN", "RU", "IT", "FR", "DE"}),
        ("zh", "意大利总理梅洛尼同习近平会谈", {"IT", "CN"}),
        ("zh", "美国国务院和韩国商务部签署备忘录", {"US", "KR"}),
        ("zh", "商务部同美商务部举行会谈", {"CN"}),
        ("ru", "Минобороны Белоруссии и МИД Ирана; Минэнерго США", {"BY", "IR", "US"}),
        ("ru", "Минобороны России и Ирана, МИД Китая", {"RU", "IR", "CN"}),
        ("de", "das Auswärtige Amt und Frankreich", {"DE", "FR"}),
    ],
)
def test_parties_are_seen(rules: tuple[RuleSet, Scanner], lang: str, text: str, parties: set[str]) -> None:
    assert named(rules, lang, text) == parties


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("it", "Nato a Treviglio nel 1942, i mali del calcio e le castagne"),
        ("it", "Il campo rom fu sgomberato dai vigili"),
        ("en", "South American neighbours and Latin American leaders polish their shoes"),
        ("en", "He lives in New Jersey and follows the Georgia Bulldogs"),
        ("en", "They asked us who would join"),
        ("fr", "les dirigeants sud-américains"),
        ("it", "Gli accordi di Parigi, il Mar cinese meridionale e cento franchi svizzeri"),
        ("en", "The Paris climate accord, the South China Sea and ten US dollars"),
        ("de", "Hundert Schweizer Franken und das Südchinesische Meer"),
        ("zh", "中美洲和中东欧"),
        ("ru", "Того не было, кроме того они ушли"),
        ("zh", "加沙地带"),
        ("zh", "沿海地区的合法方式和想法"),
        ("zh", "在合作中加强交流, 其中美好的一天"),
        ("zh", "内蒙古的草原"),
    ],
)
def test_other_words_are_no_party(rules: tuple[RuleSet, Scanner], lang: str, text: str) -> None:
    assert named(rules, lang, text) == set()


def test_a_person_counts_only_while_in_office(rules: tuple[RuleSet, Scanner]) -> None:
    ruleset, scanner = rules
    old = Article("a", "", "Macron e Draghi firmano", published_at=datetime(2021, 11, 26, tzinfo=UTC), language="it")
    new = Article("a", "", "Macron e Draghi firmano", published_at=datetime(2026, 1, 5, tzinfo=UTC), language="it")
    seen = [{m.principal for p in read(a, ruleset, scanner, now=NOW).parts for m in p.mentions} for a in (old, new)]
    assert seen == [{"FR", "IT"}, {"FR"}]


@pytest.mark.parametrize(
    ("lang", "title", "text", "acting"),
    [
        ("en", "Port deal", "NAIROBI — Ethiopia and Eritrea have signed a port deal.", {"ET", "ER"}),
        ("en", "Gas deal", "DOHA/BRUSSELS: QatarEnergy and Fluxys signed a deal with Spain.", {"co.qatarenergy", "ES"}),
        ("it", "Intesa", "Mosca, 4 novembre 2025 – Francia e Giappone hanno firmato un accordo.", {"FR", "JP"}),
        ("it", "Roma - Pechino, firmata l'intesa", "", {"IT", "CN"}),
        ("zh", "签署协议", "北京9月18日电 法国与日本签署协议。", {"FR", "JP"}),
    ],
)
def test_the_city_of_a_dateline_does_not_act(
    rules: tuple[RuleSet, Scanner], lang: str, title: str, text: str, acting: set[str]
) -> None:
    reading = read(Article("a", title, text, language=lang), *rules, now=NOW)
    seen = {m.principal for part in reading.parts for m in part.mentions if m.standing == "acts"}
    assert seen == acting


def test_a_party_lends_its_sector_where_no_word_names_one(rules: tuple[RuleSet, Scanner]) -> None:
    article = Article("a", "Mercosur, firmato l'accordo con la Norvegia", "", published_at=NOW, language="it")
    judgement = Matcher(rules[0]).judge(article, now=NOW)
    assert judgement.announcements[0].sectors == (Sector.INDUSTRY_TRADE,)
