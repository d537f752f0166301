"""``parties: {min: 2, source: [sentence]}``: how many principals take part and where they are named.

``source`` is any of sentence, publisher, previous, title, next, lead, receiver, collective, unknown, place (all but place
unless said); ``sentence`` includes the receiver that stands in it and parties that no list knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitor.match.conditions import number, table, words
from monitor.match.frames import Cast, Frame

_SOURCES = frozenset(
    {"sentence", "publisher", "previous", "title", "next", "lead", "receiver", "collective", "unknown"}
)
_NOT_UNLESS_SAID = frozenset({"place", "few"})


@dataclass(frozen=True, slots=True)
class Settings:
    least: int = 2
    sources: frozenset[str] = _SOURCES


def parse(value: Any) -> Settings:
    """Settings from YAML. Raises ValueError."""
    written = table("parties", value, ("min", "source"))
    sources = words("parties.source", written["source"]) if "source" in written else _SOURCES
    if sources - _SOURCES - _NOT_UNLESS_SAID:
        raise ValueError(f"when.parties.source: of {', '.join(sorted(_SOURCES | _NOT_UNLESS_SAID))}")
    if "sentence" in sources:
        sources |= {"receiver", "unknown"}
    return Settings(number("parties.min", written.get("min", 2), least=1), sources)


def enough(settings: Settings, cast: Cast) -> bool:
    """Whether these take part, as the rule asks: what can be said before there is a frame."""
    return cast.source in settings.sources and len(cast.principals) >= settings.least


def holds(settings: Settings, scene: Frame) -> bool:
    return enough(settings, scene.cast)
