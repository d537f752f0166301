"""What one rule finds in one sentence: an act, an instrument, the verb's time, and who takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.match.before import runs_of
from monitor.match.mentions import Mentioned
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit
from monitor.rulebook import Entity, Language, Rule

_LINK_CHARS = 40
_JOINING_MARKS = frozenset({"-", ","})
_PARTNERS = "act.partner"
_OF_THEIRS = "的"  # 中国与智利友谊的图片展开幕: the pair says whose, not who
_BEFORE_CHARS = 44  # an auxiliary or a negation stands within six words before its verb


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a frame. ``source`` says where they were named: sentence, publisher, previous, title, next,
    lead, place, receiver (of what is given), collective (an organisation and its members), unknown (with names that no
    list knows), or few (too few)."""

    mentions: tuple[Mentioned, ...]
    source: str

    @property
    def principals(self) -> tuple[Entity, ...]:
        """One entity a principal, in order of appearance; the acting body itself, with the principal's country."""
        seen: dict[str, Entity] = {}
        for m in self.mentions:
            if m.entity.kind != "initiative" and (m.entity.country or m.entity.kind not in _NO_PARTY):
                seen.setdefault(m.principal, m.entity)
        return tuple(seen.values())

    @property
    def countries(self) -> frozenset[str]:
        return frozenset(m.entity.country for m in self.mentions if m.entity.country)


@dataclass(frozen=True, slots=True)
class Frame:
    """One rule's find. ``time`` is done, agreed, future, conditional, infinitive or noun; ``denied`` = a negation governs it."""

    rule: Rule
    part: Part
    act: Hit | None
    instrument: Hit | None
    time: str
    denied: bool
    distance: int
    cast: Cast
    is_linked: bool = False  # two of its parties stand side by side: "Italia e Cina", "italo-cinese"
    is_joint: bool = False  # and do the act

    @property
    def start(self) -> int:
        return min(h[0] for h in (self.act, self.instrument) if h)

    @property
    def end(self) -> int:
        return max(h[1] for h in (self.act, self.instrument) if h)


# what is named but does not act: the thing agreed, and regions that belong to no state
_NO_PARTY = frozenset({"initiative", "region", "city"})


def crosses(mentions: Iterable[Mentioned]) -> bool:
    """Whether at least two principals take part, of two countries, or one of them international (GUIDE.md)."""
    countries: set[str] = set()
    international: set[str] = set()
    for m in mentions:
        entity = m.entity
        if entity.kind == "initiative":
            continue
        if entity.country:
            countries.add(entity.country)
        elif entity.kind not in _NO_PARTY:
            international.add(entity.principal)
    return len(countries) + len(international) >= 2


def linked(mentions: Sequence[Mentioned], part: Part, reading: Reading) -> Iterator[tuple[Mentioned, Mentioned]]:
    """Pairs of parties of different countries that stand side by side with ``and``, ``between``, ``with`` or a hyphen
    between them: "Italia e Cina", "accordo con l'Egitto", "tra Roma e Pechino"."""
    for left, right in pairwise(mentions):
        gap = right.start - left.end
        if 0 <= gap <= _LINK_CHARS and left.principal != right.principal and left.start >= part.start:
            between = reading.folded[left.end : right.start]
            if reading.lang == "zh":
                if gap <= 3:
                    yield left, right
            elif between.strip() in ("-", ",", "") or _joins(between.replace("'", "' ").split(), reading.language):
                yield left, right


def _joins(words: Sequence[str], language: Language) -> bool:
    known = (language.and_words, language.with_words, language.between_words, _JOINING_MARKS)
    return not all(each.isdisjoint(words) for each in known)


def act_together(pairs: Sequence[tuple[Mentioned, Mentioned]], act: Hit | None, part: Part, reading: Reading) -> bool:
    """Whether a linked pair does the act: it is the verb's subject ("Italia e Cile hanno inaugurato"), stands after a word
    such as "by" ("creato da Italia e Angola"), or is one word with a hyphen ("italo-egiziana")."""
    if act is None:
        return False
    language = reading.language
    for left, right in pairs:
        gap = reading.folded[left.end : right.start]
        if language.profile.script != "han" and gap in ("-", ""):
            return True
        if gap == " ":
            continue  # "Iranian American" is one man
        if right.end <= act[0]:
            between = [o[2].ref for o in part.acts if right.end <= o[0] and o[1] <= act[0]]
            jointly = set(between) == {_PARTNERS}  # 由中国与匈牙利共建的检测中心启用
            if (not between and _OF_THEIRS not in reading.folded[right.end : act[0]]) or jointly:
                return True
        elif act[1] <= left.start:
            before = reading.folded[act[1] : left.start].replace("'", "' ").split()
            if not (language.by_words | language.between_words).isdisjoint(before[-3:]):
                return True
    return False


# "denied on Sunday that it had signed": a verb of denial governs a whole clause, a negation its own verb
_GOVERNS_CHARS = {"cue.negation": _BEFORE_CHARS // 2, "cue.denied": _BEFORE_CHARS}


def time_of(hit: Hit, reading: Reading, part: Part) -> tuple[str, bool]:
    """When the act at ``hit`` happens and whether it is negated, from its form and the words before it."""
    start, _, term = hit
    language = reading.language
    before = reading.folded[max(part.start, start - _BEFORE_CHARS) : start].replace("'", "' ")
    denied = any(
        cue[0] < start and start - cue[1] <= _GOVERNS_CHARS.get(cue[2].ref, -_BEFORE_CHARS)
        for cue in part.cues  # it may hold the act's own word: "nessun accordo" in "nessun accordo tra A e B"
    )
    if term.form in ("future", "conditional"):
        return term.form, denied
    tenses, runs = reading.tenses, runs_of(before)
    conditional, future = tenses.conditional.last(before, runs), tenses.future.last(before, runs)
    if max(conditional, future) >= 0:
        return ("conditional" if conditional > future else "future"), denied
    if term.form == "infinitive" and (
        not language.infinitive_before or tenses.infinitive.last(before[-8:], runs_of(before[-8:])) >= 0
    ):
        return ("agreed" if _governed(hit, part) else "infinitive"), denied
    return "done", denied


# what parties have agreed or decided to do is agreed; what they wish, ask or prepare to do is not
_GOVERNING = frozenset({"act.agree", "act.decide", "act.announce", "act.conclude", "act.sign", "act.commit"})
_GOVERNED_CHARS = 30


def _governed(hit: Hit, part: Part) -> bool:
    """Whether the infinitive at ``hit`` hangs on a verb of agreeing: "hanno deciso di creare", "agreed to extend"."""
    return any(
        act[2].ref in _GOVERNING and act[2].form == "any" and 0 <= hit[0] - act[1] <= _GOVERNED_CHARS
        for act in part.acts
    )


def cast_of(reading: Reading, part: Part) -> Cast:
    """Who takes part in what ``part`` tells: those named in it; else with the publisher, where it is a party itself;
    else with those of the title, the sentence before and the first sentence; else with those that stand there as places."""
    own = tuple([m for m in part.mentions if m.standing == "acts"])
    if crosses(own):
        return Cast(own, "sentence")
    if own and reading.publisher is not None:
        ours = Mentioned(part.start, part.start, reading.publisher, "publisher", "acts")
        if crosses((ours, *own)):
            return Cast((ours, *own), "publisher")
    if not reading.names_two:  # as in most articles
        return Cast(own, "few")
    for source, others in _neighbours(reading, part):
        carried = own + tuple([m for m in others if m.standing == "acts"])
        if crosses(carried):
            return Cast(carried, source)
    places = tuple(m for m in part.mentions if m.standing == "place")
    if places and crosses(own + places):
        return Cast(own + places, "place")
    return Cast(own, "few")


_BOTH = "cue.both"


def _acting(title: Part) -> set[str]:
    """The countries that act in the title; of other sentences none."""
    acting = [m for m in title.mentions if m.standing == "acts"]
    return {m.entity.country or m.principal for m in acting} if title.rank == 0 else set()


def _neighbours(reading: Reading, part: Part) -> list[tuple[str, tuple[Mentioned, ...]]]:
    """Mentions of other sentences, nearest in sense first: the title's, the one before, the first."""
    parts = reading.parts
    at = next(number for number, other in enumerate(parts) if other is part)
    out = []
    if at > 1 and _BOTH in part.cue_names and len(_acting(parts[0])) == 2:
        out.append(("title", parts[0].mentions))  # "the two heads of state": those whose meeting the title tells
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
