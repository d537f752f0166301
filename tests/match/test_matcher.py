"""The matcher on short texts: who, what, when, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
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


def test_a_publisher_that_is_a_party_counts_where_its_own_text_names_only_the_other(matcher: Matcher) -> None:
    said = Article(
        id="p",
        title="Signature of an agreement with Brazil",
        text="Our minister signed a cooperation agreement with Brazil today on agricultural research.",
        published_at=NOW,
        language="en",
    )
    alone = matcher.judge(said, now=NOW)
    ours = matcher.judge(replace(said, publisher_party="CN"), now=NOW)
    assert not alone.alert
    assert {p.country for a in ours.announcements for p in a.parties} == {"CN", "BR"}


def test_yesterday_is_counted_from_the_day_where_the_feed_is_read(matcher: Matcher) -> None:
    late = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)  # the sixth in Rome
    text = "L'Italia e la Cina hanno firmato ieri un memorandum d'intesa sull'energia."
    said = Article(id="y", title="Italia e Cina firmano un memorandum", text=text, published_at=late, language="it")
    assert matcher.judge(said, now=late).announcements[0].event_date == "2026-03-05"
    there = replace(said, timezone="America/New_York")
    assert matcher.judge(there, now=late).announcements[0].event_date == "2026-03-04"


def test_a_rule_on_trial_is_told_as_such_and_alerts_nobody(matcher: Matcher) -> None:
    rules = tuple(replace(rule, status="trial") for rule in matcher.ruleset.rules)
    found = judged(
        Matcher(replace(matcher.ruleset, rules=rules)),
        "Italia e Cina firmano un memorandum sull'energia",
        "L'Italia e la Cina hanno firmato oggi a Roma un memorandum d'intesa sull'energia.",
    )
    assert found.announcements[0].trial
    assert not found.alert


def test_in_chinese_the_thing_agreed_stands_before_the_instrument(matcher: Matcher) -> None:
    found = judged(matcher, "中巴签署葡萄输华议定书", "中国海关总署与巴西农业部16日签署鲜食葡萄输华检疫议定书。", "zh")
    assert found.announcements[0].object == "鲜食葡萄输华检疫议定书"


def test_a_suspension_without_a_verb_of_agreeing_is_a_mention(matcher: Matcher) -> None:
    found = judged(matcher, "Francia e Brasile sospendono l'accordo sui satelliti")
    assert [mention.reason for mention in found.mentions] == ["suspended"]


def test_relations_named_in_passing_in_chinese_are_no_act(matcher: Matcher) -> None:
    assert not judged(matcher, "中国与博茨瓦纳建交的图片展15日在哈博罗内开幕", lang="zh").alert


def test_a_decimal_point_does_not_end_what_was_agreed(matcher: Matcher) -> None:
    found = judged(
        matcher, "Japan, Nepal sign", "Japan and Nepal signed a grant agreement worth 3.1 billion yen on bridges.", "en"
    )
    assert found.announcements[0].object == "agreement worth 3.1 billion yen on bridges"


@pytest.mark.parametrize(
    ("title", "text", "lang", "thing"),
    [
        (
            "Peru und Polen unterzeichnen Abkommen über Panflöten",
            "Peru und Polen haben ein Abkommen unterzeichnet, nach dem drei Werke in Lima bauen.",
            "de",
            "Abkommen über Panflöten",
        ),
        (
            "中国与智利签署葡萄育苗园协议",
            "中国与智利8日在圣地亚哥签署协议，双方将共建三座苗圃。",
            "zh",
            "葡萄育苗园协议",
        ),
        (
            "Fiji and Oman sign agreement on pearls",
            "Fiji and Oman signed an agreement on divers' helmets.",
            "en",
            "agreement on divers' helmets",
        ),
        (
            "Vietnam and South Korea sign policing pact",
            "Vietnam and South Korea signed a policing pact in Hanoi on Tuesday.",
            "en",
            "policing pact in Hanoi on Tuesday",
        ),
        (
            "Deutschland und Lettland vereinbaren gemeinsame Minensuche",
            "Deutschland und Lettland haben am Dienstag in Riga vereinbart, gemeinsam nach Seeminen zu suchen.",
            "de",
            "vereinbaren gemeinsame Minensuche",
        ),
    ],
)
def test_where_the_sentence_says_only_agreement_the_headline_says_what_about(
    matcher: Matcher, title: str, text: str, lang: str, thing: str
) -> None:
    assert judged(matcher, title, text, lang).announcements[0].object == thing


def test_a_gift_that_both_governments_announce_is_told_as_a_gift(matcher: Matcher) -> None:
    text = "Norway will give Malawi a $30 million grant to put pumps in 400 villages, the two governments announced in Lilongwe."
    found = judged(matcher, "Norway grants Malawi $30 million for village pumps", text, "en")
    assert [a.type for a in found.announcements[:1]] == ["assistance"]
    assert "pumps" in found.announcements[0].object


def test_of_sectors_of_equal_weight_the_first_named_stand(matcher: Matcher) -> None:
    """The order of a set of names is another one in each process, so which three stood was chance."""
    found = judged(
        matcher,
        "Italia e Cile firmano un accordo",
        "Italia e Cile hanno firmato oggi a Roma un accordo su agricoltura, energia, sanità, trasporti, spazio e ambiente.",
    )
    assert found.announcements[0].sectors == ("agriculture", "energy", "health")


def test_what_an_agreement_provides_for_does_not_say_what_kind_it_is(matcher: Matcher) -> None:
    text = (
        "Italia e Giappone hanno firmato oggi a Roma un accordo di cooperazione scientifica.\n"
        "L'intesa prevede borse di studio e progetti comuni."
    )
    found = judged(matcher, "Italia e Giappone firmano un accordo di cooperazione scientifica", text)
    assert found.announcements[0].type == "agreement"
    assert found.announcements[0].stage == "signed"


def test_the_object_ends_with_the_quotation_that_it_stands_in(matcher: Matcher) -> None:
    text = "«Cile ed Egitto hanno firmato un accordo sulle forniture di grano», ha detto il ministro."
    article = Article("a", "Via libera al grano", text, published_at=datetime(2026, 11, 20, tzinfo=UTC), language="it")
    (one,) = matcher.judge(article, now=datetime(2026, 11, 20, 12, tzinfo=UTC)).announcements
    assert one.object == "accordo sulle forniture di grano"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Deutschland sagt Jordanien Geld für den Bau von Schulen in Mafrak zu, wie beide Regierungen mitteilten.",
            True,
        ),
        ("Die Schweiz und Kenia richten eine gemeinsame Kommission für Höhenmedizin ein.", True),
        ("Spanien und Chile bauen ihre Zusammenarbeit bei 2,5 Meter dicken Gletschern aus.", True),
        ("Die Schweiz und Kenia richten sich bei ihrer Zusammenarbeit nach dem Gutachten.", False),
        ("Deutschland sagt, Jordanien gebe Geld für den Bau von Schulen zu viel aus.", False),
    ],
)
def test_a_german_verb_in_two_parts_is_one(matcher: Matcher, text: str, found: bool) -> None:
    trace = matcher.explain(Article(id="a", title="", text=text, published_at=NOW, language="de"), now=NOW)
    acts = {hit[2].ref for part in trace.reading.parts for hit in part.acts if hit[2].ends}
    assert bool(acts) is found
