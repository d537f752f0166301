"""The words by which acts are told apart: from the rule set, in check and in the service alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import rulebook
from monitor.app import fetch_limits, learn
from monitor.config import checkout, find_places, load
from monitor.fetch.egress import Egress
from monitor.rulebook.ruleset import RuleSet
from monitor.story import Vocabulary, vocabulary_of
from monitor.story.meanings import Meanings, is_meaning
from monitor.story.words import stem, stems


@pytest.fixture(scope="module")
def ruleset(rules_dir: Path, rules_cache: Path) -> RuleSet:
    return rulebook.load((rules_dir,), cache_dir=rules_cache)


@pytest.fixture(scope="module")
def words(ruleset: RuleSet) -> Vocabulary:
    return vocabulary_of(ruleset)


def test_the_service_compares_by_the_same_words_as_check(tmp_path: Path, rules_cache: Path) -> None:
    (tmp_path / "cache").symlink_to(rules_cache)
    rules_cache.mkdir(parents=True, exist_ok=True)
    environment = {"COOPWATCH_STATE_DIR": str(tmp_path)}
    settings = load(None, environment, places=find_places(environment, top=checkout()))
    known = learn(settings, Egress(fetch_limits(settings)))
    assert known.desk.vocabulary == vocabulary_of(known.ruleset)


def test_everyday_words_and_verbs_of_acts_are_common_and_things_are_not(words: Vocabulary) -> None:
    # one everyday word of each language, one verb of an act, and none of a thing that acts are about
    for word in ("accordo", "agreement", "zusammenarbeit", "coopération", "acuerdo", "соглашение", "firmare", "与"):
        assert (stem(word) if len(word) > 1 else word) in words.common, word
    for word in ("vaccino", "harbour", "Idrogeno", "трактор"):
        assert stem(word) not in words.common, word


@pytest.mark.parametrize(
    ("english", "others"),
    [
        ("cable", {"it": "cavi", "fr": "câbles", "de": "Seekabel", "es": "cable", "ru": "кабеля", "zh": "海底光缆"}),
        ("wine", {"it": "vini", "fr": "vins", "de": "Weinbau", "es": "vinos", "ru": "виноделов", "zh": "葡萄酒"}),
        (
            "railway",
            {"it": "ferroviaria", "fr": "chemins", "de": "Eisenbahn", "es": "trenes", "ru": "поездов", "zh": "高铁"},
        ),
    ],
)
def test_words_for_one_thing_have_one_stem_in_all_languages(
    words: Vocabulary, english: str, others: dict[str, str]
) -> None:
    (meant,) = stems(english, words.common, words.of("en"))
    assert is_meaning(meant)
    for lang, word in others.items():
        assert meant in set(stems(word, words.common, words.of(lang))), lang


def test_every_language_knows_nearly_every_thing(ruleset: RuleSet) -> None:
    things = {code: set(language.things) for code, language in ruleset.languages.items()}
    everywhere = set.intersection(*things.values())
    somewhere = set.union(*things.values())
    assert len(everywhere) >= 0.9 * len(somewhere)


def test_a_beginning_stands_for_every_ending_and_a_whole_word_for_itself_and_its_plural() -> None:
    table = Meanings.of([("port", "port"), ("vaccin*", "vaccine")])
    assert [table.word(word) for word in ("port", "ports", "porta", "vaccinazione", "vaccin")] == [
        ("=port",),
        ("=port",),
        (),
        ("=vaccine",),
        ("=vaccine",),
    ]


def test_a_word_of_two_meanings_has_both() -> None:
    table = Meanings.of([("mine", "mining"), ("mine", "landmine"), ("mina", "landmine")])
    assert table.word("mines") == ("=mining", "=landmine")


def test_words_that_mean_a_thing_together_are_read_before_each_for_itself() -> None:
    table = Meanings.of(
        [("park*", "nature"), ("industrial park*", "factory"), ("doppi* imposizion*", "tax"), ("tax", "tax")]
    )
    assert list(stems("an industrial park", frozenset({"an"}), table)) == ["=factory"]
    assert list(stems("Industrial Parks; parks, industrial", meanings=table)) == ["=factory", "=nature", "indust"]
    assert "=tax" in set(stems("evitare le doppie imposizioni", meanings=table))
    assert list(stems("industrial", meanings=table)) == ["indust"]  # begun, and the text ends


def test_signs_of_two_meanings_have_both() -> None:
    assert list(stems("稀土", meanings=Meanings.of([("稀土", "earths"), ("稀土", "minerals")]))) == [
        "=earths",
        "=minerals",
    ]


@pytest.mark.parametrize(
    ("lang", "words_for", "meant", "never"),
    [
        ("it", "parco industriale", "=industrial_park", "=biodiversity"),
        ("fr", "câbles sous-marins", "=cable", "=navy"),
        ("en", "submarine cable", "=cable", "=navy"),
        ("en", "human trafficking", "=human_trafficking", "=drugs"),
        ("es", "gas natural", "=gas", "=biodiversity"),
        ("fr", "convention contre les doubles impositions", "=double_taxation", "=free_trade"),
        ("de", "Doppelbesteuerungsabkommen", "=double_taxation", "=free_trade"),
    ],
)
def test_a_thing_of_two_words_is_not_what_one_of_them_is(
    words: Vocabulary, lang: str, words_for: str, meant: str, never: str
) -> None:
    found = set(stems(words_for, words.common, words.of(lang)))
    assert meant in found
    assert never not in found


def test_of_signs_the_longest_piece_is_read_first_and_the_rest_in_pairs() -> None:
    table = Meanings.of([("光缆", "cable"), ("海底", "sea"), ("海", "water")])
    assert list(stems("建海底光缆网络", meanings=table)) == ["=sea", "=cable", "网络"]


@pytest.mark.parametrize(
    ("lang", "word", "never"),
    [
        ("en", "consultations", "=consular"),
        ("en", "swap", "=currency"),
        ("en", "euros", "=currency"),
        ("en", "migratory", "=migration"),
        ("it", "catastrofi", "=census"),
        ("it", "consolidare", "=consular"),
        ("ru", "консультации", "=consular"),
        ("ru", "рублей", "=currency"),
    ],
)
def test_a_beginning_draws_in_no_strangers(words: Vocabulary, lang: str, word: str, never: str) -> None:
    assert never not in set(stems(word, words.common, words.of(lang)))


def test_seats_of_governments_and_numbers_tell_no_act_apart(words: Vocabulary) -> None:
    said = "in Dublin, nella Varsavia, 三百张床位, worth euros"
    assert not {"dublin", "varsav", "三百", "百张", "worth", "euro"} & set(stems(said, words.common))


def test_a_town_that_begins_like_a_seat_of_government_is_another_place(words: Vocabulary) -> None:
    assert list(stems("Malabo, Malaba", words.common)) == ["malab"]
