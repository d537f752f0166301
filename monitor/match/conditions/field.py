"""``field: title``: the sentence stands there. title, lead (the first two sentences of the text) or head (both)."""

from __future__ import annotations

from typing import Any

from monitor.match.frames import Frame

_RANKS = {"title": (0, 0), "lead": (1, 2), "head": (0, 2)}


def parse(value: Any) -> tuple[int, int]:
    """Settings from YAML. Raises ValueError."""
    if not isinstance(value, str) or value not in _RANKS:
        raise ValueError(f"when.field: one of {', '.join(_RANKS)}")
    return _RANKS[value]


def holds(settings: tuple[int, int], scene: Frame) -> bool:
    return settings[0] <= scene.part.rank <= settings[1]
