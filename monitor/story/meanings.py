"""What a language's words for things mean: ids that are the same in every language. Knows no words itself; the rule set
lists them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

ANY_ENDING = "*"
_MARK = "="  # begins a stem that is a meaning: no word does
_COMPOUND_LETTERS = 8
_PART_LETTERS = 4  # of a compound: shorter ones ("ol", "see") end and begin too many other words
_FIRST_LETTERS = 3  # by which phrases are sought: the first word of one has at least as many
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Meanings:
    """One language's table: whole words, beginnings of words, words that mean a thing together, and signs where words are
    not parted by blanks."""

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beginnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()  # of the beginnings, longest first
    phrases: Mapping[str, tuple[tuple[str, ...], ...]] = field(
        default_factory=dict
    )  # by their first letters, longest first
    meant: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)  # what each phrase means
    signs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sign: re.Pattern[str] | None = None
    compounds: bool = False  # nouns are written as one word with what they are of

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], *, compounds: bool = False) -> Meanings:
        """A table of (word, meaning); a word that ends with an asterisk stands for all that begin like it, several words
        are read together before each for itself: an industrial park is none. A word of two meanings has both: which of
        them another report shares, shows. ``compounds`` says that a language joins its nouns: what such a word ends or
        begins with says what it is."""
        words: dict[str, tuple[str, ...]] = {}
        beginnings: dict[str, tuple[str, ...]] = {}
        signs: dict[str, tuple[str, ...]] = {}
        phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
        for word, meaning in pairs:
            if _HAN.fullmatch(word):
                signs[word] = (*signs.get(word, ()), _MARK + meaning)
            elif " " in word:
                phrase = tuple(map(folded, word.split()))
                phrases[phrase] = (*phrases.get(phrase, ()), _MARK + meaning)
            elif word.endswith(ANY_ENDING):
                start = folded(word.removesuffix(ANY_ENDING))
                beginnings[start] = (*beginnings.get(start, ()), _MARK + meaning)
            else:
                words[folded(word)] = (*words.get(folded(word), ()), _MARK + meaning)
        longest = sorted(signs, key=lambda one: (-len(one), one))
        return cls(
            words,
            beginnings,
            tuple(sorted({len(one) for one in beginnings}, reverse=True)),
            _by_first_letters(phrases),
            phrases,
            signs,
            re.compile("|".join(longest)) if longest else None,
            compounds,
        )

    def word(self, word: str) -> tuple[str, ...]:
        """What a folded word means, as stems; nothing where the table does not know it."""
        whole = self.words.get(word) or self.words.get(_singular(word))
        if whole:
            return whole
        return self._begun(word)

    def phrase(self, words: Sequence[str], at: int) -> tuple[int, tuple[str, ...]]:
        """How many of the folded words from one on mean a thing together, and what, as stems; (0, ()) where none do."""
        for phrase in self.phrases.get(words[at][:_FIRST_LETTERS], ()):
            found = words[at : at + len(phrase)]
            if len(found) == len(phrase) and all(map(_is_form, found, phrase)):
                return len(phrase), self.meant[phrase]
        return 0, ()

    def compound(self, noun: str) -> tuple[str, ...]:
        """What a folded noun that is made of several ends with, else begins with, as stems."""
        if not self.compounds or len(noun) < _COMPOUND_LETTERS:
            return ()
        return self._last(noun) or self._first(noun)

    def _begun(self, word: str) -> tuple[str, ...]:
        return next((self.beginnings[word[:size]] for size in self.lengths if word[:size] in self.beginnings), ())

    def _first(self, word: str) -> tuple[str, ...]:
        """What the longest word that a compound begins with means."""
        sizes = range(len(word) - _PART_LETTERS, _PART_LETTERS - 1, -1)
        return next((self.words[word[:size]] for size in sizes if word[:size] in self.words), ())

    def _last(self, word: str) -> tuple[str, ...]:
        """What the longest end of a compound means."""
        ends = (word[at:] for at in range(_PART_LETTERS, len(word) - _PART_LETTERS + 1))
        return next((meant for end in ends if (meant := self.words.get(end) or self._begun(end))), ())

    def split(self, run: str) -> Iterator[tuple[str, str]]:
        """A run of Chinese signs as pieces: (meaning, "") or ("", signs that mean nothing known)."""
        at = 0
        for found in self.sign.finditer(run) if self.sign else ():
            if found.start() > at:
                yield "", run[at : found.start()]
            for meant in self.signs[found.group()]:
                yield meant, ""
            at = found.end()
        if at < len(run):
            yield "", run[at:]


def is_meaning(stem: str) -> bool:
    """Whether a stem is a meaning, and so can be compared across languages; asked a thousand times an article."""
    return stem[:1] == _MARK


def folded(word: str) -> str:
    """A word without case and accents."""
    if word.isascii():
        return word.lower()
    return "".join(sign for sign in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(sign))


def _is_form(word: str, known: str) -> bool:
    """Whether a folded word is a known one, or begins like one that ends with an asterisk."""
    return word.startswith(known[:-1]) if known.endswith(ANY_ENDING) else word in (known, known + "s")


def _by_first_letters(phrases: Iterable[tuple[str, ...]]) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in sorted(phrases, key=lambda one: (-len(one), one)):
        first = phrase[0][:_FIRST_LETTERS]
        found[first] = (*found.get(first, ()), phrase)
    return found


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
