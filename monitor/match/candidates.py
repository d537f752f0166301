"""Every frame that some rule finds in an article, each with the reason to refuse it, if there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.match.age import Age
from monitor.match.conditions import Condition, near, parties
from monitor.match.frames import Cast, Frame, act_together, cast_of, crosses, linked, time_of
from monitor.match.mentions import Mentioned
from monitor.match.reading import Part, Reading
from monitor.match.refusals import why_refused
from monitor.match.scan import Hit
from monitor.match.unknown import unknown_parties
from monitor.model import Reason
from monitor.rulebook import Rule

_HEAD = 3  # names that no list knows are looked for in the title and this many sentences
_MAX_PARTS = 400  # sentences with an act or an instrument that are looked at


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its conditions parsed. ``parties``, which most finds fail, is asked before there is a frame."""

    rule: Rule
    near: near.Settings
    parties: parties.Settings | None
    others: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame, and why it cannot be an announcement (None = it may be one)."""

    frame: Frame
    reason: Reason | None
    dated_old: bool


def find(reading: Reading, rules: Sequence[CompiledRule]) -> tuple[Candidate, ...]:
    """Candidates in the order of the text, at most one of a rule and act in a sentence."""
    out: list[Candidate] = []
    looked_at = 0
    for part in reading.parts:
        if not part.acts and not part.instruments:
            continue
        looked_at += 1
        if looked_at > _MAX_PARTS:
            break
        frames = list(_frames(reading, part, rules))
        if frames:
            age = Age(reading, part)
            out += _with_the_same_doubt([_judged(frame, reading, age) for frame in frames])
    return _with_the_titles_denial(out)


def _frames(reading: Reading, part: Part, rules: Sequence[CompiledRule]) -> Iterator[Frame]:
    cast = cast_of(reading, part)
    is_settled = not may_be_recast(cast, part)
    times: dict[int, tuple[str, bool]] = {}
    scenes: dict[tuple[int, int], tuple[Cast, bool, bool]] = {}
    taken: set[int] = set()  # acts and instruments that a preferred rule has used: rules stand in order of weight
    present = {h[2].ref for h in part.acts} | {h[2].ref for h in part.instruments}
    for compiled in rules:
        settings = compiled.near
        if settings.acts and settings.acts.isdisjoint(present):
            continue
        if settings.instruments and settings.instruments.isdisjoint(present):
            continue
        who = compiled.parties
        if is_settled and who is not None and not parties.enough(who, cast):
            continue
        for act, instrument, distance in near.find(settings, part, reading):
            if id(instrument if act is None else act) in taken:
                continue
            if (pair := (id(act), id(instrument))) not in scenes:  # several rules look at the same pair
                acting = recast(cast, reading, part, act, instrument)
                pairs = tuple(linked(acting.mentions, part, reading))
                scenes[pair] = acting, bool(pairs), act_together(pairs, act, part, reading)
            if who is not None and not parties.enough(who, scenes[pair][0]):
                continue
            frame = Frame(compiled.rule, part, act, instrument, "noun", False, distance, *scenes[pair])
            if all(c.holds(c.settings, frame) for c in compiled.others):
                taken |= {id(h) for h in (act, instrument) if h is not None}
                # no condition asks for the time, which costs more than all of them: one find in thirty is a frame
                yield frame if act is None else _timed(frame, act, reading, times)


def _timed(frame: Frame, act: Hit, reading: Reading, times: dict[int, tuple[str, bool]]) -> Frame:
    """The frame with its act's time; ``times`` keeps those of the sentence."""
    if act[0] not in times:
        times[act[0]] = time_of(act, reading, frame.part)
    time, denied = times[act[0]]
    return replace(frame, time=time, denied=denied)


def may_be_recast(cast: Cast, part: Part) -> bool:
    """Whether some act of the sentence may be another cast's than the sentence's: False only where ``recast`` gives ``cast``
    back whatever it is asked, as in most sentences of most articles."""
    if cast.source in ("sentence", "publisher") or not part.acts:
        return False
    acts = {h[2].ref for h in part.acts}
    if _COMMITS in acts:
        return True
    if cast.source not in ("few", "place"):
        return False
    if cast.source == "few" and cast.principals and (part.rank <= _HEAD or not _JOINING.isdisjoint(acts)):
        return True
    if _AMONG_MEMBERS.isdisjoint(acts):
        return False
    return _ASSEMBLY in part.cue_names or any(_is_of_states(m) for m in cast.mentions)


def _is_of_states(mention: Mentioned) -> bool:
    return mention.entity.kind == "organisation" and not mention.entity.country


def recast(cast: Cast, reading: Reading, part: Part, act: Hit | None, instrument: Hit | None) -> Cast:
    """Who takes part in this act, where the sentence's cast does not say it: the receiver of what is given stands after
    a word of place ("sends tanks to Moldova", "stations ships in Iceland"), and an organisation acts with its members."""
    if act is not None and act[2].ref == _COMMITS and cast.source not in ("sentence", "publisher"):
        named = tuple(m for m in part.mentions if m.standing in ("acts", "place"))
        if any(m.standing == "acts" for m in named) and crosses(named):
            return Cast(named, "receiver")
    if _is_collective(cast, part, act, instrument):
        return Cast(tuple(m for m in cast.mentions if m.standing == "acts"), "collective")
    if (assembled := _assembled(cast, reading, part, act, instrument)) is not None:
        return Cast((assembled,), "collective")
    if cast.source == "few" and cast.principals and act is not None and part.rank <= _HEAD:
        shaped = (*cast.mentions, *unknown_parties(part, reading))
        if crosses(shaped):
            return Cast(shaped, "unknown")
    return cast


def _is_collective(cast: Cast, part: Part, act: Hit | None, instrument: Hit | None) -> bool:
    """Whether one organisation of states, or unnamed many, concludes something among its members: "the G20 agreed a
    framework", "120 countries adopted a treaty", "BRICS members opened a common exchange"; or a state joins many that are
    not named: "Chile acceded to the convention". They are a party to themselves and their members (GUIDE.md: MANY)."""
    if cast.source not in ("few", "place") or act is None:
        return False
    if act[2].ref in _JOINING and cast.principals and cast.source == "few":
        held = part.instruments if instrument is None else (instrument, *part.instruments)
        return any(h[2].ref in _OF_MANY for h in held) or any(c[2].ref == "cue.bloc" for c in part.cues)
    if act[2].ref not in _AMONG_MEMBERS:
        return False
    states = [m for m in cast.mentions if _is_of_states(m)]
    if states and cast.source == "few" and instrument is not None and instrument[2].ref in _OF_MEMBERS:
        return True
    members = [cue for cue in part.cues if cue[2].ref == "cue.members"]
    return any(-_OF_CHARS <= min(c[0] - m.end, m.start - c[1], key=abs) <= _OF_CHARS for m in states for c in members)


def _assembled(cast: Cast, reading: Reading, part: Part, act: Hit | None, instrument: Hit | None) -> Mentioned | None:
    """The organisation of the title where "the meeting", "the participants" adopt something: reports of a session name it
    once, and tell at their end what it adopted."""
    if cast.mentions or act is None or act[2].ref not in _AMONG_MEMBERS or _ASSEMBLY not in part.cue_names:
        return None
    title = reading.parts[0]
    if instrument is None or instrument[2].ref not in _OF_MEMBERS or title.rank > 0:
        return None
    acting = [m for m in title.mentions if m.standing == "acts"]
    is_one = len({m.principal for m in acting}) == 1
    return acting[0] if is_one and acting[0].entity.kind == "organisation" and not acting[0].entity.country else None


_COMMITS = "act.commit"
_ASSEMBLY = "cue.assembly"
_JOINING = frozenset({"act.join", "act.ratify"})
_OF_MANY = frozenset({"instrument.convention", "instrument.treaty", "instrument.partnership"})
_OF_CHARS = 9  # "members of the SCO", "Paesi dell'Asean", "страны ШОС"
_AMONG_MEMBERS = frozenset(
    f"act.{a}"
    for a in (
        "sign",
        "adopt",
        "agree",
        "conclude",
        "approve",
        "ratify",
        "in_force",
        "create",
        "launch",
        "decide",
        "open",
    )
)
_OF_MEMBERS = frozenset(
    f"instrument.{i}"
    for i in ("agreement", "treaty", "convention", "protocol", "declaration", "roadmap", "partnership", "joint_body")
)


def _with_the_same_doubt(found: list[Candidate]) -> list[Candidate]:
    """What is said of an instrument holds for every frame about it: in "non hanno firmato un accordo per un consiglio"
    the words "accordo per" are no agreement either; and what an old agreement does now ("the pact signed two years ago
    funds wells") is old with it, as long as nothing says today."""
    doubts = [(c.frame.instrument, c.reason) for c in found if c.frame.instrument and c.reason in _OF_THE_ACT]
    if not doubts:
        return found
    return [
        replace(c, reason=next((r for i, r in doubts if _touches(c.frame, i) or _is_its_effect(c.frame, i, r)), None))
        if c.reason is None
        else c
        for c in found
    ]


def _with_the_titles_denial(found: list[Candidate]) -> tuple[Candidate, ...]:
    """Where the title denies all that it tells, what the text tells of the title's parties is denied with it."""
    title = [c.reason for c in found if c.frame.part.rank == 0]
    if not title or set(title) != {Reason.DENIED}:
        return tuple(found)
    return tuple(
        replace(c, reason=Reason.DENIED) if c.reason is None and c.frame.cast.source != "sentence" else c for c in found
    )


_OF_THE_ACT = frozenset({Reason.DENIED, Reason.CONDITIONAL, Reason.OLD})


def _is_its_effect(frame: Frame, instrument: Hit, reason: Reason) -> bool:
    """Whether the frame says what an old instrument does: a verb behind it that has no instrument of its own."""
    if reason is not Reason.OLD or frame.instrument is not None or frame.act is None:
        return False
    return instrument[1] <= frame.act[0] and "cue.today" not in frame.part.cue_names


def _touches(frame: Frame, instrument: Hit) -> bool:
    return any(
        hit is not None and hit[0] < instrument[1] and instrument[0] < hit[1] for hit in (frame.act, frame.instrument)
    )


def _judged(frame: Frame, reading: Reading, age: Age) -> Candidate:
    old = age.is_old(frame)
    return Candidate(frame, why_refused(frame, reading, old), old)
