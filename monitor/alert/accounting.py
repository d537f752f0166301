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
RETURN_WAIT = timedelta(days=1)  # the summary of a return goes out with it; a machine may be down meanwhile
_OUTBOX = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY})


@dataclass(frozen=True, slots=True)
class Balance:
    """How much stands on which account, and what stands on none."""

    counts: Mapping[Account, int]
    missing: tuple[Told, ...]


def balance(
    told: Iterable[Told],
    deliveries: Mapping[str, Iterable[Delivery]],
    now: datetime,
    absent_until: Mapping[str, datetime] | None = None,
) -> Balance:
    """``deliveries`` are keyed by the message that they carry (``Told.delivery_id``); ``absent_until`` says of routes when
    their last absence ends or ended."""
    absences = absent_until or {}
    counts: Counter[Account] = Counter()
    missing = []
    for each in told:
        carried_by = tuple(deliveries.get(each.delivery_id, ())) if each.delivery_id else ()
        account = account_of(each, carried_by, now, absences.get(each.owed.route))
        if account is None:
            missing.append(each)
        else:
            counts[account] += 1
    return Balance(dict(counts), tuple(missing))


def account_of(
    told: Told, carried_by: tuple[Delivery, ...], now: datetime, absent_until: datetime | None = None
) -> Account | None:
    """The one account of a piece of news; None where it is lost. What goes to several mailboxes is queued until the
    last has its answer, and sent when one of them got it. What waits for a message of an absent route waits from its
    return on, and what its absence held is lost when no summary came with the return."""
    decision = told.owed.decision
    if decision is Decision.SILENCED:
        return Account.SILENCED
    if not told.delivery_id:
        if decision is Decision.PAUSED:
            is_back = absent_until is not None and now - absent_until >= RETURN_WAIT
            return None if is_back else Account.PAUSED
        since = max(told.told_at, absent_until) if absent_until else told.told_at
        waits = decision in (Decision.DIGEST, Decision.NEAR, Decision.HELD) and now - since < LONGEST_WAIT
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
