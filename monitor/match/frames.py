"""What one rule finds in one sentence: an act, an instrument, the verb's time, and who takes part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.match.mentions import Mentioned
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit
from monitor.rulebook import Entity, Rule

_BEFORE_CHARS = 44  # an auxiliary or a negation stands within six words before its verb


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a frame. ``source`` says where they were named: sentence, carried, place, or few (too few)."""

    mentions: tuple[Mentioned, ...]
    source: str

    @property
    def principals(self) -> tuple[Entity, ...]:
        """One entity a principal, in order of appearance; the acting body itself, with the principal's country."""
        seen: dict[str, Entity] = {}
        for m in self.mentions:
            seen.setdefault(m.principal, m.entity)
        return tuple(seen.values())

    @property
    def countries(self) -> frozenset[str]:
        return frozenset(m.entity.country for m in self.mentions if m.entity.country)


@dataclass(frozen=True, slots=True)
class Frame:
    """One rule's find. ``time`` is done, future, conditional, infinitive or noun; ``denied`` = a negation governs it."""

    rule: Rule
    part: Part
    act: Hit | None
    instrument: Hit | None
    time: str
    denied: bool
    distance: int
    cast: Cast

    @property
    def start(self) -> int:
        return min(h[0] for h in (self.act, self.instrument) if h)

    @property
    def end(self) -> int:
        return max(h[1] for h in (self.act, self.instrument) if h)


def crosses(mentions: Iterable[Mentioned]) -> bool:
    """Whether at least two principals take part, of two countries, or one of them international (GUIDE.md)."""
    countries: set[str] = set()
    international: set[str] = set()
    for m in mentions:
        if m.entity.kind == "initiative":
            continue
        if m.entity.country:
            countries.add(m.entity.country)
        else:
            international.add(m.principal)
    return len(countries) + len(international) >= 2


def time_of(hit: Hit, reading: Reading, part: Part) -> tuple[str, bool]:
    """When the act at ``hit`` happens and whether it is negated, from its form and the words before it."""
    start, _, term = hit
    language = reading.language
    before = reading.folded[max(part.start, start - _BEFORE_CHARS) : start].replace("'", "' ")
    denied = any(
        cue[2].ref in ("cue.negation", "cue.denied") and 0 <= start - cue[1] <= _BEFORE_CHARS // 2 for cue in part.cues
    )
    if term.form in ("future", "conditional"):
        return term.form, denied
    conditional = _last(before, language.conditional_before)
    future = _last(before, language.future_before)
    if max(conditional, future) >= 0:
        return ("conditional" if conditional > future else "future"), denied
    if term.form == "infinitive" and _last(before[-8:], language.infinitive_before) >= 0:
        return "infinitive", denied
    return "done", denied


def _last(text: str, words: Sequence[str]) -> int:
    """Where the last of ``words`` stands in ``text`` as whole words, or -1."""
    best = -1
    for word in words:
        at = text.rfind(word)
        if at > best and (word[0] > "\u2e80" or _whole(text, at, at + len(word))):
            best = at
    return best


def _whole(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())


def cast_of(reading: Reading, part: Part) -> Cast:
    """Who takes part in what ``part`` tells: those named in it; else with those of the title, the sentence before and
    the first sentence; else with those that stand there as places."""
    own = tuple(m for m in part.mentions if m.standing == "acts")
    if crosses(own):
        return Cast(own, "sentence")
    for source, others in _neighbours(reading, part):
        carried = own + tuple(m for m in others if m.standing == "acts")
        if crosses(carried):
            return Cast(carried, source)
    places = tuple(m for m in part.mentions if m.standing == "place")
    if places and crosses(own + places):
        return Cast(own + places, "place")
    return Cast(own, "few")


def _neighbours(reading: Reading, part: Part) -> list[tuple[str, tuple[Mentioned, ...]]]:
    """Mentions of other sentences, nearest in sense first: the title's, the one before, the first."""
    parts = reading.parts
    at = parts.index(part)
    out = []
    if at > 0:
        out.append(("previous", parts[at - 1].mentions))
    if part.rank > 0 and parts[0].rank == 0:
        out.append(("title", parts[0].mentions))
    if part.rank == 0 and len(parts) > at + 1:
        out.append(("next", parts[at + 1].mentions))
    if part.rank > 1:
        first = next((p for p in parts if p.rank == 1), None)
        if first is not None:
            out.append(("lead", first.mentions))
    if at > 1:
        out.append(("previous", parts[at - 1].mentions + parts[at - 2].mentions))
    return out
