"""When a delivery is tried again, when it is given up, and when a target that keeps failing is left alone for a while.
Pure: chance and time are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model import DeliveryState, SendFault, SendResult, TargetState
from monitor.text import counted

JITTER = 0.1  # of each wait, either way: many machines must not knock at the same second
CIRCUIT_FIRST_S = 300.0
CIRCUIT_LONGEST_S = 3600.0
# Faults of the line or the server; a refused recipient says that the server is well.
_LINE_FAULTS = frozenset(
    {SendFault.CONNECT, SendFault.DEADLINE, SendFault.TLS, SendFault.AUTH, SendFault.BUSY, SendFault.LOCAL}
)


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a delivery after an attempt. ``due_at`` is set for a retry only."""

    state: DeliveryState
    reason: str
    due_at: datetime | None = None


def after(result: SendResult, attempts: int, waits_s: Sequence[float], now: datetime, chance: float) -> Next:
    """The fate of a delivery after its ``attempts``-th attempt (from 1). Waits follow the schedule of Standard
    Webhooks; a longer Retry-After is honoured. ``chance`` is a random number in [0, 1)."""
    if result.ok:
        return Next(DeliveryState.SENT, result.answer)
    if result.permanent:
        return Next(DeliveryState.DEAD, result.answer)
    if attempts > len(waits_s):
        return Next(DeliveryState.DEAD, f"given up after {counted(attempts, 'attempt')}: {result.answer}")
    wait_s = waits_s[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    if result.retry_after_s is not None:
        wait_s = max(wait_s, result.retry_after_s)
    return Next(DeliveryState.RETRY, result.answer, now + timedelta(seconds=wait_s))


class Event(StrEnum):
    """What operators are told about a target, by another channel."""

    CIRCUIT = "circuit"  # it keeps failing
    DISABLED = "disabled"
    AUTH = "auth"
    DEAD = "dead"  # a delivery was given up
    RECOVERED = "recovered"


def target_after(
    state: TargetState, result: SendResult, gave_up: bool, circuit_after: int, now: datetime
) -> tuple[TargetState, tuple[Event, ...]]:
    """The target after an attempt, and what that is worth telling: each once per episode."""
    if result.ok:
        recovered = (Event.RECOVERED,) if state.failures >= circuit_after else ()
        return replace(state, failures=0, open_until=None, answer=""), recovered
    given_up = (Event.DEAD,) if gave_up else ()
    if result.disable:
        return replace(state, disabled=True, answer=result.answer), (Event.DISABLED,)
    if result.fault not in _LINE_FAULTS:
        return replace(state, failures=0, open_until=None, answer=result.answer), given_up
    failures = state.failures + 1
    open_until = state.open_until
    if failures >= circuit_after:
        over = failures - circuit_after
        open_until = now + timedelta(seconds=min(CIRCUIT_LONGEST_S, CIRCUIT_FIRST_S * 2 ** min(over, 8)))
    if result.retry_after_s and result.fault is SendFault.BUSY:
        open_until = max(open_until or now, now + timedelta(seconds=result.retry_after_s))
    events: list[Event] = list(given_up)
    if failures == circuit_after:
        events.append(Event.CIRCUIT)
    if result.fault is SendFault.AUTH and failures == 1:
        events.append(Event.AUTH)
    changed = replace(state, failures=failures, open_until=open_until, answer=result.answer)
    return changed, tuple(events)


def is_open(state: TargetState | None, now: datetime) -> bool:
    """Whether nothing may be tried at a target now."""
    if state is None:
        return False
    return state.disabled or (state.open_until is not None and state.open_until > now)
