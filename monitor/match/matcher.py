"""From an article to its judgement: read, find frames, score them, choose, describe. Pure; built once a rule set."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.errors import RuleErrors
from monitor.match import candidates as finding
from monitor.match import details, features, score
from monitor.match.candidates import Candidate
from monitor.match.claim import claimed_by
from monitor.match.compiled import compiled
from monitor.match.objects import object_of
from monitor.match.reading import Reading, read
from monitor.match.scan import Scanner
from monitor.match.stems import WORDS, words_of
from monitor.model import Announcement, Article, Judgement, Mention, Reason, Span, Verdict
from monitor.rulebook import RuleSet

_MAX_ANNOUNCEMENTS = 20
_MAX_MENTIONS = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its features and its probability."""

    candidate: Candidate
    features: dict[str, float]
    probability: float


@dataclass(frozen=True, slots=True)
class Trace:
    """The judgement of an article with all that led to it, refused candidates included."""

    reading: Reading
    article_features: dict[str, float]
    words: dict[str, float]
    scored: tuple[Scored, ...]
    judgement: Judgement


class Matcher:
    """Judges articles by one rule set. Raises RuleErrors where a rule's conditions cannot be read."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._scanner = Scanner(ruleset)
        self._rules, faults = compiled(ruleset)
        if faults:
            raise RuleErrors(faults)
        self._concepts = dict(ruleset.concepts)
        self._context_hears_words = any(name.startswith(WORDS) for name in ruleset.weights.context_weights)
        # of an article's words most have no weight: a judgement leaves them out, only who learns or explains wants all
        self._weighed = None if self._context_hears_words else ruleset.weights.weights

    def judge(self, article: Article, *, now: datetime) -> Judgement:
        """What the rules say of the article; ``now`` stands in for a missing publication date."""
        return self._traced(article, now, self._weighed).judgement

    def explain(self, article: Article, *, now: datetime) -> Trace:
        """The judgement with its whole way: readings, candidates, features."""
        return self._traced(article, now, None)

    def _traced(self, article: Article, now: datetime, among: Container[str] | None) -> Trace:
        reading = read(article, self.ruleset, self._scanner, now=now)
        found = finding.find(reading, self._rules)
        said, words = features.of_article(reading, found), words_of(reading, among)
        base = {**said, **words}
        common = score.raw(base, self.ruleset.weights.weights)
        scored = self._scored(reading, found, common)
        # four in five features are words, and the shipped weights of the context know none
        topic = score.raw(base if self._context_hears_words else said, self.ruleset.weights.context_weights)
        return Trace(reading, said, words, scored, self._judgement(reading, base, common, topic, scored))

    def _scored(self, reading: Reading, found: tuple[Candidate, ...], common: float) -> tuple[Scored, ...]:
        """Every candidate with its probability, best first; refused ones keep theirs for the record. ``common`` is what
        the article as a whole adds to each."""
        weights = self.ruleset.weights
        ground = weights.intercept + common
        out = []
        for candidate in found:
            own = features.of_frame(candidate, reading)
            log_odds = ground + score.raw(own, weights.weights) + 0.01 * candidate.frame.rule.weight
            out.append(Scored(candidate, own, score.probability(log_odds)))
        return tuple(sorted(out, key=lambda s: (s.candidate.reason is not None, -s.probability)))

    def _judgement(
        self, reading: Reading, base: dict[str, float], common: float, topic: float, scored: tuple[Scored, ...]
    ) -> Judgement:
        weights = self.ruleset.weights
        able = [s for s in scored if s.candidate.reason is None]
        chosen = _chosen(able, weights.threshold)
        announcements = tuple(self._announcement(s, reading, base) for s in chosen)
        mentions = self._mentions(reading, base, scored, chosen)
        best = able[0].probability if able else self._without_frame(common)
        told = [a for a in announcements if not a.trial]
        reasons = tuple(dict.fromkeys(m.reason for m in mentions))
        if announcements:
            verdict = Verdict.ANNOUNCEMENT
        else:
            is_topic = score.probability(weights.context_intercept + topic) >= weights.context_threshold
            about = is_topic or _was_an_act(scored)
            verdict = Verdict.CONTEXT if about else Verdict.NONE
        return Judgement(
            lang=reading.lang,
            verdict=verdict,
            score=round(max((a.score for a in announcements), default=best), 4),
            alert=bool(told),
            announcements=announcements,
            mentions=mentions,
            reasons=() if announcements else reasons,
            ruleset=self.ruleset.digest,
        )

    def _without_frame(self, common: float) -> float:
        """The probability of an article in which no frame may be an announcement: never above the threshold."""
        weights = self.ruleset.weights
        odds = weights.intercept + (common + weights.weights.get("frame.none", 0.0))
        return min(score.probability(odds), weights.threshold * 0.98)

    def _announcement(
        self, scored: Scored, reading: Reading, base: dict[str, float], *, told: bool = True
    ) -> Announcement:
        frame = scored.candidate.frame
        weights = self.ruleset.weights.weights
        stage, step = details.stage_of(frame, reading)
        act_type = details.type_of(frame, reading)
        parties = details.parties_of(frame.cast, self.ruleset.entities)
        sectors = details.sectors_of(frame, reading, self._concepts)
        thing = object_of(frame, reading)
        event_date, basis = details.event_date_of(frame, reading)
        return Announcement(
            type=act_type,
            stage=stage,
            parties=parties,
            quote=reading.whole[frame.part.start : frame.part.end],
            rule=frame.rule.id,
            score=round(scored.probability, 4),
            step=step,
            object=thing,
            count=details.count_of(frame, reading),
            claimed_by=claimed_by(frame, stage),
            sectors=sectors,
            topics=tuple(
                dict.fromkeys((*frame.rule.topics, *details.topics_of(parties, sectors, thing, self.ruleset)))
            ),
            event_date=event_date,
            date_basis=basis,
            deadline=details.deadline_of(reading, reading.parts) if act_type == "call" else "",
            evidence=_evidence(scored.candidate, reading),
            trial=frame.rule.status == "trial",
            terms=score.terms({**base, **scored.features}, weights) if told else (),
        )

    def _mentions(
        self, reading: Reading, base: dict[str, float], scored: tuple[Scored, ...], chosen: list[Scored]
    ) -> tuple[Mention, ...]:
        """Refused reports, one a sentence and reason, each with why."""
        used = {s.candidate.frame.part.start for s in chosen}
        out: list[Mention] = []
        seen: set[tuple[int, Reason]] = set()
        for s in scored:
            if len(out) >= _MAX_MENTIONS or s.candidate.frame.part.start in used:
                continue
            reason = s.candidate.reason or soft_reason(s, base)
            key = (s.candidate.frame.part.start, reason)
            if key not in seen and (s.candidate.frame.act is not None or reason in _ENDS):
                seen.add(key)
                out.append(Mention(self._announcement(s, reading, base, told=False), reason))
        return tuple(out)


# what ends an act needs no verb of agreeing beside it: "France suspends the agreement with Brazil"
_ENDS = frozenset({Reason.SUSPENDED, Reason.DENIED})


def _was_an_act(scored: tuple[Scored, ...]) -> bool:
    """Whether the head of the article tells an act of two parties that is old, denied or only possible."""
    return any(
        s.candidate.reason in (Reason.OLD, Reason.DENIED, Reason.CONDITIONAL)
        and s.candidate.frame.part.rank <= 1
        and s.candidate.frame.cast.source == "sentence"
        for s in scored
    )


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


def soft_reason(scored: Scored, base: dict[str, float]) -> Reason:
    """The likeliest reason why a frame that may be an announcement did not convince."""
    for prefix, held in (("frame.", scored.features), ("title.", base), ("lead.", base)):
        for cue, reason in _SOFT:
            if prefix + cue in held:
                return reason
    return Reason.IN_PASSING


def _chosen(able: list[Scored], threshold: float) -> list[Scored]:
    """The announcements of an article: the best frame, then others of different parties or kind. A headline's frame
    gives way to a sentence of the text that says the same, which proves more."""
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
        proof = _proof(_telling(out[0], able, threshold), able)
        first = replace(proof, probability=out[0].probability)  # one act, told in several sentences: one probability
        out = [first, *(s for s in out[1:] if _kind(s) != _kind(first))]
    return out


_FURTHER = 0.85  # an article's first act may be doubtful; what it tells besides must be plain
_NAMED_BY_ITSELF = frozenset({"sentence", "publisher"})


def _stands_alone(further: Scored) -> bool:
    """Whether a further act of an article is told on its own: its sentence names its parties, and hardly in doubt."""
    return further.probability >= _FURTHER and further.candidate.frame.cast.source in _NAMED_BY_ITSELF


# the best frame names an agreement in general; one nearly as good that names a body, a call ... says what was agreed
_TELLING_SHARE = 0.6
_TELLING_RANK = 6


def _telling(best: Scored, able: list[Scored], threshold: float) -> Scored:
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


def _proof(first: Scored, able: list[Scored]) -> Scored:
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


def _evidence(candidate: Candidate, reading: Reading) -> tuple[Span, ...]:
    frame = candidate.frame
    spans = [(h[0], h[1], h[2].ref) for h in (frame.act, frame.instrument) if h]
    spans += [(m.start, m.end, m.entity.id) for m in frame.cast.mentions if m.end > m.start]
    out = []
    for start, end, concept in sorted(set(spans)):
        field, at = reading.place_of(start)
        out.append(Span(at, at + end - start, field, concept))
    return tuple(out)
