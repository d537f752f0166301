"""Who is told as a party, of all that a sentence names: "comes as the US and China vie", "after Russia's invasion of Ukraine"
name states that do not act."""

from __future__ import annotations

from monitor.match.frames import Cast, Frame, crosses, linked
from monitor.match.mentions import Mentioned
from monitor.match.reading import Reading


def told_cast(frame: Frame, reading: Reading) -> Cast:
    """The frame's cast without whom the headline passes over. Where the headline names principals of two countries, and the
    sentence all of them and more, only those count that stand in one row with one of them ("Italy, France and Spain")."""
    title, cast = reading.parts[0], frame.cast
    if title.rank > 0 or frame.part is title:
        return cast
    acting = [m for m in title.mentions if m.standing == "acts"]
    named = {m.principal for m in acting}
    if not crosses(acting) or not named < {m.principal for m in cast.mentions}:
        return cast
    kept = _in_a_row(named, frame, reading)
    return Cast(tuple(m for m in cast.mentions if m.principal in kept), cast.source)


def _in_a_row(named: set[str], frame: Frame, reading: Reading) -> set[str]:
    """``named`` and whoever is linked to one of them, or to another in the same row."""
    kept = set(named)
    pairs: list[tuple[Mentioned, Mentioned]] = list(linked(frame.cast.mentions, frame.part, reading))
    for left, right in (*pairs, *reversed(pairs)):
        if not kept.isdisjoint((left.principal, right.principal)):
            kept |= {left.principal, right.principal}
    return kept
