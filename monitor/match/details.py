"""What an announcement says beside its verdict: type, stage, sectors, parties, object, number of acts, dates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from monitor.match.frames import Cast, Frame
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit
from monitor.model import ActType, Party, Sector, Stage, Step
from monitor.rulebook import Concept, Entity, RuleSet
from monitor.rulebook.ruleset import Topic

_PARTY_WORTH = 1.5  # what a party stands for (a space agency, a bank), against 3 for a word in the proving sentence
_EVENT_DAYS = 20  # a date this near to the publication can be the day of the act
_NUMBER = re.compile(r"(?<![0-9a-z])\d{1,3}(?![0-9a-z])")  # neither of a year nor of a name: "the G20 agreement"
_PLAIN = "instrument.agreement"
_JOINT = "instrument.joint"
_PAUSES = frozenset(",;:，；：")


def type_of(frame: Frame, reading: Reading) -> ActType:
    """The rule's fixed type, else that of the instrument beside the act; where none is named, what the sentence and the title
    are about decides ("agreed to drop visas": an exchange)."""
    concepts = reading.concepts
    if _is_call(frame, reading):
        return ActType.CALL
    if frame.rule.type:
        return _type_of_rule(frame, frame.rule.type, concepts)
    if frame.instrument:
        found = _type_of_instrument(frame, frame.instrument, concepts)
        if found:
            return found
    return _type_of_head(frame, reading) or _type_of_act(frame)


def _is_call(frame: Frame, reading: Reading) -> bool:
    """What opens is a call, whatever it calls for: "opened a call for ten joint laboratories"."""
    if frame.act is None or frame.act[2].ref not in _OPENING:
        return False
    heads = [frame.part, *(p for p in reading.parts if p.rank == 0)]
    return any(h[2].ref == "instrument.call" for p in heads for h in p.instruments)


_OPENING = frozenset({"act.open", "act.launch"})


def _type_of_rule(frame: Frame, fixed: ActType, concepts: Mapping[str, Concept]) -> ActType:
    """What a rule says that knows no instrument is only a guess: where the sentence speaks of applications, visas, pupils ...
    it is a call or an exchange ("opened a competition for mixed teams", "extended the exchange")."""
    if _is_supply(frame):
        return ActType.DEAL
    if frame.instrument is None and fixed in _GUESSED:
        said = [concepts[h[2].ref] for h in (*frame.part.hints, *frame.part.instruments)]
        plain = [c for c in said if c.type in _TOLD_BY_HINTS]
        if plain:
            return min(plain, key=lambda c: c.rank).type or fixed
    return fixed


_GUESSED = frozenset({ActType.PROGRAMME, ActType.ASSISTANCE})
_TOLD_BY_HINTS = frozenset({ActType.CALL, ActType.EXCHANGE})


def _type_of_instrument(frame: Frame, instrument: Hit, concepts: Mapping[str, Concept]) -> ActType | None:
    ref = instrument[2].ref
    if ref == _PLAIN and "cue.supply" in frame.part.cue_names:
        return ActType.DEAL  # "a deal to export oil": what is agreed is the supply
    if ref == _JOINT and _is_beside_a_venue(instrument, frame):
        return ActType.JOINT_BODY  # a joint school, an "osservatorio comune"
    if ref in _GENERAL and any(h[2].ref == _DECLARATION for h in frame.part.instruments):
        return ActType.DECLARATION  # "reached agreement on a joint declaration"
    if ref == _PLAIN and (beside := _hint_beside(instrument, frame, concepts)):
        return beside
    return concepts[ref].type


def _hint_beside(instrument: Hit, frame: Frame, concepts: Mapping[str, Concept]) -> ActType | None:
    """What stands right beside a word for an agreement says of what kind it is: a loan agreement, an "accordo sui visti"."""
    for hint in frame.part.hints:
        kind = concepts[hint[2].ref].type
        if kind in _OF_AN_AGREEMENT and -1 <= max(hint[0] - instrument[1], instrument[0] - hint[1]) <= _BESIDE_CHARS:
            return kind
    return None


_OF_AN_AGREEMENT = frozenset({ActType.ASSISTANCE, ActType.EXCHANGE, ActType.CALL})
_BESIDE_CHARS = 5  # "accordo sui visti", "agreement on visas"
_DECLARATION = "instrument.declaration"
_GENERAL = frozenset({_PLAIN, "instrument.cooperation"})


def _type_of_head(frame: Frame, reading: Reading) -> ActType | None:
    """Of an instrument elsewhere in the sentence, else in the title, else of a hint in one of them."""
    heads = [frame.part, *(p for p in reading.parts if p.rank == 0 and p is not frame.part)]
    for hits in [p.instruments for p in heads] + [p.hints for p in heads]:
        typed = [c for c in (reading.concepts[h[2].ref] for h in hits) if c.type]
        if typed:
            return min(typed, key=lambda c: c.rank).type
    return ActType.JOINT_BODY if any("cue.venue" in p.cue_names for p in heads) else None


def _type_of_act(frame: Frame) -> ActType:
    """What is done together without a word for it is a programme, as far as nobody signs or joins anything."""
    return ActType.PROGRAMME if frame.act is not None and frame.act[2].ref == "act.partner" else ActType.AGREEMENT


_VENUE_CHARS = 30


def _is_beside_a_venue(hit: Hit, frame: Frame) -> bool:
    venues = (cue for cue in frame.part.cues if cue[2].ref == "cue.venue")
    return any(cue[0] - hit[1] <= _VENUE_CHARS and hit[0] - cue[1] <= _VENUE_CHARS for cue in venues)


def _is_supply(frame: Frame) -> bool:
    """Whether what looks like a gift is sold: "deal for Venezuela to supply oil"."""
    if frame.rule.type is not ActType.ASSISTANCE or "cue.supply" not in frame.part.cue_names:
        return False
    return any(h[2].ref in ("instrument.agreement", "instrument.deal") for h in frame.part.instruments)


def stage_of(frame: Frame, reading: Reading) -> tuple[Stage, Step | None]:
    """The rule's fixed stage, else the act's; what is planned is only announced, and what parties sign or agree to create
    is signed or agreed, not created."""
    concepts = reading.concepts
    if _is_leave_to_sign(frame, reading):
        return frame.rule.stage or Stage.ANNOUNCED, frame.rule.step or Step.APPROVED
    hit = _governor(frame, reading) or frame.act
    act = concepts.get(hit[2].ref) if hit else None
    if frame.time in ("future", "infinitive", "noun") or act is None:
        stage, step = Stage.ANNOUNCED, None
        if act is not None and act.stage is Stage.RENEWED:
            stage, step = Stage.RENEWED, act.step
        return frame.rule.stage or stage, frame.rule.step or step
    return frame.rule.stage or act.stage or Stage.ANNOUNCED, frame.rule.step or act.step


_BEGINNING = frozenset({"act.create", "act.launch", "act.open"})
_GOVERNORS = frozenset({"act.sign", "act.agree", "act.decide"})
_GOVERNED_CHARS = 70
_LEAVE_CHARS = 16  # "approved the signing", "autorizzandone la firma"


def _is_leave_to_sign(frame: Frame, reading: Reading) -> bool:
    """Whether a government only allows the signing: "approved the signing of", "nullaosta alla sottoscrizione"."""
    act = frame.act
    if act is None or act[2].ref != "act.sign":
        return False
    return any(
        other[2].ref == "act.approve"
        and 0 <= act[0] - other[1] <= _LEAVE_CHARS
        and _is_unbroken(reading.folded[other[1] : act[0]], reading)
        for other in frame.part.acts
    )


def _is_unbroken(between: str, reading: Reading) -> bool:
    """Whether neither a pause nor an "and" stands in the words between two verbs."""
    if any(sign in _PAUSES for sign in between):
        return False
    return reading.language.and_words.isdisjoint(between.split())


def _governor(frame: Frame, reading: Reading) -> Hit | None:
    """The verb that what begins hangs on: "signed an agreement that establishes", "договорились о создании". None where
    a pause or an "and" stands between them: what was signed and what was opened are two things then."""
    act = frame.act
    if act is None or act[2].ref not in _BEGINNING:
        return None
    before = [h for h in frame.part.acts if h[2].ref in _GOVERNORS and 0 <= act[0] - h[1] <= _GOVERNED_CHARS]
    if not before or before[-1][2].form != "any":
        return None
    return before[-1] if _is_unbroken(reading.folded[before[-1][1] : act[0]], reading) else None


def sectors_of(frame: Frame, reading: Reading, concepts: dict[str, Concept]) -> tuple[Sector, ...]:
    """At most three sectors, the heaviest first, of equal ones the first named: the title and the proving sentence weigh
    most."""
    weight: dict[Sector, float] = {}
    for part in reading.parts:
        if not part.sectors:
            continue
        worth = 3.0 if part is frame.part else 2.5 if part.rank == 0 else 1.0 if part.rank <= 2 else 0.15
        # in their order: a set's differs from one start to the next, and with it which of four equal ones are three
        for sector in dict.fromkeys([concepts[h[2].ref].sector for h in part.sectors]):
            if sector:
                weight[sector] = weight.get(sector, 0.0) + worth
    for sector in dict.fromkeys(s for m in frame.cast.mentions for s in m.entity.sectors):
        weight[sector] = weight.get(sector, 0.0) + _PARTY_WORTH
    if not weight:
        return (Sector.OTHER,)
    best = max(weight.values())
    ranked = sorted(weight.items(), key=lambda item: -item[1])
    return tuple(s for s, w in ranked[:3] if w >= 0.6 * best)


def parties_of(cast: Cast, entities: Mapping[str, Entity]) -> tuple[Party, ...]:
    """One party a principal, first named first: persons, ministries and agencies stand for the state they act for."""
    principals = dict.fromkeys(entities.get(e.principal, e) for e in cast.principals)
    return tuple(Party(id=e.id, kind=e.kind, country=e.country, name=e.name) for e in principals)


def count_of(frame: Frame, reading: Reading) -> int:
    """How many acts a package holds: the number before the plural ("oltre 20 accordi", "twelve agreements"), else 1."""
    hits, numbers = [h for h in frame.part.cues if h[2].ref == "cue.several"], reading.language.numbers
    for start, end, _ in hits:
        number = _NUMBER.search(reading.folded, max(frame.part.start, start - 14), end)
        if number and int(number.group()) > 1:
            return int(number.group())
        if worded := [numbers[word] for word in reading.folded[start:end].split() if word in numbers]:
            return worded[-1]
    if frame.instrument:
        before = reading.folded[max(frame.part.start, frame.instrument[0] - 16) : frame.instrument[0]]
        digits = _NUMBER.findall(before)
        if digits and 1 < int(digits[-1]) < 200 and before.rstrip().endswith(digits[-1]):
            return int(digits[-1])
        if last := before.split()[-1:]:
            return numbers.get(last[0], 2 if hits else 1)
    return 2 if hits else 1


def event_date_of(frame: Frame, reading: Reading) -> tuple[str, str]:
    """The day of the act as (ISO date, basis): named in the sentence, else the publication day."""
    future = frame.time in ("future", "infinitive")
    for dated in reading.dates_in(frame.part):
        if len(dated.iso) < 10:
            if future:
                return dated.iso, dated.basis
            continue
        day = date.fromisoformat(dated.iso)
        if abs((day - reading.published).days) <= (400 if future else _EVENT_DAYS):
            return dated.iso, dated.basis
    return reading.published.isoformat(), "publication"


def deadline_of(reading: Reading, parts: Sequence[Part]) -> str:
    """The closing date of a call: a date to come in a sentence that speaks of a deadline; empty where none is named."""
    for part in parts:
        if "cue.deadline" not in part.cue_names:
            continue
        for dated in reading.dates_in(part):
            if len(dated.iso) == 10 and date.fromisoformat(dated.iso) > reading.published + timedelta(days=1):
                return dated.iso
    return ""


def topics_of(parties: Sequence[Party], sectors: Sequence[Sector], thing: str, ruleset: RuleSet) -> tuple[str, ...]:
    """The desk's subjects that these parties, sectors or this object belong to."""
    names = {p.country for p in parties} | {p.id for p in parties}
    about = set(sectors)
    return tuple([t.id for t in ruleset.topics if _belongs(t, names, about, thing)])


def _belongs(topic: Topic, names: set[str | None], sectors: set[Sector], thing: str) -> bool:
    if topic.pairs and any(pair <= names for pair in topic.pairs):
        return not topic.sectors or bool(topic.sectors & sectors)
    if thing in topic.objects:
        return True
    return not topic.pairs and bool(topic.sectors & sectors)
