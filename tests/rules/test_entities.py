"""What the lists of parties under rules/entities/ must hold, read as plain YAML; the loader has tests of its own."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

LANGUAGES = ("it", "en", "fr", "de", "es", "ru", "zh")
# states whose capital is the state itself, or whose seat is no name by which anybody calls the government
NO_CAPITAL = "BE LU KW SM SG MC DJ SC HK MO GI IM BM KY CK NU PR EH EU VC"
# territories that sign for themselves now and then; nobody needs their adjective in every language
TERRITORIES = "HK MO GL FO GI JE GG IM BM KY CK NU NC PR EH CG GW"
PREFIXES = {
    "person": "P.",
    "organisation": "org.",
    "ministry": "min.",
    "agency": "ag.",
    "university": "uni.",
    "research": "res.",
    "company": "co.",
    "initiative": "ini.",
    "region": "reg.",
    "city": "city.",
}
# members of the United Nations and its two observer states
UN = """
    AF AL DZ AD AO AG AR AM AU AT AZ BS BH BD BB BY BE BZ BJ BT BO BA BW BR BN BG BF BI CV KH CM CA CF TD CL CN CO KM
    CG CD CR CI HR CU CY CZ DK DJ DM DO EC EG SV GQ ER EE SZ ET FJ FI FR GA GM GE DE GH GR GD GT GN GW GY HT HN HU IS IN
    ID IR IQ IE IL IT JM JP JO KZ KE KI KP KR KW KG LA LV LB LS LR LY LI LT LU MG MW MY MV ML MT MH MR MU MX FM MD MC MN
    ME MA MZ MM NA NR NP NL NZ NI NE NG MK NO OM PK PW PA PG PY PE PH PL PT QA RO RU RW KN LC VC WS SM ST SA SN RS SC SL
    SG SK SI SB SO ZA SS ES LK SD SR SE CH SY TJ TZ TH TL TG TO TT TN TR TM TV UG UA AE GB US UY UZ VU VE VN YE ZM ZW
    VA PS
"""

Entities = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def entities(rules_dir: Path) -> Entities:
    """Every shipped entity by its id."""
    found: Entities = {}
    for path in sorted((rules_dir / "entities").glob("*.yaml")):
        listed = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["entities"]
        assert not listed.keys() & found.keys(), f"{path.name} lists again {listed.keys() & found.keys()}"
        found |= listed
    return found


def spelled(text: str) -> list[str]:
    """The strings that a text with {a,b} stands for."""
    group = re.search(r"\{([^{}]*)\}", text)
    if group is None:
        return [text]
    tails = spelled(text[group.end() :])
    return [text[: group.start()] + middle + tail for middle in group[1].split(",") for tail in tails]


def names(entity: dict[str, Any]) -> Iterator[str]:
    """Every string by which the text may name the entity; lower case where case does not matter."""
    lists = [terms for key in ("names", "adjectives", "capitals", "metonyms") for terms in entity.get(key, {}).values()]
    for item in [item for terms in lists for item in terms]:
        term = {"text": item} if isinstance(item, str) else item
        yield from (text if term.get("exact") else text.lower() for text in spelled(term["text"]))
    yield from (item if isinstance(item, str) else item["text"] for item in entity.get("short", []))


def states(entities: Entities) -> Entities:
    return {key: entity for key, entity in entities.items() if entity["kind"] == "state"}


def test_every_member_of_the_united_nations_is_listed(entities: Entities) -> None:
    members = set(UN.split())
    assert members - states(entities).keys() == set()
    assert len(members) == 195


def test_every_state_has_names_in_the_seven_languages(entities: Entities) -> None:
    assert {key for key, state in states(entities).items() if set(LANGUAGES) - state["names"].keys()} == set()


def test_every_state_has_an_italian_and_an_english_adjective(entities: Entities) -> None:
    wanted = states(entities).keys() - set(TERRITORIES.split())
    assert {key for key in wanted if {"it", "en"} - entities[key].get("adjectives", {}).keys()} == set()


def test_every_state_has_a_capital_in_the_seven_languages(entities: Entities) -> None:
    wanted = states(entities).keys() - set(NO_CAPITAL.split()) - set(TERRITORIES.split())
    same_name = {("DZ", "ru"), ("TN", "ru"), ("GT", "ru"), ("PA", "ru"), ("VA", "ru")}  # as the state: listed there
    lacking = {(key, lang) for key in wanted for lang in set(LANGUAGES) - entities[key]["capitals"].keys()}
    assert lacking - same_name == set()


def test_ids_tell_the_kind(entities: Entities) -> None:
    for key, entity in entities.items():
        if entity["kind"] == "state":
            assert re.fullmatch("[A-Z]{2}", key), key
        elif key != "many":
            assert key.startswith(PREFIXES[entity["kind"]]), key


def test_whoever_acts_for_another_names_one_that_is_listed(entities: Entities) -> None:
    for key, entity in entities.items():
        for target in (entity.get("acts_for"), entity.get("country"), *entity.get("members", [])):
            assert target is None or target in entities, f"{key} names {target}"


def test_no_name_belongs_to_two_entities(entities: Entities) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for key, entity in entities.items():
        for name in names(entity):
            owners[name].add(key)
    assert {name: keys for name, keys in owners.items() if len(keys) > 1} == {}


def test_two_letters_in_latin_script_are_never_blind_to_case(entities: Entities) -> None:
    for key, entity in entities.items():
        assert [name for name in names(entity) if re.fullmatch("[a-z]{1,2}", name)] == [], key


def test_a_term_of_office_ends_after_it_began(entities: Entities) -> None:
    dated = {key: (e.get("since", ""), e.get("until", "")) for key, e in entities.items() if e["kind"] == "person"}
    assert {key for key, (since, until) in dated.items() if until and until <= since} == set()
    for key, (since, until) in dated.items():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", since), key
        assert not until or re.fullmatch(r"\d{4}-\d\d-\d\d", until), key


def test_the_lists_name_enough_of_the_world(entities: Entities) -> None:
    kinds = Counter(entity["kind"] for entity in entities.values())
    assert kinds["university"] >= 150
    assert kinds["company"] >= 400
    assert kinds["person"] >= 300
    assert kinds["organisation"] >= 100


def test_what_the_founding_documents_name_carries_its_source(entities: Entities) -> None:
    sources = {number for entity in entities.values() for number in entity.get("source", [])}
    assert sources == {"000", "001", "002", "003", "004"}


def test_the_objects_of_topics_are_listed(entities: Entities, rules_dir: Path) -> None:
    topics = yaml.load((rules_dir / "announcements/topics.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)[
        "topics"
    ]
    assert {thing for topic in topics.values() for thing in topic.get("objects", [])} - entities.keys() == set()
