"""Which of an article's frames are told as announcements, and what the others are refused for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.match.candidates import Candidate
from monitor.model import Reason

_MAX_ANNOUNCEMENTS = 20


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its features and its probability."""

    candidate: Candidate
    features: dict[str, float]
    probability: float


# what ends an act needs no verb of agreeing beside it: "France suspends the agreement with Brazil"
ENDS = frozenset({Reason.SUSPENDED, Reason.DENIED})


# what an unconvincing frame is told as, first that fits: its own sentence's cues, then the title's
_SOFT = (
    ("cue.anniversary", Reason.ANNIVERSARY),
    ("cue.suspended", Reason.SUSPENDED),
    ("cue.denied", Reason.DENIED),
    ("cue.belligerents", Reason.BELLIGERENTS),
    ("cue.purchase", Reason.PURCHASE),
    ("cue.proposal", Reason.PROPOSAL),
    ("cue.intention", Reason.PROPOSAL),
    ("cue.conditional", Reason.CONDITIONAL),
    ("cue.old", Reason.OLD),
    ("cue.mandate", Reason.TALKS_ONLY),
    ("cue.talks", Reason.TALKS_ONLY),
    ("cue.opinion", Reason.OPINION),
)


def soft_reason(scored: Scored, base: Mapping[str, float]) -> Reason:
    """The likeliest reason why a frame that may be an announcement did not convince."""
    for prefix, held in (("frame.", scored.features), ("title.", base), ("lead.", base)):
        for cue, reason in _SOFT:
            if prefix + cue in held:
                return reason
    return Reason.IN_PASSING


def choose(scored: Sequence[Scored], threshold: float) -> list[Scored]:
    """The announcements of an article: the best frame, then others of different parties or kind. A headline's frame
    gives way to a sentence of the text that says the same, which proves more, and a doubtful sentence to a headline by
    which the act is off. ``scored`` stands best first."""
    able = [s for s in scored if s.candidate.reason is None]
    off = _off_in_the_headline(scored)
    return [s for s in _told(able, threshold) if _is_plain(s) or not _kind(s) <= off]


_OFF = frozenset({*ENDS, Reason.ANNIVERSARY})


def _off_in_the_headline(scored: Sequence[Scored]) -> frozenset[str]:
    """The principals of an act that the headline itself says is suspended, denied or years old; none where it also tells of
    one plainly."""
    head = [s for s in scored if s.candidate.frame.part.rank == 0]
    if any(map(_is_plain, head)):
        return frozenset()
    off = [s for s in head if s.candidate.frame.instrument is not None and _is_off(s)]  # "scrap visas" ends none
    return frozenset().union(*map(_kind, off))


def _is_off(scored: Scored) -> bool:
    """Whether the frame's own sentence speaks of the end or the anniversary of an act."""
    return (scored.candidate.reason or soft_reason(scored, {})) in _OFF


def _is_plain(scored: Scored) -> bool:
    """Whether a frame tells of an act without much doubt, in spite of a cue that it is off."""
    return scored.probability >= (_IN_SPITE if _is_off(scored) else _FURTHER)


def _told(able: Sequence[Scored], threshold: float) -> list[Scored]:
    out: list[Scored] = []
    seen: set[frozenset[str]] = set()
    for s in able:
        if s.probability < threshold or len(out) >= _MAX_ANNOUNCEMENTS:
            break
        key = _kind(s)
        if any(key <= other or key >= other for other in seen) or (out and not _stands_alone(s)):
            continue
        seen.add(key)
        out.append(s)
    if out:
        proof = _proof(_telling(_self_named(out[0], able), able, threshold), able)
        first = replace(proof, probability=out[0].probability)  # one act, told in several sentences: one probability
        out = [first, *(s for s in out[1:] if _kind(s) != _kind(first))]
    return out


_AS_LIKELY = 0.8  # of two sentences about as likely the one that names its parties proves more


def _self_named(best: Scored, able: Sequence[Scored]) -> Scored:
    """The opening's frame where it says what was done, if a sentence further down that borrows its parties from the headline
    convinces hardly more: "the two countries signed 42 of them" may be background."""
    frame = best.candidate.frame
    if frame.part.rank <= 1 or frame.cast.source in _NAMED_BY_ITSELF:
        return best
    for s in able:
        opening = s.candidate.frame
        likely = s.probability >= _AS_LIKELY * best.probability
        plain = opening.cast.source == "sentence" and opening.act is not None and opening.act[2].ref not in _UNSIGNED
        if opening.part.rank == 1 and plain and likely and _kind(s) == _kind(best):
            return s
    return best


_FURTHER = 0.85  # an article's first act may be doubtful; what it tells besides must be plain
_IN_SPITE = 0.95
_NAMED_BY_ITSELF = frozenset({"sentence", "publisher"})


def _stands_alone(further: Scored) -> bool:
    """Whether a further act of an article is told on its own: its sentence names its parties, and hardly in doubt."""
    return further.probability >= _FURTHER and further.candidate.frame.cast.source in _NAMED_BY_ITSELF


# the best frame names an agreement in general; one nearly as good that names a body, a call ... says what was agreed
_TELLING_SHARE = 0.6
_TELLING_RANK = 6


def _telling(best: Scored, able: Sequence[Scored], threshold: float) -> Scored:
    """The frame that says most precisely what was agreed, where the best one says only that there is an agreement."""
    act, hit = best.candidate.frame.act, best.candidate.frame.instrument
    if (hit is not None and hit[2].ref not in _GENERAL) or act is None or act[2].ref not in _UNSIGNED:
        return best
    for s in able:
        frame = s.candidate.frame
        if s.probability < max(threshold, _TELLING_SHARE * best.probability) or frame.part.rank > _TELLING_RANK:
            continue
        if (
            hit is None
            and frame.part is best.candidate.frame.part
            and frame.rule.weight > best.candidate.frame.rule.weight
        ):
            return s  # of one sentence's frames the one that says who gives, opens or signs
        told = frame.act is not None or frame.cast.source in _NAMED_BY_ITSELF  # no mere list of what it provides for
        specific = told and frame.instrument is not None and frame.instrument[2].ref in _SPECIFIC
        if specific and frame.cast.countries == best.candidate.frame.cast.countries:
            return s
    return best


_UNSIGNED = frozenset({"act.announce", "act.agree"})  # what is signed is what the sentence names
_GENERAL = frozenset({"instrument.agreement", "instrument.cooperation", "instrument.initiative"})
_SPECIFIC = frozenset({"instrument.joint_body", "instrument.consultation", "instrument.call", "instrument.exchange"})


def _proof(first: Scored, able: Sequence[Scored]) -> Scored:
    """A sentence of the text that says what the headline's frame says; the headline itself where there is none."""
    frame = first.candidate.frame
    if frame.part.rank > 0:
        return first
    for same_kind in (True, False):
        for s in able:
            other = s.candidate.frame
            if other.part.rank == 0 or s.probability < 0.5 * first.probability:
                continue
            alike = other.rule.id == frame.rule.id or not same_kind
            if alike and other.cast.countries >= frame.cast.countries:
                return s
    return first


def _kind(scored: Scored) -> frozenset[str]:
    """What two frames of one act share: the principals."""
    return frozenset(e.principal for e in scored.candidate.frame.cast.principals)
