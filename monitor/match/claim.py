"""Who claims an act: the only party that the proving sentence lets speak of it, while nobody has signed anything."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.match.frames import Frame
from monitor.match.mentions import Mentioned
from monitor.model import Stage

_AFTER_CHARS = 8  # "according to Seoul", "secondo il Cremlino": the speaker follows at once
_BEFORE_CHARS = 48  # "Seoul's presidential office said"


def claimed_by(frame: Frame, stage: Stage) -> str:
    """The principal's id; empty where both sides speak, nobody does, or the act is signed or at work (all took part)."""
    if stage is not Stage.ANNOUNCED or "cue.both" in frame.part.cue_names:
        return ""
    speakers = {m.principal for m in _speakers(frame)}
    return speakers.pop() if len(speakers) == 1 else ""


def _speakers(frame: Frame) -> Iterator[Mentioned]:
    named = frame.part.mentions
    for start, end, _ in (cue for cue in frame.part.cues if cue[2].ref == "cue.said"):
        after = [m for m in named if 0 <= m.start - end <= _AFTER_CHARS]
        before = [m for m in named if 0 <= start - m.end <= _BEFORE_CHARS]
        yield from after[:1] or before[-1:]
    if frame.act is None or frame.act[2].ref != "act.announce" or frame.time == "noun":
        return
    yield from (m for m in named if m.end <= frame.act[0] and m.standing == "acts")
