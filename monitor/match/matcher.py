"""From an article to its judgement: read, find frames, score them, choose, describe. Pure; built once a rule set."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from monitor.errors import RuleErrors
from monitor.match import candidates as finding
from monitor.match import details, features, score
from monitor.match.candidates import Candidate
from monitor.match.choice import ENDS, Scored, choose, soft_reason
from monitor.match.claim import claimed_by
from monitor.match.compiled import compiled
from monitor.match.objects import object_of
from monitor.match.principals import told_cast
from monitor.match.reading import Reading, read
from monitor.match.scan import Scanner
from monitor.match.stems import WORDS, words_of
from monitor.model import Announcement, Article, Judgement, Mention, Reason, Span, Verdict
from monitor.rulebook import RuleSet

_MAX_MENTIONS = 10


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
        chosen = choose(scored, weights.threshold)
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
        parties = details.parties_of(told_cast(frame, reading), self.ruleset.entities)
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
            if key not in seen and (s.candidate.frame.act is not None or reason in ENDS):
                seen.add(key)
                out.append(Mention(self._announcement(s, reading, base, told=False), reason))
        return tuple(out)


def _was_an_act(scored: tuple[Scored, ...]) -> bool:
    """Whether the head of the article tells an act of two parties that is old, denied or only possible."""
    return any(
        s.candidate.reason in (Reason.OLD, Reason.DENIED, Reason.CONDITIONAL)
        and s.candidate.frame.part.rank <= 1
        and s.candidate.frame.cast.source == "sentence"
        for s in scored
    )


def _evidence(candidate: Candidate, reading: Reading) -> tuple[Span, ...]:
    frame = candidate.frame
    spans = [(h[0], h[1], h[2].ref) for h in (frame.act, frame.instrument) if h]
    spans += [(m.start, m.end, m.entity.id) for m in frame.cast.mentions if m.end > m.start]
    out = []
    for start, end, concept in sorted(set(spans)):
        field, at = reading.place_of(start)
        out.append(Span(at, at + end - start, field, concept))
    return tuple(out)
