"""``together: true``: two parties act as one: they stand side by side and do the act ("Italia e Cile hanno inaugurato",
"italo-cinese"), the sentence says "the two countries" of parties that others name, or an organisation acts with its members.
"""

from __future__ import annotations

from typing import Any

from monitor.match.frames import Frame

_BOTH = "cue.both"


def parse(value: Any) -> bool:
    """Settings from YAML. Raises ValueError."""
    if value is not True:
        raise ValueError(f"when.together: true, not {value!r}")
    return True


def holds(settings: bool, scene: Frame) -> bool:
    source = scene.cast.source
    return scene.is_joint or source == "collective" or (source != "few" and _BOTH in scene.part.cue_names)
