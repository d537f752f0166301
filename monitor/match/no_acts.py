"""Frames that tell no new act by what stands around them: an agreement that is had, celebrated, asked about, negotiated
or wished for, a joint condemnation, a purchase of arms. The clauses of GUIDE.md that a few words decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.match.frames import Frame
from monitor.match.reading import Part, Reading
from monitor.model import Reason


def why_no_act(frame: Frame, reading: Reading) -> Reason | None:
    """Why what the frame tells is no new act of cooperation; None where it may be one."""
    if not _is_heard(frame, reading):  # as in most sentences
        return Reason.OPINION if _is_asked_about(frame, reading) else None
    return next((reason for holds, reason in _TESTS if holds(frame, reading)), None)


def _is_heard(frame: Frame, reading: Reading) -> bool:
    """Whether the sentence or the title holds one of the words that the tests ask for."""
    title = reading.parts[0]
    return any(cue[2].ref in _HEARD for cue in frame.part.cues) or (
        title.rank == 0 and any(cue[2].ref in _HEARD_IN_TITLES for cue in title.cues)
    )


def is_noun(frame: Frame) -> bool:
    """Whether the frame begins with its instrument: "l'accordo con", "intesa tra", not "hanno firmato un accordo"."""
    act = frame.act
    if act is None:
        return True
    return any(h[0] <= act[0] < h[1] or act[0] <= h[0] < act[1] or h[0] == frame.start for h in frame.part.instruments)


def _is_a_state_of_things(frame: Frame, reading: Reading) -> bool:
    """ "The two countries have an agreement", "legati da un trattato": who has it does not make it."""
    instrument = frame.instrument
    if instrument is None or (frame.act is not None and frame.act[0] < instrument[0] and not is_noun(frame)):
        return False
    return any(
        cue[2].ref == "cue.standing" and cue[0] < instrument[1] and instrument[0] - cue[1] <= _HAS_CHARS
        for cue in frame.part.cues
    )


def _is_an_anniversary(frame: Frame, reading: Reading) -> bool:
    """ "Fifty years of partnership", "giubileo della firma", 协议签署一周年: what is celebrated was made then."""
    return any(
        0 <= frame.start - cue[1] <= _OF_CHARS or 0 <= cue[0] - frame.end <= _COUNT_CHARS
        for cue in frame.part.cues
        if cue[2].ref == "cue.anniversary"
    )


def _is_asked_about(frame: Frame, reading: Reading) -> bool:
    """Whether the title asks about an agreement ("Why the pact ...", "Come funziona l'intesa ..."): it is known then, and
    only a sentence that says today tells it anew (GUIDE.md: commentary on a known act)."""
    title = reading.parts[0]
    if title.rank > 0 or not title.instruments:
        return False
    words = reading.language.asking_words
    opening = reading.folded[title.start : title.start + _OPENING_CHARS].lstrip("\"'¿ ")
    if not opening.startswith(words) or "," in opening:
        return False  # "Come previsto, Italia e Perù firmano"
    if any(cue[2].ref == "cue.today" for cue in frame.part.cues):
        return False
    return reading.lang == "zh" or any(
        opening.startswith(word) and not opening[len(word) : len(word) + 1].isalnum() for word in words
    )


def _is_negotiated(frame: Frame, reading: Reading) -> bool:
    """ "Agreed to start talks on a pact", and whatever an article with such a title agrees: to negotiate is not to agree
    (GUIDE.md: context)."""
    if frame.act is not None and frame.act[2].ref in _CONCLUDING:
        return False
    title = reading.parts[0]
    if title.rank == 0 and "cue.beginning" in title.cue_names and _names_what_is_wanted(frame):
        return _CONCLUDING.isdisjoint(act[2].ref for act in title.acts)
    start = frame.act[0] if frame.act is not None else frame.part.start
    end = frame.instrument[0] if frame.instrument is not None else frame.end
    return any(
        cue[0] <= start < cue[1] or (start <= cue[0] and cue[1] <= end + 2)
        for cue in frame.part.cues
        if cue[2].ref == "cue.beginning"
    )


def _names_what_is_wanted(frame: Frame) -> bool:
    """Whether the frame is about the thing negotiated, not about another that was opened or founded meanwhile."""
    return frame.act is None or frame.act[2].ref in _WISHING


def _is_wished_for(frame: Frame, reading: Reading) -> bool:
    """ "Calls for a pact with", "eyes a fighter deal in", "suggested a new agreement on": who names an instrument behind a
    wish, without an act of his own; and what an article with such a title wishes further on."""
    part, title = frame.part, reading.parts[0]
    if is_noun(frame):
        # "suggested a new agreement under their trade pact": the sentence wishes, whichever of the two is looked at
        return _wishes(part, [h[0] for h in part.instruments] if frame.act is None else [frame.start])
    if title.rank > 0 or title.acts or frame.act is None or frame.act[2].ref in _CONCLUDING:
        return False
    starts = [h[0] for h in part.instruments]
    return _wishes(part, starts) and _wishes(title, [h[0] for h in title.instruments])


def _wishes(part: Part, starts: Sequence[int]) -> bool:
    """Whether a word of wishing stands before one of the places."""
    ends = [cue[1] for cue in part.cues if cue[2].ref in _WISHES]
    return any(0 <= at - end <= _WISH_CHARS for end in ends for at in starts)


def _is_a_condemnation(frame: Frame, reading: Reading) -> bool:
    """A joint statement that condemns somebody, and who joins it, commit to nothing together."""
    if frame.instrument is not None and frame.instrument[2].ref != "instrument.declaration":
        return False
    heads = [p for p in reading.parts[:1] if p.rank == 0]
    return any("cue.condemning" in p.cue_names for p in (frame.part, *heads))


def _is_of_arms_bought(frame: Frame, reading: Reading) -> bool:
    """ "Signed deals to buy tanks": a purchase, however it is called (GUIDE.md: none)."""
    if frame.instrument is not None and frame.instrument[2].ref not in _SALES:
        return False
    return frame.part.cue_names >= {"cue.arms", "cue.purchase"}


_HAS_CHARS = 14  # "have a new defence agreement"
_OF_CHARS = 4  # "anniversary of", "anni di"
_COUNT_CHARS = 3  # "treaty anniversary", 协议六十周年
_OPENING_CHARS = 24
_WISH_CHARS = 24  # "eyes a multibillion fighter deal"
_WISHES = frozenset({"cue.proposal", "cue.intention"})
_CONCLUDING = frozenset(f"act.{one}" for one in ("sign", "conclude", "adopt", "ratify", "in_force", "initial"))
_WISHING = frozenset(
    f"act.{one}" for one in ("agree", "decide", "announce", "launch", "strengthen", "partner", "approve")
)
_SALES = frozenset({"instrument.agreement", "instrument.deal"})

_TESTS: tuple[tuple[Callable[[Frame, Reading], bool], Reason], ...] = (
    (_is_a_state_of_things, Reason.OLD),
    (_is_an_anniversary, Reason.ANNIVERSARY),
    (_is_asked_about, Reason.OPINION),
    (_is_negotiated, Reason.TALKS_ONLY),
    (_is_wished_for, Reason.PROPOSAL),
    (_is_a_condemnation, Reason.IN_PASSING),
    (_is_of_arms_bought, Reason.PURCHASE),
)
_HEARD_IN_TITLES = frozenset({"cue.beginning", "cue.condemning"})
_HEARD = _WISHES | _HEARD_IN_TITLES | {"cue.standing", "cue.anniversary", "cue.arms"}
