"""Why an article is no announcement, in sentences for ``explain``. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from monitor.match import score
from monitor.match.choice import Scored
from monitor.match.matcher import Trace
from monitor.rulebook import Weights

_SHOWN = 6
_QUOTED = 200  # characters


def why_not(trace: Trace, weights: Weights) -> tuple[str, ...]:
    """What was missing; nothing for an article that is an announcement. Beside it stand the reasons of its refused reports."""
    if trace.judgement.announcements:
        return ()
    able = [one for one in trace.scored if one.candidate.reason is None]
    if able:
        return _too_weak(able[0], trace, weights)
    if trace.scored:
        return ("each report of an act that was found is refused; the table below says why",)
    return _nothing_found(trace)


def _too_weak(best: Scored, trace: Trace, weights: Weights) -> tuple[str, ...]:
    part = best.candidate.frame.part
    sentence = " ".join(trace.reading.whole[part.start : part.end].split())
    cut = sentence if len(sentence) <= _QUOTED else sentence[: _QUOTED - 1] + "…"
    features = {**trace.article_features, **trace.words, **best.features}
    against = [f"{name} {value:+.2f}" for name, value in score.terms(features, weights.weights) if value < 0][:_SHOWN]
    return (
        f"its likeliest report of an act scores {best.probability:.2f}; an announcement needs {weights.threshold:.2f}",
        f"“{cut}” (rule {best.candidate.frame.rule.id})",
        *([f"what speaks against it most: {', '.join(against)}"] if against else []),
    )


def _nothing_found(trace: Trace) -> tuple[str, ...]:
    """No rule found a report: parties or words of an act are missing, or never stand in one sentence."""
    parts = trace.reading.parts
    parties = _counts(m.principal for part in parts for m in part.mentions if m.entity.kind != "initiative")
    acts = _counts(hit[2].ref for part in parts for hit in (*part.acts, *part.instruments))
    return (
        "no sentence reports an act between two parties that the rules know",
        f"parties known here: {parties or 'none'}",
        f"words of acts known here: {acts or 'none'}",
        "if it does report one: coopwatch rules suggest FILE shows which words are missing",
    )


def _counts(ids: Iterable[str]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in Counter(ids).most_common(_SHOWN))
