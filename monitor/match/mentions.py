"""Who is named where: entity hits with their principal, and whether they act there, are a place, or an adversary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from monitor.match.scan import Hit
from monitor.rulebook import Entity, Language, RuleSet

# a place that is named after a preposition is where something happened; the same word as subject is the state
_PLACE_FORMS = frozenset({"name", "capital", "metonym"})
# "NAIROBI - ", "Roma, 3 mar - ", "DOHA/BRUSSELS: ", "Mosca (AFP) - ", of a folded text; 南宁9月18日电
_DATELINE = re.compile(
    r"[^\W\d_][^\n\d,(:-]{1,24}(?:/[^\n\d,(:-]{2,20}: |(?:, [^\n-]{1,22}| \([^)\n]{1,20}\))?\.? - )|\w{2,5}\d{1,2}月\d{1,2}日电"
)
_DATELINE_CHARS = 70


@dataclass(frozen=True, slots=True)
class Mentioned:
    """One mention. ``standing`` is acts, place (where it happened), against (whom it is aimed at) or describes (a
    nationality beside a person or club that acts for itself)."""

    start: int
    end: int
    entity: Entity
    form: str
    standing: str

    @property
    def principal(self) -> str:
        return self.entity.principal


def resolve(
    hits: Sequence[Hit], folded: str, language: Language, ruleset: RuleSet, published: date
) -> tuple[Mentioned, ...]:
    """The mentions that count. A name that ``needs`` another party counts only where that one is named too."""
    day = published.isoformat()
    alive = [(h, e) for h in hits if (e := ruleset.entities.get(h[2].ref)) is not None and _in_office(e, day)]
    alive = [
        pair
        for at, pair in enumerate(alive)
        if pair[1].kind != "ministry" or not _is_of_another_state(alive, at, folded, language)
    ]
    named = [e for h, e in alive if not h[2].needs]
    present = {e.id for e in named} | {e.principal for e in named} | {e.country for e in named if e.country}
    out = []
    taken = -1
    for (start, end, term), entity in alive:
        if term.needs and term.needs not in present:
            continue
        if start < taken:
            continue  # a second meaning of the same span
        taken = end
        out.append(Mentioned(start, end, entity, term.form, _standing(folded, start, end, term.form, entity, language)))
    return tuple(out)


_BESIDE_CHARS = 14  # "Portuguese national striker", "attaccante della nazionale turca": one word between them at most


def described(mentions: Sequence[Mentioned], cues: Sequence[Hit], folded: str) -> tuple[Mentioned, ...]:
    """The mentions of a sentence, those set apart that only say where a player, singer or club comes from: "Portuguese
    striker", "club turco". The Turkish football federation is no club."""
    own = [c for c in cues if c[2].ref in ("cue.performer", "cue.club")] if mentions else []
    if not own:
        return tuple(mentions)
    official = [c for c in cues if c[2].ref == "cue.official"]
    return tuple(
        replace(m, standing="describes")
        if m.form == "adjective"
        and any(_beside(m, c, folded) for c in own)
        and not any(_beside(m, c, folded) for c in official)
        else m
        for m in mentions
    )


def _beside(mention: Mentioned, cue: Hit, folded: str) -> bool:
    left, right = (mention.end, cue[0]) if mention.end <= cue[0] else (cue[1], mention.start)
    return 0 <= right - left <= _BESIDE_CHARS and not any(c in ",;:." for c in folded[left:right])


def _is_of_another_state(alive: Sequence[tuple[Hit, Entity]], at: int, folded: str, language: Language) -> bool:
    """Whether a state's name right beside that of the ministry at ``at`` says that another is meant: МИД Ирана,
    美国国务院, "Ministero degli Affari Esteri del Kenya"."""
    (start, end, _), entity = alive[at]
    after = next(((h, e) for h, e in alive[at + 1 : at + 3] if h[0] >= end), None)
    before = next(((h, e) for h, e in reversed(alive[max(0, at - 2) : at]) if h[1] <= start), None)
    follows = after is not None and _hangs_on(folded[end : after[0][0]], language) and _is_other(after, entity)
    return follows or (before is not None and before[0][1] == start and _is_other(before, entity))


_OF_CHARS = 7  # "", " ", " del ", " of the "


def _hangs_on(gap: str, language: Language) -> bool:
    """Whether no more than a word such as "of" stands between a ministry and a state: no "and", no "in", no comma."""
    words = gap.replace("'", " ").split()
    if len(gap) > _OF_CHARS + 2 or not gap.replace("'", "").replace(" ", "a").isalpha():
        return gap == ""
    return language.place_words.union(
        language.and_words, language.with_words, language.between_words, language.by_words
    ).isdisjoint(words)


def _is_other(beside: tuple[Hit, Entity], ministry: Entity) -> bool:
    hit, entity = beside
    return entity.kind == "state" and hit[2].form == "name" and entity.id != ministry.country


def _in_office(entity: Entity, day: str) -> bool:
    return (not entity.since or entity.since <= day) and (not entity.until or day <= entity.until)


def _heads_a_report(folded: str, start: int, end: int) -> bool:
    """Whether a city stands in the dateline that opens a report's line: where it was written, not who acts. The title is
    the first line of the whole and has none ("Roma - Pechino, asse sul clima")."""
    line = folded.rfind("\n", 0, start) + 1
    if line == 0 or start - line > _DATELINE_CHARS // 2:
        return False
    head = _DATELINE.match(folded, line, line + _DATELINE_CHARS)
    return head is not None and end <= head.end()


@lru_cache(maxsize=64)
def _as_endings(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in words)


def _standing(folded: str, start: int, end: int, form: str, entity: Entity, language: Language) -> str:
    if (form in ("capital", "metonym") or entity.kind == "city") and _heads_a_report(folded, start, end):
        return "place"
    before = folded[max(0, start - 28) : start]
    tail = " ".join(before.split())
    if language.profile.script == "han":
        if any(tail.endswith(w) for w in language.place_words):
            return "place"
        return "against" if any(tail.endswith(w) for w in language.against_words) else "acts"
    if f" {tail}".endswith(_as_endings(language.against_words)):
        return "against"
    if form in _PLACE_FORMS and (entity.kind in ("state", "region", "city")):
        words = tail.replace("'", "' ").split()
        if words and words[-1] in language.place_words:
            return "place"
    return "acts"
