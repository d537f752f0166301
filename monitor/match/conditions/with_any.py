"""``with_any: [cue.joint, cue.both]``: the sentence holds one of these concepts."""

from __future__ import annotations

from typing import Any

from monitor.match.frames import Frame


def parse(value: list[str]) -> frozenset[str]:
    """Settings from YAML. Raises ValueError."""
    if not isinstance(value, list) or not value:
        raise ValueError("when.with_any: a list of concepts")
    return frozenset(value)


def concepts(settings: frozenset[str]) -> frozenset[str]:
    return settings


def holds(settings: frozenset[str], scene: Frame) -> bool:
    part: Any = scene.part
    return any(hit[2].ref in settings for hit in (*part.cues, *part.acts, *part.instruments, *part.sectors))
