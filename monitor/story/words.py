"""What of an article's words is worth remembering: short stems, and marks (numbers, codes, names in Latin letters)
that every language writes alike. Knows no language: lists of words come from the rule set.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from monitor.story.meanings import Meanings, folded

_TOKEN = re.compile(r"[^\W_]+(?:[.,-]\d+)*")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z-]{3,}")
_MARK = re.compile(r"[^\W_]+(?:[-.,][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# a sum however small tells acts apart: $3bn
_MONEY = re.compile(r"[$€£¥₽]\d{1,3}(?:[.,]\d+)?")
# a number behind a noun says which one; before it, how many
_WHICH = re.compile(r"(?<=[^\W\d_]{4}\s)(?!(?:19|20)\d\d\b)\d{1,4}\b(?![.,]\d)(?=\s*(?:[,;.)]|$|[-–—]))")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_CODE_CHARS = 12
_STEM_CHARS = 6
_VOWELS = frozenset("aeiouyаеиоуыэюяйь")
# a year or a small count stands in too many reports to tell acts apart
_MIN_NUMBER = 13
_UNKNOWN = Meanings()


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The first letters of a word, folded, without its ending: ``accordi`` and ``accordo`` alike, ``nuclear`` and
    ``nucleare``.

    Six letters split fewer inflected forms than full words do and join few strangers; good enough to compare two
    reports, which need not be read aloud.
    """
    short = folded(word)
    if len(short) > 3 and short.endswith("s"):
        short = short[:-1]
    if len(short) > 3 and short[-1] in _VOWELS:
        short = short[:-1]
    return short[:_STEM_CHARS]


def stems(
    text: str,
    common: Collection[str] = frozenset(),
    meanings: Meanings = _UNKNOWN,
    named: Collection[str] = frozenset(),
) -> Iterator[str]:
    """Stems of the words of ``text`` that are not ``common`` (stems, or whole words, that tell no act from another);
    neighbouring pairs of signs for Chinese. What ``meanings`` knows stands as its meaning, common or not. Numbers are left
    to ``marks``. ``named`` are stems that are left out as well, in Chinese with the pairs across their borders."""
    tokens = _TOKEN.findall(text)
    wholes = [folded(token) for token in tokens]
    past = 0
    for at, (token, whole) in enumerate(zip(tokens, wholes, strict=True)):
        if at < past:  # part of the words before it
            continue
        size, meant = meanings.phrase(wholes, at)
        if size:
            past = at + size
            yield from meant
            continue
        runs = () if token.isascii() else _HAN.findall(token)
        for run in runs:
            yield from _pairs(run, common, meanings, named)
        if not runs and not token[0].isdigit():
            short = stem(token)
            meant = meanings.word(whole)
            if meant:
                yield from meant
            elif len(short) > 2 and short not in common and whole not in common and short not in named:
                yield from (token[0].isupper() and meanings.compound(whole)) or (short,)


def _pairs(run: str, common: Collection[str], meanings: Meanings, named: Collection[str]) -> Iterator[str]:
    for meant, signs in meanings.split(run):
        if meant:
            yield meant
        known = {
            at + step
            for at, (one, two) in enumerate(itertools.pairwise(signs))
            for step in (0, 1)
            if one + two in common or one + two in named
        }
        for at, (one, two) in enumerate(itertools.pairwise(signs)):
            if at not in known and at + 1 not in known and one not in common and two not in common:
                yield one + two


def names(text: str, nations: Collection[str] = frozenset()) -> Iterator[str]:
    """Stems of what a text names by a capital within the sentence, and numbers that say which one (``block 12``). A text
    that writes most words with a capital, as headlines do, names nothing. ``nations`` are folded adjectives of states."""
    words = [token for token in _TOKEN.findall(text) if len(token) > 3 and token[0].isalpha() and not _HAN.match(token)]
    capital = [word for word in words[1:] if word[0].isupper() and not word.isupper()]
    if 2 * len(capital) <= len(words):
        yield from (stem(word) for word in capital if folded(word) not in nations)
    yield from (f"#{int(number)}" for number in _WHICH.findall(text))


def marks(text: str) -> Iterator[str]:
    """Tokens that stay the same in every language and script: numbers of weight (not years) and codes such as
    ``JF-17``, ``CPTPP``; in a text of another script also names in Latin letters."""
    yield from (f"{money[0]}{money[1:].replace(',', '.')}" for money in _MONEY.findall(text))
    for token in _MARK.findall(text):
        if token[0].isdigit():
            number = _number(token)
            if number:
                yield number
        elif token.isascii() and sum(sign.isupper() for sign in token) >= 2 and len(token) <= _CODE_CHARS:
            yield token.casefold().replace("-", "")
    if not _mostly_latin(text):
        yield from (name.casefold().replace("-", "") for name in _LATIN_NAME.findall(text))


def _number(token: str) -> str:
    """A number in one writing (``17,000``, ``17.000`` and ``17000`` are one), or nothing where it is a year or too
    small."""
    leading = _NUMBER.match(token)
    if leading is None:
        return ""
    written = leading.group()
    if _THOUSANDS.fullmatch(written):
        written = written.replace(",", "").replace(".", "")
    if not written.isdigit():
        return written.replace(",", ".")
    value = int(written)
    return "" if value < _MIN_NUMBER or 1900 <= value <= 2100 else str(value)


def _mostly_latin(text: str) -> bool:
    letters = [sign for sign in text[:400] if sign.isalpha()]
    return not letters or sum(sign < "\u0250" for sign in letters) > len(letters) / 2
