"""One Aho-Corasick pass over all terms of all languages, then the checks that an automaton cannot make: word
boundaries, case and accents, the article's language, masks, and the longest match of each kind.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import ahocorasick_rs

from monitor.rulebook import RuleSet, Term
from monitor.text import fold_case

Hit = tuple[int, int, Term]
_START = itemgetter(0)
# words of these forms stand in any language's text (names); the others only in their own (adjectives, verbs)
_EVERYWHERE = frozenset({"name", "short", "capital", "metonym", "prefix"})
_MAX_WORD = 40  # how far a stem may run on to the end of its word
_MAX_CLAUSE = 160  # how far the second part of a verb may stand behind the first
_PAUSE = re.compile(r"[,;:.!?\n](?!\d)")
_FIRST_HAN = "\u2e80"
_MARKS = ",.;:'\""
_BETWEEN_WORDS = re.compile(r"[^\w ]|_")
_ASCII_BETWEEN_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}
_HAN = re.compile("[\u2e80-\U0010ffff]")
_HAN_BORDER = re.compile(
    "(?<=[\u2e80-\U0010ffff])(?=[^\\W_\u2e80-\U0010ffff])|(?<=[^\\W_\u2e80-\U0010ffff])(?=[\u2e80-\U0010ffff])"
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A term as a text of one language hears it: the questions that no text changes are answered once."""

    term: Term
    size: int
    is_whole: bool  # one word: nothing between words is left to compare
    runs_on: bool  # a stem: its hit goes on to the end of the word
    is_free: bool  # counts however it is written
    is_picky: bool  # a word beside it or at the end of its clause may forbid it
    is_bare: bool  # has no accents, and case says nothing: counts wherever it is written without accents, too


@dataclass(frozen=True, slots=True)
class Hits:
    """What stands in a text, in order of appearance. ``masked`` are the spans in which no concept counts."""

    entities: tuple[Hit, ...]
    concepts: tuple[Hit, ...]
    masked: tuple[Hit, ...]


class Scanner:
    """The automaton of one rule set. Build once (tens of milliseconds), scan often.

    It runs over the text's words, with all that separates them turned to spaces, and its strings have a space wherever a
    word must begin or end: four in five finds of the bare strings are parts of longer words, and to refuse one in Python
    costs more than to find it. What stands between the words is compared afterwards.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        by_pattern: dict[tuple[int, str], list[Term]] = defaultdict(list)
        for term in ruleset.terms:
            by_pattern[_pattern(term)].append(term)
        self._shifts = tuple(shift for shift, _ in by_pattern)
        self._terms = tuple(tuple(terms) for terms in by_pattern.values())
        self._of_language: dict[str, dict[int, tuple[_Heard, ...]]] = defaultdict(dict)
        self._machine = ahocorasick_rs.AhoCorasick([pattern for _, pattern in by_pattern])

    def _heard(self, index: int, lang: str) -> tuple[_Heard, ...]:
        """The terms of one string that count in a text of ``lang``: its own words, and names of every language. Made when
        first met: of fifty thousand strings a language meets a few thousand."""
        found = self._of_language[lang][index] = tuple(
            _heard(t)
            for t in self._terms[index]
            if t.lang in ("*", lang) or (t.kind == "entity" and t.form in _EVERYWHERE)
        )
        return found

    def scan(self, text: str, folded: str, lang: str) -> Hits:
        """Everything that counts in ``text`` (cleaned; ``folded`` is its fold, of the same length)."""
        kinds: dict[str, list[Hit]] = {"entity": [], "concept": [], "mask": []}
        met, shifts = self._of_language[lang], self._shifts
        words, added = _words(folded)
        words = f" {words} "
        for index, at, until in self._machine.find_matches_as_indexes(words, overlapping=True):
            terms = met[index] if index in met else self._heard(index, lang)
            if not terms:
                continue
            start = at + shifts[index]
            if added:
                start -= bisect_left(added, start)
            for heard in terms:
                term, end = heard.term, start + heard.size
                if not heard.is_whole and folded[start:end] != term.text:
                    continue
                bare = heard.is_free or (heard.is_bare and text[start:end].isascii())
                if not bare and not _as_written(text, start, end, term, lang):
                    continue
                stop = end + min(words.index(" ", until) - until, _MAX_WORD) if heard.runs_on else end
                if not heard.is_picky or not _is_beside(folded, start, stop, term):
                    kinds[term.kind].append((start, stop, term))
        masked = _longest(kinds["mask"])
        concepts = _longest_of_each_kind(kinds["concept"])
        return Hits(
            entities=tuple(_free(_paired(_longest(kinds["entity"]), folded), masked)),
            concepts=tuple(_unmasked(concepts, masked)),
            masked=tuple(masked),
        )


def _words(folded: str) -> tuple[str, list[int]]:
    """The text with a space for everything that is no part of a word, and one more between Han characters and others,
    which never join; and where those that were added stand."""
    if folded.isascii():
        return folded.translate(_ASCII_BETWEEN_WORDS), []
    words = _BETWEEN_WORDS.sub(" ", folded)
    if not _HAN.search(words):
        return words, []
    pieces = _HAN_BORDER.split(words)
    added, at = [], -1
    for piece in pieces[:-1]:
        at += len(piece) + 1
        added.append(at)
    return " ".join(pieces), added


def _pattern(term: Term) -> tuple[int, str]:
    """The string that is searched for a term, and how far behind its find, in a text with a space before it, the term begins."""
    text = term.text
    if text.isascii() and text.isalnum():  # nearly all: the others' way costs a start two tenths of a second
        return 0, f" {text}" if term.stem or term.prefix else f" {text} "
    words = _words(text)[0]
    begins = text[0].isalnum() and text[0] < _FIRST_HAN
    ends = text[-1].isalnum() and text[-1] < _FIRST_HAN and not term.stem and not term.prefix
    return (0 if begins else -1), f"{' ' * begins}{words}{' ' * ends}"


def _heard(term: Term) -> _Heard:
    says_by_case = term.kind == "entity" and term.form != "adjective"
    return _Heard(
        term,
        size=len(term.text),
        is_whole=term.text.isalnum() and _pattern(term)[1].strip() == term.text,
        runs_on=term.stem and not term.prefix and term.text[-1].isalnum() and term.text[-1] < _FIRST_HAN,
        is_free=term.loose and not term.exact and not says_by_case,
        is_picky=bool(term.not_before or term.not_after or term.ends),
        is_bare=term.cased.isascii() and not term.exact and not says_by_case,
    )


def _paired(hits: list[Hit], folded: str) -> list[Hit]:
    """Chinese one-letter names (中俄, 中方) count beside another one or before a word for a side, never alone."""
    at = {h[0] for h in hits if h[2].form == "letter"}
    if not at:
        return hits
    sides = "方"
    return [
        h for h in hits if h[2].form != "letter" or h[0] - 1 in at or h[1] in at or folded[h[1] : h[1] + 1] in sides
    ]


def _as_written(text: str, start: int, end: int, term: Term, lang: str) -> bool:
    """Case and accents: firmò is not firmo, Usa is not usa; ITALIA in a headline is Italia."""
    piece = text[start:end]
    if term.exact:
        return piece == term.cased
    if term.kind == "entity" and term.form != "adjective" and piece[0].islower() and piece[0] < "\u2e80":
        return term.form == "prefix" or (term.lang == lang and term.form == "name" and term.cased[0].islower())
    if term.loose or (piece.isascii() and term.cased.isascii()):
        return True
    return fold_case(piece) == term.cased.rstrip("-") or piece.isupper()


def _is_beside(folded: str, start: int, end: int, term: Term) -> bool:
    """Whether a word that ``term`` forbids beside it is there, or the one that must end its clause is not. Chinese has no
    spaces: its signs are compared."""
    if term.ends and not _ends_clause(folded, end, term.ends):
        return True
    is_han = term.text[0] > _FIRST_HAN
    if term.not_before:
        after = folded[end : end + 30]
        words = after.split(maxsplit=1)
        if (words and words[0].strip(_MARKS) in term.not_before) or (is_han and after.startswith(term.not_before)):
            return True
    if term.not_after:
        before = folded[max(0, start - 30) : start]
        words = before.split()
        return bool(words and words[-1].strip(_MARKS) in term.not_after) or (is_han and before.endswith(term.not_after))
    return False


def _ends_clause(folded: str, start: int, word: str) -> bool:
    """Whether the clause from ``start`` on ends with ``word``, and has other words before it."""
    pause = _PAUSE.search(folded, start, start + _MAX_CLAUSE)
    clause = folded[start : pause.start() if pause else min(len(folded), start + _MAX_CLAUSE)].split()
    return len(clause) > 1 and clause[-1] == word


def _longest(hits: list[Hit]) -> list[Hit]:
    """The longest first, wherever it begins; what overlaps a longer one is left out. Two meanings of the very same span
    stay."""
    if len(hits) < 2:
        return hits
    hits = sorted(hits, key=_START)
    until = 0
    for hit in hits:
        if hit[0] < until:
            return _longest_of_many(hits)
        until = hit[1]
    return hits


def _longest_of_many(hits: list[Hit]) -> list[Hit]:
    out: list[Hit] = []
    spans: list[tuple[int, int]] = []
    for hit in sorted(hits, key=lambda h: (h[0] - h[1], h[0])):
        span = (hit[0], hit[1])
        at = bisect_left(spans, span)
        if at == len(spans) or spans[at] != span:
            if (at < len(spans) and spans[at][0] < hit[1]) or (at and spans[at - 1][1] > hit[0]):
                continue
            spans.insert(at, span)
        out.append(hit)
    return sorted(out, key=_START)


def _longest_of_each_kind(hits: Iterable[Hit]) -> list[Hit]:
    """Acts among acts, instruments among instruments; every cue and sector counts once a place."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[_group(hit[2].ref)].append(hit)
    return sorted([h for group in groups.values() for h in _longest(group)], key=_START)


@lru_cache(maxsize=4096)
def _group(ref: str) -> str:
    return "act" if ref.startswith("act.") else "instrument" if ref.startswith("instrument.") else ref


def _free(hits: Iterable[Hit], masked: list[Hit]) -> Iterable[Hit]:
    """Names that stand within a longer mask name a treaty or a sea, no party: accordi di Parigi, South China Sea."""
    return hits if not masked else (h for h in hits if not any(_within(h, m) for m in masked))


def _within(hit: Hit, mask: Hit) -> bool:
    return mask[0] <= hit[0] and hit[1] <= mask[1] and mask[1] - mask[0] > hit[1] - hit[0]


def _unmasked(hits: Iterable[Hit], masked: list[Hit]) -> list[Hit]:
    if not masked:
        return list(hits)
    return [h for h in hits if not any(m[0] <= h[0] and h[1] <= m[1] for m in masked)]
