"""The calibrated second stage: a logistic regression whose terms stand in rules/weights.yaml. No library needed."""

from __future__ import annotations

import math
from collections.abc import Mapping

Features = Mapping[str, float]


def raw(features: Features, weights: Mapping[str, float]) -> float:
    """The sum of the terms that the features have."""
    get = weights.get
    # a list, not a generator: an article has hundreds of features
    return sum([value * weight for name, value in features.items() if (weight := get(name)) is not None])


def probability(log_odds: float) -> float:
    """Log-odds to a probability, without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-min(log_odds, 60.0)))
    grown = math.exp(max(log_odds, -60.0))
    return grown / (1.0 + grown)


def terms(features: Features, weights: Mapping[str, float], least: float = 0.05) -> tuple[tuple[str, float], ...]:
    """The terms of a score, the weightiest first, for people to read."""
    found = [(name, value * weights.get(name, 0.0)) for name, value in features.items()]
    return tuple(sorted(((n, round(w, 3)) for n, w in found if abs(w) >= least), key=lambda t: (-abs(t[1]), t[0])))
