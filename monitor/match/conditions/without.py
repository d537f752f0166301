"""``without: [cue.purchase]``: the sentence holds none of these concepts."""

from __future__ import annotations

from monitor.match.frames import Frame


def parse(value: list[str]) -> frozenset[str]:
    """Settings from YAML. Raises ValueError."""
    if not isinstance(value, list) or not value:
        raise ValueError("when.without: a list of concepts")
    return frozenset(value)


def concepts(settings: frozenset[str]) -> frozenset[str]:
    return settings


def holds(settings: frozenset[str], scene: Frame) -> bool:
    return not any(hit[2].ref in settings for hit in (*scene.part.cues, *scene.part.acts, *scene.part.instruments))
