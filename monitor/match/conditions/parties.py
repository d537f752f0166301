"""``parties: {min: 2, source: [sentence]}``: how many principals take part and where they are named.

``source`` is any of sentence, publisher, previous, title, next, lead, place (all but place unless said).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitor.match.frames import Frame

_SOURCES = frozenset({"sentence", "publisher", "previous", "title", "next", "lead"})


@dataclass(frozen=True, slots=True)
class Settings:
    least: int = 2
    sources: frozenset[str] = _SOURCES


def parse(value: dict[str, Any]) -> Settings:
    """Settings from YAML. Raises ValueError."""
    unknown = value.keys() - {"min", "source"}
    if unknown:
        raise ValueError(f"when.parties: unknown key {', '.join(sorted(unknown))}")
    sources = frozenset(value.get("source", _SOURCES))
    if sources - _SOURCES - {"place", "few"}:
        raise ValueError(f"when.parties.source: one of {', '.join(sorted(_SOURCES))}, place, few")
    return Settings(int(value.get("min", 2)), sources)


def holds(settings: Settings, scene: Frame) -> bool:
    return scene.cast.source in settings.sources and len(scene.cast.principals) >= settings.least
