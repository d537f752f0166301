"""``with_any: [cue.joint, cue.both]``: the sentence holds one of these concepts."""

from __future__ import annotations

from typing import Any

from monitor.match.conditions import words
from monitor.match.frames import Frame


def parse(value: Any) -> frozenset[str]:
    """Settings from YAML. Raises ValueError."""
    return words("with_any", value)


def concepts(settings: frozenset[str]) -> frozenset[str]:
    return settings


def holds(settings: frozenset[str], scene: Frame) -> bool:
    part: Any = scene.part
    return any(hit[2].ref in settings for hit in (*part.cues, *part.acts, *part.instruments, *part.sectors))
