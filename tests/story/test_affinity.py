"""The facts by which a report and a story are compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import ActType, Announcement, Party, Report, Sector, Span
from monitor.story.affinity import WEIGHTS, affinity, rarities
from monitor.story.facts import features
from monitor.story.meanings import Meanings
from monitor.story.outline import Outline, outline
from monitor.story.signature import of_report
from monitor.story.vocabulary import Vocabulary
from monitor.story.words import stems
from tests.story.acts import START, said

COMMON = frozenset(stems("and sign an agreement on the a of for with new accordo sul signed pact"))
WORDS = Vocabulary(COMMON)
TWO_LANGUAGES = Vocabulary(
    COMMON,
    {
        "en": Meanings.of([("harbour", "port"), ("wine*", "wine"), ("standard*", "standard"), ("chip*", "chip")]),
        "it": Meanings.of([("porto", "port"), ("vin*", "wine"), ("standard*", "standard")]),
    },
)


def report(
    announcement: Announcement, title: str, days: float = 0, lang: str = "en", words: Vocabulary = WORDS
) -> Outline:
    at = START + timedelta(days=days)
    one = Report("a", title, "", "", "", lang, at, at, announcement)
    return outline(of_report(one, vocabulary=words))


HARBOUR = report(said("IT EG", "an agreement on the harbour of Damietta", thing="harbour of Damietta"), "Harbour")


@pytest.mark.parametrize(
    ("sides", "fact"),
    [
        ("IT EG", "principals_equal"),
        ("IT EG GR", "principals_nested"),
        ("IT EG many", "principals_equal"),
        ("IT org.un", "principals_clash"),
        ("IT open", "principals_one"),
    ],
)
def test_principals_relate(sides: str, fact: str) -> None:
    facts = features(report(said(sides, "x"), "x"), HARBOUR, {})
    assert facts is not None
    assert [name for name in facts if name.startswith("principals")] == [fact]


def test_other_pairs_of_states_are_never_one_act() -> None:
    assert features(report(said("IT GR", "the harbour of Damietta"), "Harbour"), HARBOUR, {}) is None


def test_a_story_is_forgotten_after_four_hundred_days() -> None:
    assert features(report(said("IT EG", "harbour"), "Harbour", days=399), HARBOUR, {}) is not None
    assert features(report(said("IT EG", "harbour"), "Harbour", days=401), HARBOUR, {}) is None


def test_another_thing_of_the_same_parties_is_far() -> None:
    cotton = report(said("IT EG", "an agreement on cotton seeds", thing="cotton seeds"), "Cotton", days=9)
    again = report(said("IT EG", "the harbour at Damietta opens", thing="Damietta harbour"), "Port", days=9)
    far, near = affinity(cotton, HARBOUR, {}), affinity(again, HARBOUR, {})
    assert far is not None
    assert near is not None
    assert far.value < -2 < 0 < near.value
    assert dict(far.terms())["thing_unsaid"] == WEIGHTS["thing_unsaid"]


def test_what_was_signed_in_spring_is_not_signed_today() -> None:
    signed = replace(HARBOUR, told={"signed": HARBOUR.last})
    again = said("IT EG", "the harbour of Damietta", thing="harbour", event_date="2026-06-05", date_basis="relative")
    facts = features(replace(report(again, "Harbour", days=120), told={"signed": 0.0}), signed, {})
    assert facts is not None
    assert facts["happened_again"] == 1


def test_sectors_that_say_nothing_are_not_compared() -> None:
    vague = report(said("IT EG", "harbour", sector=Sector.OTHER, type=ActType.DEAL), "Harbour")
    facts = features(vague, HARBOUR, {})
    assert facts is not None
    assert not {"sector_same", "sector_differs"} & set(facts)
    assert facts["type_differs"] == 1


def test_words_that_all_candidates_share_tell_nothing() -> None:
    new = report(said("IT EG", "leaders praise harbour"), "x")
    others = [report(said("IT EG", f"leaders praise {thing}"), "x") for thing in ("harbour", "cotton", "rail", "gas")]
    rarity = rarities(new, others)
    assert rarity["harbou"] == 1.0
    assert rarity["leader"] < 0.2


def test_two_of_four_states_weeks_later_are_another_cast() -> None:
    old = report(said("US PH CN", "a drill of the fleets", thing="drill of the fleets"), "Drill")
    soon = features(report(said("US CN FJ NZ", "a drill of the fleets", thing="drill"), "Drill", days=3), old, {})
    late = features(report(said("US CN FJ NZ", "a drill of the fleets", thing="drill"), "Drill", days=49), old, {})
    same = features(report(said("US PH CN", "a drill of the fleets", thing="drill"), "Drill", days=49), old, {})
    assert soon is not None
    assert late is not None
    assert same is not None
    assert ["sides_differ_late" in facts for facts in (soon, late, same)] == [False, True, False]


def test_parties_and_day_alone_are_too_little_where_the_fields_differ() -> None:
    def fields(one: Sector, two: Sector, other: str = "agreement") -> float:
        old = report(said("IT EG", "they signed an agreement on taxes", sector=one, thing="agreement on taxes"), "Pact")
        new = report(said("IT EG", f"they signed an {other}", sector=two), "Pact")
        found = affinity(new, old, {})
        assert found is not None
        return found.value

    assert fields(Sector.FINANCE, Sector.FINANCE) > 0
    assert fields(Sector.FINANCE, Sector.SCIENCE_EDUCATION) < 0
    assert fields(Sector.FINANCE, Sector.SCIENCE_EDUCATION, "agreement on taxes") > 0  # the thing is on both sides


def test_parties_and_day_alone_are_too_little_across_languages() -> None:
    old = report(said("IT EG", "an agreement on seeds", sector=Sector.OTHER, thing="seeds"), "Pact")
    new = said("IT EG", "un accordo sul ghiaccio", sector=Sector.OTHER, thing="ghiaccio")
    found = affinity(report(new, "Patto", lang="it"), old, {})
    assert found is not None
    assert found.facts["parties_alone_abroad"] == 1
    assert found.value < 0


def test_two_universities_of_one_country_are_two_parties() -> None:
    def of(*names: str) -> Outline:
        announcement = said("GB CN", "an agreement on batteries", thing="agreement on batteries")
        bodies = tuple(Party(f"uni.{name}", "university", name[:2].upper(), name) for name in names)
        return report(replace(announcement, parties=bodies), "Batteries")

    oxford, cambridge, both = of("gb.oxford", "cn.tsinghua"), of("gb.cambridge", "cn.tsinghua"), of("gb.oxford")
    assert "bodies_differ" in (features(cambridge, oxford, {}) or {})
    assert "bodies_differ" not in (features(oxford, oxford, {}) or {})
    assert "bodies_differ" not in (features(both, oxford, {}) or {})  # who is named by one side only may be in both
    assert "bodies_differ" not in (features(of("gb.cambridge", "gb.oxford"), oxford, {}) or {})
    states = report(said("GB CN", "an agreement on batteries", thing="agreement on batteries"), "Batteries")
    assert "bodies_differ" not in (features(states, oxford, {}) or {})


def test_every_fact_has_a_weight() -> None:
    # a fact without a weight would stop the comparison: all that features can name must be weighed
    names = {"copy", "object_same", "object_differs", "package_and_single", "package_and_single_late", "marks_shared"}
    assert names | {"topic_same", "date_same", "date_differs", "other_language_late"} <= set(WEIGHTS)


def test_two_acts_of_one_day_that_name_other_things_are_two() -> None:
    cotton = report(said("IT EG", "an agreement on cotton seeds", thing="cotton seeds"), "Cotton")
    found = affinity(cotton, HARBOUR, {})
    assert found is not None
    assert found.value < 0


def test_things_that_each_name_what_the_other_does_not_are_apart_for_a_month() -> None:
    sorghum = said(
        "BR CN", "protocol on quarantine of sorghum exports", thing="protocol on quarantine of sorghum exports"
    )
    grapes = said("BR CN", "protocol on quarantine of grape exports", thing="protocol on quarantine of grape exports")
    old = report(sorghum, "Sorghum")
    apart = {days: (features(report(grapes, "Grapes", days=days), old, {}) or {}) for days in (2, 10, 60)}
    assert 0 < apart[10]["thing_apart"] < 0.5
    assert "thing_apart_now" in apart[2]
    assert not {"thing_apart", "thing_apart_now"} & set(apart[60])


def test_the_packages_of_two_visits_are_two() -> None:
    first = report(said("ES CN", "ten documents of cooperation", count=10), "Visit")
    for days, fact in ((2, False), (150, True)):
        facts = features(
            report(said("ES CN", "several documents of cooperation", count=2), "Visit", days=days), first, {}
        )
        assert facts is not None
        assert ("package_of_another_day" in facts) is fact


def test_one_party_more_weeks_later_speaks_for_another_act() -> None:
    facts = features(report(said("IT EG GR", "harbour of Damietta"), "Harbour", days=20), HARBOUR, {})
    assert facts is not None
    assert facts["sides_differ_late"] == 1


def test_what_was_signed_on_one_monday_is_not_signed_on_the_next() -> None:
    signed = replace(HARBOUR, told={"signed": HARBOUR.last})
    again = said("IT EG", "harbour", thing="harbour", event_date="2026-02-12", date_basis="explicit")
    facts = features(replace(report(again, "Harbour", days=7), told={"signed": 0.0}), signed, {})
    assert facts is not None
    assert facts["happened_again"] == 1


PORT = report(
    said("IT EG", "an agreement on the harbour of Damietta", thing="harbour of Damietta"),
    "Harbour",
    words=TWO_LANGUAGES,
)


def test_of_two_languages_the_meanings_of_the_things_are_compared() -> None:
    port = report(
        said("IT EG", "accordo sul porto", thing="porto di Damietta"), "Porto", days=1, lang="it", words=TWO_LANGUAGES
    )
    wine = report(said("IT EG", "accordo sui vini", thing="vini"), "Vini", days=1, lang="it", words=TWO_LANGUAGES)
    same, other = affinity(port, PORT, {}), affinity(wine, PORT, {})
    assert same is not None
    assert other is not None
    assert "thing_said_abroad" in same.facts
    assert "thing_unsaid_abroad_now" in other.facts
    assert same.value > 0 > other.value


def test_what_two_acts_share_in_two_languages_does_not_hide_what_each_names_alone() -> None:
    chips = report(said("IT JP", "standards for chips", thing="standards for chips"), "Chips", words=TWO_LANGUAGES)
    wines = report(
        said("IT JP", "standard dei vini", thing="standard dei vini"), "Vini", days=1, lang="it", words=TWO_LANGUAGES
    )
    facts = features(wines, chips, {})
    assert facts is not None
    assert facts["thing_apart_abroad_now"] == pytest.approx(0.5)


def test_where_the_object_is_but_the_pact_the_headline_says_what_it_is_about() -> None:
    pact = report(said("IT EG", "a pact", thing="pact"), "Wine pact", days=1, words=TWO_LANGUAGES)
    facts = features(pact, PORT, {})
    assert facts is not None
    assert facts["meant_unsaid"] == 1


def test_weeks_later_a_thing_named_more_exactly_is_less_surely_the_same() -> None:
    again, exact = (
        report(said("IT EG", thing, thing=thing), "x", days=60, words=TWO_LANGUAGES)
        for thing in ("harbour Damietta", "harbour Damietta cranes pilots")
    )
    told = [facts["thing_said"] for one in (again, exact) if (facts := features(one, PORT, {}))]
    assert told == [pytest.approx(1.0), pytest.approx(0.5)]


def test_two_things_of_one_kind_that_mean_other_things_are_two_acts() -> None:
    chips = said("IT EG", "an agreement on chip standards", thing="chip standards")
    wine = said("IT EG", "an agreement on wine standards", thing="wine standards")
    old = report(chips, "Chips", words=TWO_LANGUAGES)
    for lang, title in (("en", "Wine"), ("it", "Vino")):
        told = report(
            wine if lang == "en" else said("IT EG", "standard del vino", thing="standard del vino"),
            title,
            1,
            lang,
            TWO_LANGUAGES,
        )
        found = affinity(told, old, {})
        assert found is not None
        assert found.facts["things_mean_other"] == 1
        assert found.value < 0
    both = report(
        said("IT EG", "chip standards for wine growers", thing="chip standards"), "Wine", 1, words=TWO_LANGUAGES
    )
    assert "things_mean_other" not in (features(both, old, {}) or {})


def test_who_joins_an_agreement_later_makes_news_of_its_own() -> None:
    pact = said("IT EG", "an agreement on the harbour of Damietta", thing="harbour of Damietta")
    old = report(pact, "Harbour")
    joins = replace(report(replace(pact, parties=said("IT EG GR", "x").parties), "Harbour", days=90), is_accession=True)
    again = replace(joins, last=joins.last + 1)
    first, later = features(joins, old, {}) or {}, features(again, joins, {}) or {}
    assert "joined_by_another" in first
    assert "joined_by_another" not in later


def test_without_an_instrument_only_what_means_a_thing_names_one() -> None:
    span = Span(0, 5, "text", "act.create")
    thing = "to give wine growers a greater voice"
    vague = replace(said("IT EG", "leaders met", thing=thing), evidence=(span,))
    named = replace(vague, evidence=(span, replace(span, concept="instrument.agreement")))
    assert report(vague, "x", words=TWO_LANGUAGES).things["en"] == {"=wine"}
    assert {"=wine", "grower", "voic"} <= report(named, "x", words=TWO_LANGUAGES).things["en"]


TALE = "pact between the two of them as told in town"
TOWNS = Vocabulary(
    frozenset(stems("and sign signed an agreement on the a of for with in between two them as told town")),
    {"en": Meanings.of([("hospital*", "hospital"), ("police", "police"), ("polic*", "police"), ("fish*", "fish")])},
    frozenset({"egyptian"}),
)


def known(thing: str, words: Vocabulary = TOWNS, lang: str = "en", deadline: str = "") -> Outline:
    return report(said("IT EG", f"{thing} {TALE}", thing=thing, deadline=deadline), "", lang=lang, words=words)


def facts_of(one: Outline, other: Outline) -> dict[str, float]:
    return features(one, other, {}) or {}


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("agreement for a hospital in Aswan", "agreement for a hospital in Luxor", True),
        ("agreement for a hospital in Aswan", "agreement for a clinic near Aswan", False),
        ("agreement for a hospital in Aswan", "agreement for a hospital with the best Egyptian staff", False),
        ("agreement on offshore block 12", "agreement on offshore block 47", True),
        ("agreement on offshore block 12", "agreement on offshore block 12", False),
        ("agreement on 12 offshore blocks", "agreement on 47 offshore blocks", False),  # how many, not which
        (
            "Agreement on a Hospital in Aswan Town",
            "Agreement on a Hospital in Luxor Town",
            False,
        ),  # a headline's capitals
    ],
)
def test_what_each_calls_by_another_name_is_another_thing(one: str, other: str, differ: bool) -> None:
    assert ("names_differ" in facts_of(known(one), known(other))) is differ


def test_a_name_that_the_other_report_says_elsewhere_does_not_set_apart() -> None:
    aswan = known("agreement for a hospital in Aswan")
    luxor = report(
        said("IT EG", "the hospital in Luxor is to help the one in Aswan", thing="agreement for a hospital in Luxor"),
        "",
        words=TOWNS,
    )
    assert "names_differ" not in facts_of(luxor, aswan)


def test_names_are_not_compared_where_every_noun_has_a_capital() -> None:
    german = Vocabulary(TOWNS.common, {"de": Meanings.of([("spital", "hospital")], compounds=True)})
    one, other = (known(f"abkommen über ein Spital in {town}", german, "de") for town in ("Assuan", "Luxor"))
    assert "names_differ" not in facts_of(one, other)


def test_things_that_mean_something_else_are_apart_though_no_word_is_shared() -> None:
    assert facts_of(known("agreement on fishing"), known("agreement on policing"))["things_mean_other"] == 1


def test_two_calls_with_two_deadlines_are_two_and_an_extended_one_is_one() -> None:
    first, second = (known("call on fishing", deadline=day) for day in ("2026-04-30", "2026-05-15"))
    assert facts_of(second, first)["deadlines_differ"] == 1
    assert "deadlines_differ" not in facts_of(first, first)
    assert "deadlines_differ" not in facts_of(replace(second, is_renewal=True), first)


def test_an_exercise_is_not_another_because_these_parties_often_exercise() -> None:
    words = Vocabulary(TOWNS.common, {"en": Meanings.of([("exercise*", "exercise"), ("drill*", "exercise")])})
    one, other = known("exercise", words), known("drills", words)
    facts = features(one, other, {"=exercise": 0.0}) or {}
    assert not [name for name in facts if name.startswith("thing_unsaid")]


def test_a_chinese_pair_of_signs_across_the_border_of_a_usual_word_is_no_word() -> None:
    common = frozenset(stems("合作 协议"))
    assert set(stems("熊猫保护合作协议", common)) == {"熊猫", "猫保", "保护"}


def test_a_compound_is_what_it_ends_with() -> None:
    words = Meanings.of([("tunnel*", "tunnel"), ("wasser", "water"), ("arbeit*", "workers")], compounds=True)
    common = frozenset(stems("Zusammenarbeit"))
    assert list(stems("Karawankentunnels", common, words)) == ["=tunnel"]
    assert list(stems("Wassergesetz", common, words)) == ["=water"]
    assert list(stems("Zusammenarbeit", common, words)) == []
    assert list(stems("gemeinsamen", common, Meanings.of([("samen", "seed")], compounds=True))) == ["gemein"]  # no noun


def test_parties_and_day_alone_say_little_across_languages() -> None:
    english = known("agreement on donkey hides", TWO_LANGUAGES)
    italian = report(
        said("IT EG", "intesa sulle serre", thing="intesa sulle serre"), "", lang="it", words=TWO_LANGUAGES
    )
    assert facts_of(italian, english)["nothing_shared_abroad"] == 1
    alike = report(said("IT EG", "intesa sul porto", thing="intesa sul porto"), "", lang="it", words=TWO_LANGUAGES)
    assert "nothing_shared_abroad" not in facts_of(alike, known("agreement on a harbour", TWO_LANGUAGES))
