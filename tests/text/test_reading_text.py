"""Cleaning, folding, sentences, language and dates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import DateTables, LanguageProfile, clean, detect, find_dates, fold, fold_case, split, years
from monitor.text.clean import _CLEANING, _FOLD, _FOLD_CASE, _UNUSUAL


@given(st.text(max_size=300))
def test_folding_never_moves_an_offset(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert len(fold_case(text)) == len(text)


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=400))
def test_sentences_lie_in_order_inside_the_text(text: str) -> None:
    last = 0
    for s in split(text):
        assert last <= s.start < s.end <= len(text)
        last = s.end


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [("acc\u00adordo", "accordo"), ("ﬁrma", "firma"), ("Universita\u0300", "Università"), ("a\u200bb", "ab")],
)
def test_what_hides_a_word_is_cleaned(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_the_quick_way_of_folding_says_what_the_tables_say() -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    ordinary = "".join(char for char in every if not _UNUSUAL.search(char))
    assert len(ordinary) > 22_000
    assert fold(ordinary) == ordinary.translate(_FOLD)
    assert fold_case(ordinary) == ordinary.translate(_FOLD_CASE)


def test_what_is_cleaned_is_what_the_table_names() -> None:
    assert [code for code in _CLEANING if clean(f"à{chr(code)}") != f"à{chr(code)}".translate(_CLEANING)] == []


def test_folding_joins_quotes_hyphens_and_accents() -> None:
    assert fold("L’Intesa Italo‑Cinese è già ＯＫ") == "l'intesa italo-cinese e gia ok"


def test_accents_stay_where_they_tell_words_apart() -> None:
    assert fold_case("Firmò") == "firmò"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Il sen. Rossi ha parlato. Poi è uscito.", 2),
        ("J. Smith met U.S. officials. They signed.", 2),
        ("Costa 3.5 mld. di euro.", 1),
        ("双方签署协议。两国元首出席。", 2),
        ("Prima riga\nSeconda riga", 2),
        ("«Firmiamo oggi!» ha detto il ministro. Fine.", 2),
    ],
)
def test_sentences_end_where_people_end_them(text: str, count: int) -> None:
    assert len(split(text, {"sen", "mld"})) == count


PROFILES = (
    LanguageProfile("it", "latin", frozenset({"il", "di", "che", "e", "la"})),
    LanguageProfile("en", "latin", frozenset({"the", "of", "and", "to"})),
    LanguageProfile("ru", "cyrillic", frozenset({"и", "в"})),
    LanguageProfile("zh", "han", frozenset()),
)


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("Il ministro di Roma e la Cina", "", "it"),
        ("The leaders of China and Italy", "it", "en"),
        ("Россия и Китай", "", "ru"),
        ("中国与意大利签署协议", "en", "zh"),
        ("Roma", "en", "en"),
    ],
)
def test_the_language_is_told_by_script_then_small_words_then_the_hint(text: str, hint: str, lang: str) -> None:
    assert detect(text, PROFILES, hint) == lang


TABLES = DateTables({"marzo": 3, "march": 3}, {"oggi": 0, "ieri": -1})
DAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("firmato il 4 marzo 2026 a roma", "2026-03-04"),
        ("firmato il 4 marzo", "2026-03-04"),
        ("signed on march 4, 2026", "2026-03-04"),
        ("ieri a roma", "2026-03-04"),
        ("3月4日下午", "2026-03-04"),
        ("中国与巴西4日签署议定书", "2026-03-04"),
        ("双方28日签署议定书", "2026-02-28"),
        ("nel marzo 2013", "2013-03"),
        ("2025-12-31", "2025-12-31"),
    ],
)
def test_dates_are_read_as_iso_cut_to_what_is_known(text: str, iso: str) -> None:
    assert [d.iso for d in find_dates(text, TABLES, DAY)] == [iso]


def test_a_number_of_days_and_a_dateline_are_no_day_of_the_month() -> None:
    assert find_dates("10日内签署，为期3日，新华社北京电，21日电", TABLES, DAY) == []


def test_quantities_are_no_years() -> None:
    assert [y for _, y in years("nel 2013 circa 2000, 1.950 e 3-2014 e 12.2020")] == [2013]
