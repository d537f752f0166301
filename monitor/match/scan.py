"""One Aho-Corasick pass over all terms of all languages, then the checks that an automaton cannot make: word
boundaries, case and accents, the article's language, masks, and the longest match of each kind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import ahocorasick_rs

from monitor.rulebook import RuleSet, Term
from monitor.text import fold_case

Hit = tuple[int, int, Term]
# words of these forms stand in any language's text (names); the others only in their own (adjectives, verbs)
_EVERYWHERE = frozenset({"name", "short", "capital", "metonym", "prefix"})
_MAX_WORD = 40  # how far a stem may run on to the end of its word


@dataclass(frozen=True, slots=True)
class Hits:
    """What stands in a text, in order of appearance. ``masked`` are the spans in which no concept counts."""

    entities: tuple[Hit, ...]
    concepts: tuple[Hit, ...]
    masked: tuple[Hit, ...]


class Scanner:
    """The automaton of one rule set. Build once (tens of milliseconds), scan often."""

    def __init__(self, ruleset: RuleSet) -> None:
        by_text: dict[str, list[Term]] = defaultdict(list)
        for term in ruleset.terms:
            by_text[term.text].append(term)
        self._terms = tuple(tuple(terms) for terms in by_text.values())
        self._of_language: dict[str, tuple[tuple[Term, ...], ...]] = {}
        self._machine = ahocorasick_rs.AhoCorasick(list(by_text))

    def _heard_in(self, lang: str) -> tuple[tuple[Term, ...], ...]:
        """The terms of each string that count in a text of ``lang``: its own words, and names of every language."""
        if lang not in self._of_language:
            self._of_language[lang] = tuple(
                tuple(t for t in terms if t.lang in ("*", lang) or (t.kind == "entity" and t.form in _EVERYWHERE))
                for terms in self._terms
            )
        return self._of_language[lang]

    def scan(self, text: str, folded: str, lang: str) -> Hits:
        """Everything that counts in ``text`` (cleaned; ``folded`` is its fold, of the same length)."""
        kinds: dict[str, list[Hit]] = {"entity": [], "concept": [], "mask": []}
        terms, size = self._heard_in(lang), len(folded)
        for index, start, end in self._machine.find_matches_as_indexes(folded, overlapping=True):
            if not terms[index]:
                continue
            # most finds are parts of longer words: this test comes first and is written out (a call costs as much)
            if start and folded[start - 1].isalnum() and _joins(folded[start - 1], folded[start]):
                continue
            free_right = end == size or not _joins(folded[end - 1], folded[end])
            for term in terms[index]:
                if not free_right and not term.stem and not term.prefix:
                    continue
                stop = end if free_right or term.prefix else _word_end(folded, end)
                if _as_written(text, start, end, term, lang) and _neighbours(folded, start, stop, term):
                    kinds[term.kind].append((start, stop, term))
        masked = _longest(kinds["mask"])
        concepts = _longest_of_each_kind(kinds["concept"])
        return Hits(
            entities=tuple(_free(_paired(_longest(kinds["entity"]), folded), masked)),
            concepts=tuple(_unmasked(concepts, masked)),
            masked=tuple(masked),
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


def _joins(left: str, right: str) -> bool:
    """Whether two neighbouring characters belong to one word. Han characters never join."""
    return left.isalnum() and right.isalnum() and left < "\u2e80" and right < "\u2e80"


def _word_end(folded: str, end: int) -> int:
    stop = min(len(folded), end + _MAX_WORD)
    while end < stop and folded[end].isalnum() and folded[end] < "\u2e80":
        end += 1
    return end


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


def _neighbours(folded: str, start: int, end: int, term: Term) -> bool:
    """Whether the words that ``term`` forbids beside it are absent. Chinese has no spaces: its signs are compared."""
    if term.not_before:
        after = folded[end : end + 30]
        words = after.split(maxsplit=1)
        if words and words[0].strip(",.;:'\"") in term.not_before:
            return False
        if term.text[0] > "\u2e80" and after.startswith(term.not_before):
            return False
    if term.not_after:
        before = folded[max(0, start - 30) : start]
        words = before.split()
        if words and words[-1].strip(",.;:'\"") in term.not_after:
            return False
        if term.text[0] > "\u2e80" and before.endswith(term.not_after):
            return False
    return True


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    """The longest first, wherever it begins; what overlaps a longer one is left out. Two meanings of the very same span
    stay."""
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
    return sorted(out, key=lambda h: h[0])


def _longest_of_each_kind(hits: Iterable[Hit]) -> list[Hit]:
    """Acts among acts, instruments among instruments; every cue and sector counts once a place."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        ref = hit[2].ref
        family = ref.partition(".")[0]
        groups[family if family in ("act", "instrument") else ref].append(hit)
    return sorted((h for group in groups.values() for h in _longest(group)), key=lambda h: h[0])


def _free(hits: Iterable[Hit], masked: list[Hit]) -> Iterable[Hit]:
    """Names that stand within a longer mask name a treaty or a sea, no party: accordi di Parigi, South China Sea."""
    return hits if not masked else (h for h in hits if not any(_within(h, m) for m in masked))


def _within(hit: Hit, mask: Hit) -> bool:
    return mask[0] <= hit[0] and hit[1] <= mask[1] and mask[1] - mask[0] > hit[1] - hit[0]


def _unmasked(hits: Iterable[Hit], masked: list[Hit]) -> list[Hit]:
    if not masked:
        return list(hits)
    return [h for h in hits if not any(m[0] <= h[0] and h[1] <= m[1] for m in masked)]
