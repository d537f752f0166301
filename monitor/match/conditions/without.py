"""``without: [cue.purchase]``: the sentence holds none of these concepts."""

from __future__ import annotations

from typing import Any

from monitor.match.conditions import words
from monitor.match.frames import Frame


def parse(value: Any) -> frozenset[str]:
    """Settings from YAML. Raises ValueError."""
    return words("without", value)


def concepts(settings: frozenset[str]) -> frozenset[str]:
    return settings


def holds(settings: frozenset[str], scene: Frame) -> bool:
    return not any(hit[2].ref in settings for hit in (*scene.part.cues, *scene.part.acts, *scene.part.instruments))
