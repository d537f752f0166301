"""What a report says of another act in passing is none of its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import rulebook
from monitor.story import Vocabulary, vocabulary_of
from monitor.story.asides import Asides


@pytest.fixture(scope="module")
def words(rules_dir: Path, rules_cache: Path) -> Vocabulary:
    return vocabulary_of(rulebook.load((rules_dir,), cache_dir=rules_cache))


@pytest.mark.parametrize(
    ("lang", "said", "kept"),
    [
        ("en", "Two states launched a fund, a day after opening a hotline, officials said.", "hotline"),
        ("it", "Accordo sul cotone all’indomani dell’intesa sui porti.", "porti"),
        ("de", "Abkommen über Wein, einen Tag nach dem Treffen zur Fischerei.", "Fischerei"),
        ("fr", "Un accord sur le vin, au lendemain de l'accord sur l'uranium.", "uranium"),
        ("es", "Acuerdo sobre vino días después de un pacto pesquero.", "pesquero"),
        ("ru", "Соглашение о вине на следующий день после пакта о рыбе.", "рыбе"),
    ],
)
def test_what_is_behind_a_cue_is_cut_to_the_end_of_its_clause(
    words: Vocabulary, lang: str, said: str, kept: str
) -> None:
    assert kept in said
    assert kept not in words.besides(lang).cut(said)


def test_the_rest_of_the_sentence_stays() -> None:
    asides = Asides.of(["a day after"], [])
    assert asides.cut("They launch a fund, a day after opening a hotline, in Perth.").split() == [
        "They", "launch", "a", "fund,", ",", "in", "Perth.",
    ]  # fmt: skip
    assert asides.cut("a day after the talks") == "a day after the talks"  # or nothing would be left
    assert asides.cut("Friday after noon") == "Friday after noon"


@pytest.mark.parametrize(
    ("lang", "lead", "other"),
    [
        ("en", "Both signed a treaty on beef. They also signed a declaration on fuels.", "fuels"),
        ("it", "Firmato un accordo sul vino. I due Paesi hanno inoltre siglato un patto sul gas.", "gas"),
        ("de", "Ein Abkommen über Visa. Am Vortag ging es um Boote.", "Boote"),
        ("fr", "Un accord sur le vin. Ils ont également signé un pacte sur le gaz.", "gaz"),
        ("es", "Un acuerdo sobre vino. También firmaron un pacto sobre gas.", "gas"),
        ("ru", "Подписан пакт о вине. Накануне речь шла о газе.", "газе"),
        ("zh", "两国签署葡萄酒协议。双方还讨论了天然气。", "天然气"),
    ],
)
def test_a_sentence_on_another_act_is_no_part_of_the_lead_unless_it_proves_this_one(
    words: Vocabulary, lang: str, lead: str, other: str
) -> None:
    besides = words.besides(lang)
    first = besides.lead(lead, proof="-")
    assert first
    assert other not in first
    assert other in besides.lead(lead, proof=lead[len(first) :].strip())


def test_every_language_has_cues(words: Vocabulary) -> None:
    assert all(words.besides(code).another for code in words.meanings)
