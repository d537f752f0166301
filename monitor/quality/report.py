"""A calibration as the two texts a person reads and commits: the weights file, and how far its scores can be trusted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from monitor.quality.calibrate import Calibration, Scored, brier, figures

_NATURAL_RATE = 0.01  # about one article in a hundred of a broad feed list announces something
_TOLD = frozenset({"all", "open half", "locked half"})  # rows of their own
_BINS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def weights_yaml(c: Calibration, trained_on: str) -> str:
    """rules/weights.yaml as text."""
    lines = [
        "# The calibrated second stage: terms of a logistic regression over evidence features (docs/quality.md).",
        "# Written by `coopwatch calibrate` on labelled articles; a person commits it. Positive speaks for an announcement.",
        f'trained_on: "{trained_on}"',
        f"prior: {c.prior}",
        f"threshold: {c.threshold}",
        "context_threshold: 0.45",
        f"intercept: {c.intercept}",
        "weights:",
        *(f"  {_key(name)}: {weight}" for name, weight in c.weights.items()),
        f"context_intercept: {c.context_intercept}",
        "context_weights:",
        *(f"  {name}: {weight}" for name, weight in c.context_weights.items()),
    ]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    """A name as YAML key: a pair of words may hold a colon before its blank."""
    return json.dumps(name, ensure_ascii=False) if " " in name else name


def report(c: Calibration) -> str:
    """Markdown: figures of unseen articles, by group, and the reliability table."""
    crossed = [s for s in c.unseen if not s.labelled.held_out]
    held = [s for s in c.unseen if s.labelled.held_out]
    groups = _groups(crossed, held)
    if c.refitted:
        groups += [(f"refitted, {name}", group) for name, group in _parts(list(c.refitted))]
    lines = [
        f"Fitted on {c.fitted_on} articles; threshold {c.threshold}; calibrated to a share of {c.prior:.0%} announcements.",
        "",
        "| unseen articles | n | announcements | precision | recall | F1 | Brier |",
        "|---|---|---|---|---|---|---|",
        *(_row(name, group, c.threshold) for name, group in groups if group),
        "",
        "| score | articles | of these announcements | mean score | at the natural rate of 1 % |",
        "|---|---|---|---|---|",
        *_reliability(c),
        "",
        *_natural(crossed, c.threshold),
    ]
    return "\n".join(lines) + "\n"


def _groups(crossed: Sequence[Scored], held: Sequence[Scored]) -> list[tuple[str, list[Scored]]]:
    return [
        ("cross-validated", list(crossed)),
        ("held out, never fitted", list(held)),
        *((f"both, {name}", group) for name, group in _parts([*crossed, *held]) if name not in _TOLD),
    ]


def _parts(scored: list[Scored]) -> list[tuple[str, list[Scored]]]:
    languages = sorted({s.labelled.article.language for s in scored})
    return [
        ("all", scored),
        ("open half", [s for s in scored if not s.labelled.held_out]),
        ("locked half", [s for s in scored if s.labelled.held_out]),
        *((lang, [s for s in scored if s.labelled.article.language == lang]) for lang in languages),
        *((name, [s for s in scored if s.labelled.stratum == name]) for name in ("desk", "hard_negative", "random")),
    ]


def _row(name: str, group: Sequence[Scored], threshold: float) -> str:
    p, r, f = figures(group, threshold)
    positives = sum(s.labelled.positive for s in group)
    return f"| {name} | {len(group)} | {positives} | {p:.2f} | {r:.2f} | {f:.2f} | {brier(group):.3f} |"


def _reliability(c: Calibration) -> list[str]:
    out = []
    for low, high in pairwise(_BINS):
        inside = [s for s in c.unseen if low <= s.probability < high or (high == 1.0 and s.probability == 1.0)]
        if not inside:
            continue
        share = sum(s.labelled.positive for s in inside) / len(inside)
        mean = sum(s.probability for s in inside) / len(inside)
        out.append(
            f"| {low:.2f} to {high:.2f} | {len(inside)} | {share:.2f} | {mean:.2f} | {at_rate(mean, c.prior):.2f} |"
        )
    return out


def at_rate(probability: float, prior: float, rate: float = _NATURAL_RATE) -> float:
    """What a score means where announcements are rarer than in the labelled set: Bayes' rule with another prior."""
    if not 0 < probability < 1 or not 0 < prior < 1:
        return probability
    odds = probability / (1 - probability) * (rate / (1 - rate)) / (prior / (1 - prior))
    return odds / (1 + odds)


def _natural(crossed: Sequence[Scored], threshold: float) -> list[str]:
    real = [s for s in crossed if s.labelled.positive]
    plain = [s for s in crossed if s.labelled.stratum == "random" and not s.labelled.positive]
    if not real or not plain:
        return []
    alarms = sum(s.can_alert and s.probability >= threshold for s in plain)
    _, recall, _ = figures(crossed, threshold)
    return [
        f"Of {len(plain)} articles drawn at random that announce nothing, {alarms} would alert; {recall:.2f} of the",
        "announcements would be told. The labelled set is made of doubtful cases, a feed is not: the scores are",
        "calibrated to the set's mix, and the last column of the table says what they mean among all articles of a feed.",
    ]
