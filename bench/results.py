"""What a row of the report is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.product import OriginProcess


@dataclass(frozen=True, slots=True)
class Row:
    """One line of issue 7's table: what was reached beside what must and should be."""

    work: str
    reached: float
    unit: str  # "x" for ratios
    must: float
    aim: float
    is_ratio_up: bool  # more is better
    detail: str = ""

    @property
    def verdict(self) -> str:
        def holds(bound: float) -> bool:
            return self.reached >= bound if self.is_ratio_up else self.reached <= bound

        return "aim" if holds(self.aim) else "must" if holds(self.must) else "**short**"

    def cells(self) -> tuple[str, ...]:
        def shown(value: float) -> str:
            return f"{value:.2f}{self.unit if self.unit == 'x' else ' ' + self.unit}".replace(".00", "")

        return (self.work, shown(self.reached), shown(self.must), shown(self.aim), self.verdict, self.detail)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every row is given: a folder to work in, the origin, and how often each side is measured."""

    folder: Path
    origin: OriginProcess
    rounds: int
    scale: float  # 1 = the report's sizes; smaller for trying out

    @property
    def cache(self) -> Path:
        """The expanded forms that every installation of the suite starts with."""
        return self.folder / "warm" / "state" / "cache"

    def size(self, full: int) -> int:
        return max(20, int(full * self.scale))
