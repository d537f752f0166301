"""Stems, marks and hashes: what of a text is remembered."""

from __future__ import annotations

import random

import pytest

from monitor.story.simhash import likeness, simhash
from monitor.story.words import marks, stem, stems


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("accordi", "accordo"),
        ("nuclear", "nucleare"),
        ("panda", "pandas"),
        ("соглашение", "соглашения"),
        ("énergie", "Energie"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_common_words_and_numbers_are_no_stems() -> None:
    assert set(stems("The 200 buoys of Fiji", frozenset(stems("the of")))) == {"buo", "fij"}


def test_chinese_gives_pairs_of_signs_without_common_ones() -> None:
    assert set(stems("中国与埃及沙漠蔬菜", frozenset({"与", "中国"}))) == {"埃及", "及沙", "沙漠", "漠蔬", "蔬菜"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("17,000 troops", {"17000"}),
        ("17.000 soldati", {"17000"}),
        ("$3.5bn deal", {"3.5", "$3.5"}),
        ("3,5 miliardi", {"3.5"}),
        ("a $3bn rescue, 3 ministers", {"$3"}),
        ("since 2013, the 12 states", set()),
        ("JF-17 jets and CPTPP", {"jf17", "cptpp"}),
        ("ОАК и индийская компания соберут Superjet-100", {"superjet"}),
    ],
)
def test_marks_are_written_alike_in_every_language(text: str, found: set[str]) -> None:
    assert set(marks(text)) == found


def body(seed: int) -> list[str]:
    draw = random.Random(seed)
    words = [f"{chr(97 + n % 26)}ord{n}" for n in range(400)]
    return [" ".join(draw.choices(words, k=14)) + "." for _ in range(40)]


def test_a_copy_with_a_sentence_less_is_near_and_another_text_is_far() -> None:
    sentences = body(1)
    whole, cut = simhash(" ".join(sentences)), simhash(" ".join(sentences[:-3]))
    assert likeness(whole, cut) >= 0.9
    assert likeness(whole, simhash(" ".join(body(2)))) < 0.85


def test_a_headline_has_no_hash() -> None:
    assert simhash("Italy and India sign an agreement") == 0
    assert likeness(0, 0) == 0.0
