"""The hourly check that nothing owed is lost: each piece of news owed to a route is exactly one of sent, queued, dead,
silenced, paused, digested. Pure; the product runs it on itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model import Decision, Delivery, DeliveryState, Told


class Account(StrEnum):
    """Where a piece of news is."""

    SENT = "sent"
    QUEUED = "queued"
    DEAD = "dead"
    SILENCED = "silenced"
    PAUSED = "paused"
    DIGESTED = "digested"
    WAITING = "waiting"  # for its digest or overflow message, which is still to come


# A digest waits at most a week for its weekday; the end of a pause is the operator's to choose.
LONGEST_WAIT = timedelta(days=8)
_OUTBOX = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY})


@dataclass(frozen=True, slots=True)
class Balance:
    """How much stands on which account, and what stands on none."""

    counts: Mapping[Account, int]
    missing: tuple[Told, ...]


def balance(told: Iterable[Told], deliveries: Mapping[str, Iterable[Delivery]], now: datetime) -> Balance:
    """``deliveries`` are keyed by the message that they carry (``Told.delivery_id``)."""
    counts: Counter[Account] = Counter()
    missing = []
    for each in told:
        account = account_of(each, tuple(deliveries.get(each.delivery_id, ())) if each.delivery_id else (), now)
        if account is None:
            missing.append(each)
        else:
            counts[account] += 1
    return Balance(dict(counts), tuple(missing))


def account_of(told: Told, carried_by: tuple[Delivery, ...], now: datetime) -> Account | None:
    """The one account of a piece of news; None where it is lost. What goes to several mailboxes is queued until the
    last has its answer, and sent when one of them got it."""
    decision = told.owed.decision
    if decision is Decision.SILENCED:
        return Account.SILENCED
    if not told.delivery_id:
        if decision is Decision.PAUSED:
            return Account.PAUSED
        waits = decision in (Decision.DIGEST, Decision.NEAR, Decision.HELD) and now - told.told_at < LONGEST_WAIT
        return Account.WAITING if waits else None
    states = {delivery.state for delivery in carried_by}
    if not states:
        return None
    if states & _OUTBOX:
        return Account.QUEUED
    if DeliveryState.SENT in states:
        return Account.SENT if decision is Decision.IMMEDIATE else Account.DIGESTED
    if DeliveryState.DIGESTED in states:
        return Account.DIGESTED
    if DeliveryState.PAUSED in states:
        return Account.PAUSED
    return Account.SILENCED if DeliveryState.SILENCED in states else Account.DEAD
