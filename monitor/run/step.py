"""What a step is: claim, act, commit - three functions that every runner shares - and what acting in one leaves behind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")

Counts = Mapping[str, int]


class Step(Protocol[Work, Result]):
    """One step of the flow. ``claim`` and ``commit`` touch the store only and run in the writing thread; ``act`` touches
    network or workers only and never raises for its own work."""

    @property
    def name(self) -> str: ...

    @property
    def concurrency(self) -> int:
        """How many works may be under way at once."""
        ...

    def claim(self, now: datetime, limit: int) -> Sequence[Work]: ...

    async def act(self, work: Work) -> Result: ...

    def commit(self, results: Sequence[Result], now: datetime) -> Counts:
        """Stores results; returns what happened, in numbers by name."""
        ...

    def wakes(self, counts: Counts) -> Collection[str]:
        """The steps, by name, to which what a commit counted may give something to do."""
        ...


AnyStep = Step[Any, Any]
