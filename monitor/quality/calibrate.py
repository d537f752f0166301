"""Fits the scorer of rules/weights.yaml on labelled articles, cross-validated, and says how good it is.

The base set gives the mix to which scores are calibrated and every figure of the report; extra sets (reports of known
stories, our own corpus, operators' feedback) only help to fit. Articles held out are scored and never fitted.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.quality.fit import Model, Row, fit
from monitor.quality.labels import Labelled

_FOLDS = 5
_ROUNDS = 3  # choosing each article's best frame by the model that it then fits settles in three
_CONTEXT_PENALTY = 6.0
_DROPPED_BELOW = 0.02  # smaller terms change no decision and only lengthen the file
_DROPPED_WORD = 0.15  # a word's feature is a tenth or so, one among many
_WORD_PENALTY = 2.5
_WORD_SWEEPS = 15  # thousands of small weights; more sweeps move no decision
_ORIGIN = "origin."  # a feature of the fit alone: how often an invented set announces says nothing of real articles
_ORIGIN_PENALTY = 0.1


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """One frame that may be an announcement: its features, its sentence, and the order its rule gives it."""

    features: Mapping[str, float]
    sentence: str
    rank: int
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A labelled article as the matcher sees it. ``worth`` is how much it counts; ``base`` = part of the base set;
    ``words`` feed a model of their own, to which it counts ``words_worth`` (None = as much). ``origin`` names the invented
    set that it is of: where it is given, what is common to that set is fitted apart and forgotten."""

    labelled: Labelled
    article: Mapping[str, float]
    frames: tuple[FrameEvidence, ...]
    worth: float = 1.0
    base: bool = True
    words: Mapping[str, float] = field(default_factory=dict)
    words_worth: float | None = None
    origin: str = ""

    def row(self, frame: FrameEvidence | None) -> Row:
        return {**self.article, **(frame.features if frame else {"frame.none": 1.0})}

    @property
    def set_apart(self) -> Row:
        return {_ORIGIN + self.origin: 1.0} if self.origin else {}


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
    refitted: tuple[Scored, ...] = ()  # with ``refit``: both halves, each article by a model of the other four fifths


def penalty(name: str) -> float:
    """How strongly a term is drawn to nothing: what a frame says may speak louder than what stands anywhere."""
    if name.startswith(_ORIGIN):
        return _ORIGIN_PENALTY
    if name.startswith("frame."):
        return 6.0
    return 12.0 if name.startswith(("title.", "lead.", "headline.", "opening.")) else 16.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models of the same articles: one of the evidence, which chooses the frame, and one of the words alone."""

    evidence: Model
    words: Model


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a pair says of an article it had not seen: two log-odds."""

    labelled: Labelled
    evidence: float
    words: float
    can_alert: bool

    def row(self) -> Row:
        return {"evidence": self.evidence, "words": self.words}


def calibrate(
    evidence: Sequence[Evidence], threshold: float | None = None, *, seed: int = 1, refit: bool = False
) -> Calibration:
    """Fits on everything that is not held out. The threshold is the one of best cross-validated F1 unless given. With
    ``refit`` the weights, and only they, are fitted once more on all articles after every figure was taken: the figures then
    speak of a model that has seen half as much."""
    usable = [e for e in evidence if not (e.base and e.labelled.held_out)]
    base, extra = [e for e in usable if e.base], [e for e in usable if not e.base]
    held = [e for e in evidence if e.base and e.labelled.held_out]
    crossed = _cross_validated(base, extra, seed)
    mix = _mixed(crossed)
    pair = train(usable)
    unseen = _scored(mix, [*crossed, *_heard(pair, held)])
    again: tuple[Scored, ...] = ()
    if refit:
        pair = train(evidence)
        every = _cross_validated([*base, *held], extra, seed)
        mix = _mixed(every)
        again = _scored(mix, every)
    others = [e for e in base if not e.labelled.positive]
    context = fit(
        [e.article for e in others], [e.labelled.label == "context" for e in others], lambda _: _CONTEXT_PENALTY
    )
    return Calibration(
        intercept=round(_intercept(pair, mix), 4),
        weights=_weights(pair, mix),
        context_intercept=round(context.intercept, 4),
        context_weights=_rounded(context.weights, 1.0, _DROPPED_BELOW),
        prior=round(sum(e.labelled.positive for e in base) / max(1, len(base)), 4),
        threshold=threshold if threshold is not None else best_threshold(unseen[: len(base)]),
        unseen=unseen,
        refitted=again,
        fitted_on=len(evidence) if refit else len(usable),
    )


def _mixed(heard: Sequence[_Heard]) -> Model:
    """How far each of the two models is to be believed: their log-odds to probabilities again (Platt 1999), fitted on
    judgements of articles that they had not seen."""
    return fit([h.row() for h in heard], [h.labelled.positive for h in heard], lambda _: 0.01)


def _scored(mix: Model, heard: Sequence[_Heard]) -> tuple[Scored, ...]:
    return tuple(Scored(h.labelled, mix.probability(h.row()), h.can_alert) for h in heard)


def _shares(mix: Model) -> tuple[float, float]:
    return mix.weights.get("evidence", 0.0), mix.weights.get("words", 0.0)


def _intercept(pair: Pair, mix: Model) -> float:
    evidence, words = _shares(mix)
    return mix.intercept + evidence * pair.evidence.intercept + words * pair.words.intercept


def _weights(pair: Pair, mix: Model) -> dict[str, float]:
    """Both models as one list of terms: log-odds add up."""
    evidence, words = _shares(mix)
    return _rounded(pair.evidence.weights, evidence, _DROPPED_BELOW) | _rounded(
        pair.words.weights, words, _DROPPED_WORD
    )


def train(evidence: Sequence[Evidence]) -> Pair:
    """The models of all given articles, each by its best frame; the proving sentence shows which frame that is."""
    return Pair(_evidence_model([e for e in evidence if e.worth > 0]), _words_model(evidence))


def _evidence_model(evidence: Sequence[Evidence]) -> Model:
    model: Model | None = None
    labels = [e.labelled.positive for e in evidence]
    worth = [e.worth for e in evidence]
    for _ in range(_ROUNDS):
        rows = [{**e.row(_best(e, model)), **e.set_apart} for e in evidence]
        model = _without_origins(fit(rows, labels, penalty, worth=worth))
    assert model is not None
    return model


def _words_model(evidence: Sequence[Evidence]) -> Model:
    worth = [e.worth if e.words_worth is None else e.words_worth for e in evidence]
    heard = [(e, w) for e, w in zip(evidence, worth, strict=True) if w > 0]
    rows = [{**e.words, **e.set_apart} for e, _ in heard]
    labels = [e.labelled.positive for e, _ in heard]
    fitted = fit(rows, labels, _word_penalty(rows), worth=[w for _, w in heard], sweeps=_WORD_SWEEPS)
    return _without_origins(fitted)


def _without_origins(model: Model) -> Model:
    return Model(model.intercept, {n: w for n, w in model.weights.items() if not n.startswith(_ORIGIN)})


def _word_penalty(rows: Sequence[Row]) -> Callable[[str], float]:
    """A word of many articles is held back more than a rare one, by its inverse document frequency squared."""
    spread = Counter(name for row in rows for name in row)

    def held_back(name: str) -> float:
        if name.startswith(_ORIGIN):
            return _ORIGIN_PENALTY
        return _WORD_PENALTY / (math.log(len(rows) / spread[name]) + 1.0) ** 2

    return held_back


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


def _heard(pair: Pair, evidence: Sequence[Evidence]) -> Iterator[_Heard]:
    for e in evidence:
        best = max((pair.evidence.log_odds(e.row(f)) for f in e.frames), default=None)
        can_alert = best is not None
        said = best if best is not None else pair.evidence.log_odds(e.row(None))
        yield _Heard(e.labelled, said, pair.words.log_odds(e.words), can_alert)


def _cross_validated(base: Sequence[Evidence], extra: Sequence[Evidence], seed: int) -> list[_Heard]:
    order = list(range(len(base)))
    random.Random(seed).shuffle(order)
    out: list[_Heard] = []
    for fold in range(_FOLDS):
        left_out = set(order[fold::_FOLDS])
        pair = train([*(e for i, e in enumerate(base) if i not in left_out), *extra])
        out += _heard(pair, [base[i] for i in sorted(left_out)])
    return out


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


def _rounded(weights: Mapping[str, float], share: float, least: float) -> dict[str, float]:
    return {n: round(w * share, 3) for n, w in sorted(weights.items()) if abs(w * share) >= least}
