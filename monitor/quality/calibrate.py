"""Fits the scorer of rules/weights.yaml on labelled articles, cross-validated, and says how good it is.

The base set gives the mix to which scores are calibrated and every figure of the report; extra sets (reports of known
stories, our own corpus, operators' feedback) only help to fit. Articles held out are scored and never fitted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.quality.fit import Model, Row, fit
from monitor.quality.labels import Labelled

_FOLDS = 5
_ROUNDS = 3  # choosing each article's best frame by the model that it then fits settles in three
_CONTEXT_PENALTY = 6.0
_DROPPED_BELOW = 0.02  # smaller terms change no decision and only lengthen the file


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """One frame that may be an announcement: its features, its sentence, and the order its rule gives it."""

    features: Mapping[str, float]
    sentence: str
    rank: int
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A labelled article as the matcher sees it. ``worth`` is how much it counts; ``base`` = part of the base set."""

    labelled: Labelled
    article: Mapping[str, float]
    frames: tuple[FrameEvidence, ...]
    worth: float = 1.0
    base: bool = True

    def row(self, frame: FrameEvidence | None) -> Row:
        return {**self.article, **(frame.features if frame else {"frame.none": 1.0})}


@dataclass(frozen=True, slots=True)
class Scored:
    """An article of the base set with the probability that a model gave which had not seen it."""

    labelled: Labelled
    probability: float
    can_alert: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fitted weights and the judgements of models that had not seen the judged article."""

    intercept: float
    weights: dict[str, float]
    context_intercept: float
    context_weights: dict[str, float]
    prior: float
    threshold: float
    unseen: tuple[Scored, ...]  # cross-validated, then the held-out articles
    fitted_on: int


def penalty(name: str) -> float:
    """How strongly a term is drawn to nothing: what a frame says may speak louder than what stands anywhere."""
    return (
        3.0
        if name.startswith("frame.")
        else 6.0
        if name.startswith(("title.", "lead.", "headline.", "opening."))
        else 8.0
    )


def calibrate(
    evidence: Sequence[Evidence], threshold: float | None = None, *, seed: int = 1, refit: bool = False
) -> Calibration:
    """Fits on everything that is not held out. The threshold is the one of best cross-validated F1 unless given. With
    ``refit`` the weights, and only they, are fitted once more on all articles after every figure was taken: the figures then
    speak of a model that has seen half as much."""
    usable = [e for e in evidence if not (e.base and e.labelled.held_out)]
    base, extra = [e for e in usable if e.base], [e for e in usable if not e.base]
    unseen = _cross_validated(base, extra, seed)
    slope, shift = platt([(log_odds(s.probability), s.labelled.positive) for s in unseen])
    model = train(usable)
    held = [e for e in evidence if e.base and e.labelled.held_out]
    scored = [
        Scored(s.labelled, squash(slope * log_odds(s.probability) + shift), s.can_alert)
        for s in [*unseen, *_predicted(model, held)]
    ]
    crossed = scored[: len(unseen)]
    if refit:
        model = train(evidence)
    others = [e for e in base if not e.labelled.positive]
    context = fit(
        [e.article for e in others], [e.labelled.label == "context" for e in others], lambda _: _CONTEXT_PENALTY
    )
    return Calibration(
        intercept=round(model.intercept * slope + shift, 4),
        weights=_rounded(model.weights, slope),
        context_intercept=round(context.intercept, 4),
        context_weights=_rounded(context.weights, 1.0),
        prior=round(sum(e.labelled.positive for e in base) / max(1, len(base)), 4),
        threshold=threshold if threshold is not None else best_threshold(crossed),
        unseen=tuple(scored),
        fitted_on=len(evidence) if refit else len(usable),
    )


def train(evidence: Sequence[Evidence]) -> Model:
    """The model of all given articles, each by its best frame; the proving sentence shows which frame that is."""
    model: Model | None = None
    labels = [e.labelled.positive for e in evidence]
    worth = [e.worth for e in evidence]
    for _ in range(_ROUNDS):
        rows = [e.row(_best(e, model)) for e in evidence]
        model = fit(rows, labels, penalty, worth=worth)
    assert model is not None
    return model


def _best(e: Evidence, model: Model | None) -> FrameEvidence | None:
    frames = _proving(e) if e.labelled.positive else e.frames
    if not frames:
        return None
    if model is None:
        return max(frames, key=lambda f: f.weight + 2.0 * (f.rank <= 1))
    fitted = model
    return max(frames, key=lambda f: fitted.log_odds(e.row(f)))


def _proving(e: Evidence) -> Sequence[FrameEvidence]:
    """The frames in the labelled proving sentence, where it is known and holds any."""
    proof = e.labelled.quote.strip(" .…")[:60]
    if not proof:
        return e.frames
    return [f for f in e.frames if proof in f.sentence or f.sentence[:50] in e.labelled.quote] or e.frames


def _predicted(model: Model, evidence: Sequence[Evidence]) -> Iterator[Scored]:
    for e in evidence:
        best = max((model.probability(e.row(f)) for f in e.frames), default=None)
        yield Scored(e.labelled, model.probability(e.row(None)) if best is None else best, best is not None)


def _cross_validated(base: Sequence[Evidence], extra: Sequence[Evidence], seed: int) -> list[Scored]:
    order = list(range(len(base)))
    random.Random(seed).shuffle(order)
    out: list[Scored] = []
    for fold in range(_FOLDS):
        left_out = set(order[fold::_FOLDS])
        model = train([*(e for i, e in enumerate(base) if i not in left_out), *extra])
        out += _predicted(model, [base[i] for i in sorted(left_out)])
    return out


def platt(pairs: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Slope and shift that make log-odds probabilities again, fitted on judgements of unseen articles (Platt 1999)."""
    slope, shift = 1.0, 0.0
    for _ in range(40):
        g = [0.0, 0.0]
        h = [1e-6, 0.0, 1e-6]
        for x, y in pairs:
            p = squash(slope * x + shift)
            spread = p * (1 - p)
            g[0] += (p - y) * x
            g[1] += p - y
            h[0] += spread * x * x
            h[1] += spread * x
            h[2] += spread
        size = h[0] * h[2] - h[1] * h[1]
        if size < 1e-9:
            break
        slope -= (g[0] * h[2] - g[1] * h[1]) / size
        shift -= (g[1] * h[0] - g[0] * h[1]) / size
    return slope, shift


def best_threshold(scored: Sequence[Scored]) -> float:
    """The threshold of best F1, of those from 0.30 to 0.60."""
    return max((t / 100 for t in range(30, 61, 2)), key=lambda t: figures(scored, t)[2])


def figures(scored: Sequence[Scored], threshold: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of alerting at ``threshold``."""
    hit = sum(s.labelled.positive for s in scored if s.can_alert and s.probability >= threshold)
    told = sum(s.can_alert and s.probability >= threshold for s in scored)
    real = sum(s.labelled.positive for s in scored)
    precision, recall = hit / told if told else 0.0, hit / real if real else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if hit else 0.0


def brier(scored: Sequence[Scored]) -> float:
    """Mean squared error of the probabilities."""
    return sum((s.probability - s.labelled.positive) ** 2 for s in scored) / max(1, len(scored))


def squash(x: float) -> float:
    """Log-odds to probability."""
    return 1.0 / (1.0 + math.exp(-max(-35.0, min(35.0, x))))


def log_odds(p: float) -> float:
    """Probability to log-odds."""
    p = min(1 - 1e-9, max(1e-9, p))
    return math.log(p / (1 - p))


def _rounded(weights: Mapping[str, float], slope: float) -> dict[str, float]:
    return {n: round(w * slope, 3) for n, w in sorted(weights.items()) if abs(w * slope) >= _DROPPED_BELOW}
