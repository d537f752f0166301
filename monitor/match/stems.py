"""The words of a headline and an opening as features ``word.firmano``: the scorer's memory of how news of acts sound.

Frames say who does what; words say what a list of acts and instruments leaves out. A word is cut to its first letters, so that
most forms of it count as one, and weighs less the more others stand beside it. Two Han characters count as a word. Two words
that follow each other in the title count as a pair (``word.pair:agree to``): "agree to" and "agree on" are not the same news.
The words of the title are also cut into pieces of three and four letters (``word.cut:^rat``, ``word.cut:fizi``), ^ and $ being a
word's ends: so a form, a compound or a cousin in another language of a word that was once seen is not wholly unknown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from functools import lru_cache
from itertools import pairwise

from monitor.match.reading import Reading

WORDS = "word."  # what the names of these features begin with
_STEM = 7  # letters: firmano, firmato; agreeme(nt), agreeme(nts)
_OPENING_CHARS = 500
_PAIR_SHARE = 0.7  # a pair repeats what its words said; of 0, 0.7 and 1 this was best on unseen articles
_CUTS = (3, 4)  # letters; longer pieces say no more than the words do
_WORDS_KEPT = 4096  # half a megabyte: news has few words that are not met again within the hour
_LETTERS = re.compile(r"[^\W\d_\u4e00-\u9fff]+")
_WORD = re.compile(r"[^\W\d_\u4e00-\u9fff]+|[\u4e00-\u9fff]+|\d+|[?\"%$€:!]")


def words_of(reading: Reading, among: Container[str] | None = None) -> dict[str, float]:
    """Feature to weight; a word of the title counts once more, as ``word.title:firmano``. ``among`` leaves out all features
    that are not in it, as a scorer does that knows no others; what stays has the weight and the order that it has anyway."""
    head = reading.folded[: reading.text_at]
    heading = [stem for word in _WORD.findall(head) for stem in _stems(word)]
    title = set(heading)
    opening = set(_WORD.findall(reading.folded[reading.text_at : reading.text_at + _OPENING_CHARS]))
    names = [WORDS + stem for stem in title.union(*map(_stems, opening))]
    names += [f"{WORDS}title:{stem}" for stem in title]
    pairs = {f"{WORDS}pair:{left} {right}" for left, right in pairwise(heading)}
    cuts = set[str]().union(*map(_cuts, set(_LETTERS.findall(head))))
    found = _weighed(names, 1.0, among)
    found.update(_weighed(pairs, _PAIR_SHARE, among))
    found.update(_weighed(cuts, 1.0, among))
    return found


@lru_cache(maxsize=_WORDS_KEPT)
def _cuts(word: str) -> tuple[str, ...]:
    """The features of a title's word cut to pieces."""
    marked = f"^{word}$"
    return tuple(f"{WORDS}cut:{marked[i : i + size]}" for size in _CUTS for i in range(max(1, len(marked) - size + 1)))


def _weighed(names: Collection[str], worth: float, among: Container[str] | None) -> dict[str, float]:
    """Each name with its share of ``worth``; sorted, since sums must not depend on hash order."""
    share = worth * float(len(names)) ** -0.5 if names else 0.0
    return dict.fromkeys(sorted(names if among is None else [n for n in names if n in among]), round(share, 4))


@lru_cache(maxsize=_WORDS_KEPT)
def _stems(word: str) -> tuple[str, ...]:
    """What a word counts as: its beginning, each pair of Chinese signs, or that it is a year or a number."""
    if "\u4e00" <= word[0] <= "\u9fff":
        return tuple(word[i : i + 2] for i in range(max(1, len(word) - 1)))
    if word.isdigit():
        return ("year" if len(word) == 4 else "number",)
    return (word[:_STEM],)
