"""Parties that no list knows, by the shape of their names: "University of X", "X SpA", "accordo con X", "Italia e X firmano".

A shape counts only beside a party that is known, in a sentence whose act or instrument finds too few parties. What words
mark an institution or a company stands in the languages' files (``cue.institution``, ``cue.company``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.match.mentions import Mentioned
from monitor.match.reading import Part, Reading
from monitor.rulebook import Entity
from monitor.text import fold

_LINKS = r"(?:of|for|de|del|della|dell'|di|du|des|do|da|der|für|and|e|et)"
_NAME = re.compile(rf"[^\W\d_a-zß-öø-ÿа-яё][\w'’&.-]+(?: (?:{_LINKS} ?)?[^\W\d_a-zß-öø-ÿа-яё][\w'’&.-]+){{0,5}}")
_ELIDED = re.compile(r"[^\W\d_]{1,5}['’](?=[^\W\d_])")  # L'Università, dell'Istituto
_SHORTEST = 3
_NEAR_CHARS = 3  # between an institution's word and its name: "of ", "di "
_TITLE_CASE = 0.6  # a headline with more capitals than this tells no name from a word


def unknown_parties(part: Part, reading: Reading) -> tuple[Mentioned, ...]:
    """Names in the sentence that look like parties, as organisations or companies without a country."""
    if reading.lang in ("zh", "de"):  # no capitals, or every noun has one
        return ()
    text = reading.whole[part.start : part.end]
    loose = not _title_cased(text)
    cues = [(s, e, t.ref) for s, e, t in part.cues if t.ref in ("cue.institution", "cue.company")]
    return tuple(_found(part, reading, cues, loose))


def _found(part: Part, reading: Reading, cues: list[tuple[int, int, str]], loose: bool) -> Iterator[Mentioned]:
    taken = [(m.start, m.end) for m in part.mentions]
    taken += [(h[0], h[1]) for h in (*part.acts, *part.instruments)]
    for match in _NAME.finditer(reading.whole, part.start, part.end):
        start = match.start() + (len(elided.group()) if (elided := _ELIDED.match(match.group())) else 0)
        end = match.start() + len(match.group().rstrip(".,'’-&"))
        name = reading.whole[start:end]
        if end - start < _SHORTEST or any(s < end and start < e for s, e in taken):
            continue
        marked = next((ref for s, e, ref in cues if s < end + _NEAR_CHARS and start < e + _NEAR_CHARS + 3), "")
        if marked or (loose and _is_linked(part, reading, start, match.group())):
            yield _mentioned(start, end, name, "company" if marked == "cue.company" else "organisation")


def _is_linked(part: Part, reading: Reading, start: int, name: str) -> bool:
    """Whether a word of joining stands before the name: "con X", "between A and X"; never a month or an everyday word."""
    language = reading.language
    first = fold(name).split()[0]
    if first in language.common_words or start == part.start:
        return False
    before = reading.folded[max(part.start, start - 24) : start].replace("'", " ").split()
    return bool(before) and before[-1] in language.with_words | language.and_words | language.between_words


def _title_cased(text: str) -> bool:
    words = [w for w in text.split() if w[0].isalpha()]
    return sum(w[0].isupper() for w in words) > _TITLE_CASE * len(words)


def _mentioned(start: int, end: int, name: str, kind: str) -> Mentioned:
    ref = "name:" + "-".join(fold(name).split())[:60]
    return Mentioned(start, end, Entity(id=ref, kind=kind, country=None, principal=ref, name=name), "shape", "acts")
