"""What the shipped rules and weights reach on the labelled articles, where they are present, may only rise."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from monitor import rulebook
from monitor.match import Matcher
from monitor.quality.labels import read

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TOLERANCE = 1  # articles
FLOORS = Path(__file__).with_name("floors.yaml")


@pytest.mark.shared
def test_the_labelled_articles_are_judged_no_worse(rules_dir: Path, rules_cache: Path, shared: Path) -> None:
    matcher = Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    with (shared / "data/announcements-dev.jsonl").open(encoding="utf-8") as lines:
        for x in read(lines):
            group = x.article.language if x.article.language in ("it", "en") else "other"
            if matcher.judge(x.article, now=NOW).alert:
                (right if x.positive else wrong)[group] += 1
    floors = yaml.safe_load(FLOORS.read_text(encoding="utf-8"))
    worse = [
        f"{group}: {right[group]} right, {wrong[group]} wrong; floor {floor}"
        for group, floor in floors.items()
        if right[group] < floor["right"] - TOLERANCE or wrong[group] > floor["wrong"] + TOLERANCE
    ]
    assert worse == []
