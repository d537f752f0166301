"""Why a frame cannot be an announcement, whatever else the article says: the clauses of GUIDE.md that words decide."""

from __future__ import annotations

from monitor.match.frames import Cast, Frame, crosses
from monitor.match.no_acts import is_noun, why_no_act
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit
from monitor.model import Reason

# two of these of one state are a deal within it; a state and its president are one party
_BODIES = frozenset({"ministry", "agency", "research", "university", "company", "region", "city"})


def why_refused(frame: Frame, reading: Reading, old: bool) -> Reason | None:
    """Why a frame is no announcement whatever else the article says; None where it may be one."""
    if frame.denied:
        return Reason.DENIED
    if _is_procedure(frame):
        return Reason.TALKS_ONLY
    if _is_of_a_performer(frame, reading):
        return Reason.PURCHASE
    if _is_of_labour(frame, reading):
        return Reason.DOMESTIC
    if _is_with_criminals(frame, reading):
        return Reason.BELLIGERENTS
    if _is_not_reached(frame):
        return Reason.TALKS_ONLY
    if _is_of_a_work(frame):
        return Reason.IN_PASSING
    if (reason := why_no_act(frame, reading)) is not None:
        return reason
    if _is_a_dispatch(reading):
        return Reason.TALKS_ONLY
    if frame.time == "conditional":
        return Reason.CONDITIONAL
    if old:
        return Reason.OLD
    if frame.cast.source == "collective" or (frame.cast.source != "few" and crosses(frame.cast.mentions)):
        return None
    return _why_few(frame.cast)


def _is_procedure(frame: Frame) -> bool:
    """ "Approved the mandate for an agreement", "adopted the dispatch on a treaty": what was approved is not the
    instrument (GUIDE.md: context)."""
    if frame.act is None or frame.instrument is None or frame.act[2].ref not in _DECIDING:
        return False
    return any(
        cue[2].ref == "cue.mandate" and frame.act[1] <= cue[0] + 3 and cue[1] <= frame.instrument[0] + 3
        for cue in frame.part.cues
    )


def _is_a_dispatch(reading: Reading) -> bool:
    """Whether the article is about a dispatch to parliament or a mandate to negotiate: what it then tells of signing and of
    coming into force is background or plan (GUIDE.md: context)."""
    head = [p for p in reading.parts if p.rank == 0] or [p for p in reading.parts if p.rank == 1]
    return any("cue.dispatch" in p.cue_names and p.instruments for p in head)


def _is_of_a_performer(frame: Frame, reading: Reading) -> bool:
    """A player, coach or artist signs for himself, and capitals stand for clubs: "Lisbon and Istanbul agreed on a fee"
    (GUIDE.md: none). What a ministry or a federation agrees about sport is another matter."""
    if frame.instrument is not None and frame.instrument[2].ref not in _PERSONAL:
        return False
    if "cue.official" in frame.part.cue_names or any(m.entity.kind in _OFFICIAL for m in frame.cast.mentions):
        return False
    return any("cue.performer" in p.cue_names for p in reading.parts if p is frame.part or p.rank == 0)


def _is_of_labour(frame: Frame, reading: Reading) -> bool:
    """A company's contract with its workers is an affair of one country, wherever the company is from (GUIDE.md: none)."""
    if frame.instrument is not None and frame.instrument[2].ref not in _OF_WORKERS:
        return False
    # a union may be a name that no list knows
    kinds = {m.entity.kind for m in frame.cast.mentions if m.form != "shape"}
    if not kinds.isdisjoint(_OFFICIAL):
        return False
    heads = [p for p in reading.parts if p is frame.part or p.rank == 0]
    if "company" in kinds:
        return any("cue.labour" in p.cue_names for p in heads)
    return any(_names_workers_contract(p, reading) for p in heads)


def _names_workers_contract(part: Part, reading: Reading) -> bool:
    """ "Contratto integrativo", "collective agreement", "accordo con i sindacati": the workers are the other side."""
    labour = [cue for cue in part.cues if cue[2].ref == "cue.labour"]
    return any(
        (i[0] < cue[1] and cue[0] < i[1]) or _is_with(cue, i, reading) for cue in labour for i in part.instruments
    )


def _is_with(cue: Hit, instrument: Hit, reading: Reading) -> bool:
    """Whether the cue follows the instrument behind a word such as "with"."""
    if not 0 <= cue[0] - instrument[1] <= _WITH_CHARS:
        return False
    between = reading.folded[instrument[1] : cue[1]].replace("'", " ").split()
    return not reading.language.with_words.isdisjoint(between)


def _is_not_reached(frame: Frame) -> bool:
    """ "Verso l'accordo", "vicine a un'intesa", "deal in sight": what is near is not reached (GUIDE.md: context)."""
    before, after = (_NEAR_CHARS, _NEAR_CHARS) if frame.act is None or is_noun(frame) else (_BESIDE_CHARS, -1)
    return any(
        0 <= frame.start - cue[1] <= before or 0 <= cue[0] - frame.end <= after
        for cue in frame.part.cues
        if cue[2].ref == "cue.nearly"
    )


def _is_with_criminals(frame: Frame, reading: Reading) -> bool:
    """A deal "with a Mexican cartel" is no cooperation of states; one "against the mafia" may be."""
    if frame.instrument is None:
        return False
    instrument = frame.instrument
    return any(cue[2].ref == "cue.gang" and _is_with(cue, instrument, reading) for cue in frame.part.cues)


def _is_of_a_work(frame: Frame) -> bool:
    """A film, a book or an exhibition about a treaty tells of it, and makes none."""
    return any(cue[2].ref == "cue.work" and 0 <= frame.start - cue[1] <= _ABOUT_CHARS for cue in frame.part.cues)


_NEAR_CHARS = 14  # "verso un primo accordo", "accordo sempre più vicino"
_BESIDE_CHARS = 2  # "verso la firma", "close to a signing"
_WITH_CHARS = 30  # "a deal with the largest Mexican cartel"
_ABOUT_CHARS = 14  # "film sul grande patto"
_OF_WORKERS = frozenset({"instrument.agreement", "instrument.deal", "instrument.protocol", "instrument.cooperation"})
_PERSONAL = frozenset({"instrument.agreement", "instrument.deal", "instrument.exchange"})
_OFFICIAL = frozenset({"ministry", "agency", "organisation", "research", "university", "person"})
_DECIDING = frozenset({"act.approve", "act.adopt", "act.decide", "act.agree", "act.launch", "act.open", "act.sign"})


def _why_few(cast: Cast) -> Reason:
    principals = cast.principals
    if not principals:
        return Reason.UNKNOWN_PARTIES
    bodies = {m.entity.id for m in cast.mentions if m.entity.kind in _BODIES}
    return Reason.DOMESTIC if len(principals) > 1 or len(bodies) > 1 else Reason.ONE_PARTY
