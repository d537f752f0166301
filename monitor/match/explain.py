"""Why an article is, or is not, an announcement: a judgement's whole way as plain values for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.match.candidates import Candidate
from monitor.match.matcher import Trace, soft_reason
from monitor.match.score import terms
from monitor.model import Span
from monitor.rulebook import RuleSet

_MAX_TERMS = 15


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule's find in one sentence and how it fared. ``outcome`` is announced, or why it was refused."""

    rule: str
    title: str
    sentence: str
    words: str  # from the act to the instrument
    time: str
    parties: tuple[str, ...]
    cast: str  # where the parties were named
    score: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """``spans`` are the evidence to highlight, in the cleaned title and text that stand here."""

    title: str
    text: str
    lang: str
    verdict: str
    score: float
    threshold: float
    spans: tuple[Span, ...]
    tried: tuple[Tried, ...]
    untried: tuple[str, ...]  # rules that found nothing
    terms: tuple[tuple[str, float], ...]  # what the best score is made of, the weightiest first
    intercept: float
    reasons: tuple[str, ...]
    ruleset: str


def explain(trace: Trace, ruleset: RuleSet) -> Explanation:
    """The explanation of one judgement."""
    reading, judgement, weights = trace.reading, trace.judgement, ruleset.weights
    titles = {rule.id: rule.title for rule in ruleset.rules}
    told = {a.quote for a in judgement.announcements}
    tried = []
    for scored in trace.scored:
        frame = scored.candidate.frame
        sentence = reading.whole[frame.part.start : frame.part.end]
        if scored.candidate.reason is not None:
            outcome = scored.candidate.reason.value
        elif scored.probability >= weights.threshold:
            outcome = "announced" if sentence in told else "same act as a better sentence"
        else:
            outcome = f"below {weights.threshold}: {soft_reason(scored, trace.article_features).value}"
        tried.append(
            Tried(
                rule=frame.rule.id,
                title=titles[frame.rule.id],
                sentence=sentence,
                words=reading.whole[frame.start : frame.end],
                time=frame.time,
                parties=tuple(e.name for e in frame.cast.principals),
                cast=frame.cast.source,
                score=round(scored.probability, 4),
                outcome=outcome,
            )
        )
    best = next((s for s in trace.scored if s.candidate.reason is None), None)
    features = {**trace.article_features, **(best.features if best else {"frame.none": 1.0})}
    return Explanation(
        title=reading.whole[: max(0, reading.text_at - 2)],
        text=reading.whole[reading.text_at :],
        lang=reading.lang,
        verdict=judgement.verdict.value,
        score=judgement.score,
        threshold=weights.threshold,
        spans=_spans(trace, best.candidate if best else None),
        tried=tuple(tried),
        untried=tuple(rule.id for rule in ruleset.rules if rule.id not in {t.rule for t in tried}),
        terms=terms(features, weights.weights)[:_MAX_TERMS],
        intercept=weights.intercept,
        reasons=tuple(r.value for r in judgement.reasons),
        ruleset=judgement.ruleset,
    )


def _spans(trace: Trace, best: Candidate | None) -> tuple[Span, ...]:
    """The evidence of the announcements; where there is none, that of the best frame."""
    spans = {span for a in trace.judgement.announcements for span in a.evidence}
    if not spans and best is not None:
        for hit in (best.frame.act, best.frame.instrument):
            if hit is not None:
                field, at = trace.reading.field(hit[0])
                spans.add(Span(at, at + hit[1] - hit[0], field, hit[2].ref))
        for m in best.frame.cast.mentions:
            field, at = trace.reading.field(m.start)
            spans.add(Span(at, at + m.end - m.start, field, m.entity.id))
    return tuple(sorted(spans, key=lambda s: (s.field, s.start)))
