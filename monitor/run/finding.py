"""What the doctor says of one part of an installation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do. ``exit_code`` is 0 unless it is a fault."""

    part: str
    level: Level
    words: str
    advice: str = ""
    exit_code: int = 0


def exit_code(findings: Iterable[Finding]) -> int:
    """The code of the worst finding: what a restart cannot mend (3, then 2) before what time may mend (4)."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in (3, 2, 4) if code in codes), 0)
