from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alert import accounting
from monitor.alert.accounting import Account
from monitor.model import Decision, Delivery, DeliveryState, EventType, Owed, Stage, Told, Why
from tests.alert.make import NOW


def told(decision: Decision, delivery_id: str = "", age: timedelta = timedelta(hours=1)) -> Told:
    return Told(Owed("desk", "st-1", Stage.SIGNED, "", decision, Why.NEW), NOW - age, delivery_id)


def delivery(state: DeliveryState) -> Delivery:
    return Delivery("cw_1.a", "desk", "email", "a@b", EventType.STORY_NEW, ("st-1",), b"", state, NOW, NOW)


@pytest.mark.parametrize(
    ("one", "states", "account"),
    [
        (told(Decision.IMMEDIATE, "cw_1"), [DeliveryState.SENT], Account.SENT),
        (told(Decision.IMMEDIATE, "cw_1"), [DeliveryState.SENT, DeliveryState.RETRY], Account.QUEUED),
        (told(Decision.IMMEDIATE, "cw_1"), [DeliveryState.SENT, DeliveryState.DEAD], Account.SENT),
        (told(Decision.IMMEDIATE, "cw_1"), [DeliveryState.DEAD], Account.DEAD),
        (told(Decision.IMMEDIATE, "cw_1"), [DeliveryState.DIGESTED], Account.DIGESTED),
        (told(Decision.IMMEDIATE, "cw_1"), [], None),
        (told(Decision.IMMEDIATE), [], None),
        (told(Decision.DIGEST), [], Account.WAITING),
        (told(Decision.DIGEST, age=timedelta(days=9)), [], None),
        (told(Decision.DIGEST, "cw_1"), [DeliveryState.SENT], Account.DIGESTED),
        (told(Decision.HELD), [], Account.WAITING),
        (told(Decision.SILENCED), [], Account.SILENCED),
        (told(Decision.PAUSED, age=timedelta(days=20)), [], Account.PAUSED),
    ],
)
def test_each_piece_of_news_stands_on_one_account(
    one: Told, states: list[DeliveryState], account: Account | None
) -> None:
    result = accounting.balance([one], {"cw_1": [delivery(state) for state in states]}, NOW)
    assert result.counts == ({account: 1} if account else {})
    assert result.missing == (() if account else (one,))


@pytest.mark.parametrize(
    ("back", "account"),
    [
        (None, Account.PAUSED),
        (timedelta(days=4), Account.PAUSED),  # still absent
        (timedelta(hours=-2), Account.PAUSED),  # just back: the summary is on its way
        (timedelta(days=-2), None),  # no summary came
    ],
)
def test_what_an_absence_held_is_lost_when_its_return_brought_no_summary(
    back: timedelta | None, account: Account | None
) -> None:
    held = told(Decision.PAUSED, age=timedelta(days=20))
    absences = {} if back is None else {"desk": NOW + back}
    result = accounting.balance([held], {}, NOW, absences)
    assert result.counts == ({account: 1} if account else {})
    assert result.missing == (() if account else (held,))


def test_another_route_s_return_says_nothing() -> None:
    held = told(Decision.PAUSED, age=timedelta(days=20))
    assert accounting.balance([held], {}, NOW, {"other": NOW - timedelta(days=5)}).missing == ()
