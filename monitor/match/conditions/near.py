"""``near: {acts: [...], instruments: [...], within: 20}``: an act and an instrument close together in one sentence.

With only one of the lists, a word of that list is enough. ``of_tier: 1`` takes acts of that tier or a stronger one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from monitor.match.conditions import number, table, words
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit

# fourteen words stood between "hanno annunciato" and "accordo" in a real lead, so the default window is wide
_WITHIN_WORDS = 20


@dataclass(frozen=True, slots=True)
class Settings:
    acts: frozenset[str] = frozenset()
    instruments: frozenset[str] = frozenset()
    within: int = _WITHIN_WORDS


def parse(value: Any) -> Settings:
    """Settings from YAML. Raises ValueError."""
    written = table("near", value, ("acts", "instruments", "within"))
    if "acts" not in written and "instruments" not in written:
        raise ValueError("when.near: name acts, instruments or both")
    return Settings(
        _ids("act", written, "acts"),
        _ids("instrument", written, "instruments"),
        number("near.within", written.get("within", _WITHIN_WORDS), least=1),
    )


def _ids(kind: str, written: dict[str, Any], key: str) -> frozenset[str]:
    return frozenset(f"{kind}.{name}" for name in words(f"near.{key}", written[key])) if key in written else frozenset()


def concepts(settings: Settings) -> frozenset[str]:
    """The concept ids it speaks of, to be checked against those that exist."""
    return settings.acts | settings.instruments


def find(settings: Settings, part: Part, reading: Reading) -> Iterator[tuple[Hit | None, Hit | None, int]]:
    """(act, instrument, words between them): the nearest instrument of each act; one hit where one list is empty."""
    acts = [h for h in part.acts if h[2].ref in settings.acts]
    instruments = [h for h in part.instruments if h[2].ref in settings.instruments]
    if not settings.instruments:
        for act in acts:
            yield act, None, 0
    elif not settings.acts:
        for instrument in instruments:
            yield None, instrument, 0
    else:
        for act in acts:
            pairs = [(_gap(act, i, reading), i) for i in instruments if not (act[0] == i[0] and act[1] == i[1])]
            nearest = min(pairs, key=lambda p: p[0], default=None)
            if nearest is not None and nearest[0] <= settings.within:
                yield act, nearest[1], nearest[0]


def _gap(act: Hit, instrument: Hit, reading: Reading) -> int:
    left, right = (act, instrument) if act[0] <= instrument[0] else (instrument, act)
    return reading.words_between(left[1], right[0]) if right[0] > left[1] else 0


def holds(settings: Settings, scene: Any) -> bool:
    """Always: ``find`` has found the frame."""
    return True
