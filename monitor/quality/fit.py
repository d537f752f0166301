"""Fits a logistic regression with a quadratic penalty in plain Python: coordinate descent on sparse rows.

Seven hundred articles with sixty features each take about two seconds; no library is needed to fit or to use it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, float]
_SWEEPS = 60
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Model:
    intercept: float
    weights: dict[str, float]

    def log_odds(self, row: Row) -> float:
        get = self.weights.get
        return self.intercept + sum(v * get(k, 0.0) for k, v in row.items())

    def probability(self, row: Row) -> float:
        return _sigmoid(self.log_odds(row))


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -40 else 0.0


def fit(
    rows: Sequence[Row],
    labels: Sequence[bool],
    penalty: Callable[[str], float],
    *,
    worth: Sequence[float] | None = None,
    least: int = 3,
    sweeps: int = _SWEEPS,
) -> Model:
    """The penalised maximum-likelihood weights. ``worth`` is how much each row counts (1 where left out). Features that
    fewer than ``least`` rows have are left out; ``sweeps`` bounds the work where there are thousands."""
    counts = list(worth) if worth is not None else [1.0] * len(rows)
    columns: dict[str, list[tuple[int, float]]] = {}
    for i, row in enumerate(rows):
        for name, value in row.items():
            columns.setdefault(name, []).append((i, value))
    columns = {n: c for n, c in sorted(columns.items()) if len(c) >= least}
    rate = (sum(c for c, y in zip(counts, labels, strict=True) if y) + 0.5) / (sum(counts) + 1.0)
    intercept = math.log(rate / (1 - rate))
    weights = dict.fromkeys(columns, 0.0)
    margins = [intercept] * len(rows)
    targets = [1.0 if y else 0.0 for y in labels]
    penalties = {n: penalty(n) for n in columns}
    for _ in range(sweeps):
        moved = 0.0
        step = _newton([(i, 1.0) for i in range(len(rows))], margins, targets, counts, 0.0, 0.0)
        intercept += step
        margins = [m + step for m in margins]
        for name, column in columns.items():
            step = _newton(column, margins, targets, counts, weights[name], penalties[name])
            if step:
                weights[name] += step
                for i, value in column:
                    margins[i] += step * value
                moved = max(moved, abs(step))
        if moved < _TOLERANCE:
            break
    return Model(intercept, {n: w for n, w in weights.items() if abs(w) >= 5e-4})


def _newton(
    column: Sequence[tuple[int, float]],
    margins: Sequence[float],
    targets: Sequence[float],
    counts: Sequence[float],
    at: float,
    penalty: float,
) -> float:
    """One damped Newton step for one weight."""
    gradient, curvature = penalty * at, penalty + 1e-9
    for i, value in column:
        p = _sigmoid(margins[i])
        gradient += (p - targets[i]) * value * counts[i]
        curvature += p * (1 - p) * value * value * counts[i]
    return max(-1.0, min(1.0, -gradient / curvature))
