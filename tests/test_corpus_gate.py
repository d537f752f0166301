"""The corpus of our own as a gate: what was once found, kept apart or told once stays so (tests/corpus/floors.yaml)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.corpus_figures import (
    COSTS,
    Figures,
    article_figures,
    better,
    floors,
    grouping_figures,
    headline_figures,
    kind_figures,
    lookalike_figures,
    novelty_figures,
)

TOLERANCE = 1  # articles (of grouping: pairs)
TOLERANCE_PERCENT = 3  # what one article moves a small set by


@pytest.mark.parametrize(
    "measure", [article_figures, headline_figures, kind_figures, grouping_figures, lookalike_figures, novelty_figures]
)
def test_no_figure_of_the_corpus_is_worse_than_its_floor(measure: Callable[[], Figures]) -> None:
    pinned = floors()
    worse = [
        f"{group} {name}: {count}, floor {pinned[group][name]}"
        for group, counts in measure().items()
        for name, count in counts.items()
        if (count - pinned[group][name] if name in COSTS else pinned[group][name] - count)
        > (TOLERANCE_PERCENT if name.endswith("_percent") else TOLERANCE)
    ]
    assert worse == []


def test_a_floor_only_becomes_better() -> None:
    assert better("found", 5, 3) == 5
    assert better("wrong_alerts", 5, 3) == 3
