"""What operators do to routes while news arrives, from decision to delivery: absence, a changed secret, a mail server that
stays away."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from monitor.config import DeliverySettings, MatchClause
from monitor.model import Pause
from monitor.store.people import pause_route
from tests.alert.servers import Mailhost
from tests.faults.alerts.bench import OLD_SECRET, SECRET, Product, Street, desk, hook_route, parsed, plain
from tests.faults.alerts.bench import signature_holds as holds
from tests.faults.alerts.test_delivery import HOUR_S, many

pytestmark = pytest.mark.skipif(os.environ.get("COOPWATCH_SUBJECT") == "naive", reason="a naive sender has no routes")


def test_an_absence_loses_nothing_and_ends_with_one_summary(subject: Product, street: Street) -> None:
    away, night, hook = street.mail(), street.mail(), street.hook()
    subject.use(desk(away), desk(night, name="night"), hook_route(hook))
    pause_route(subject.store.database, Pause("desk", subject.now, subject.now + timedelta(days=3)))
    news = many(5)
    subject.arrive(*news)
    subject.work()
    subject.wait(2 * 24 * HOUR_S)
    assert away.mails == []
    assert (len(night.mails), len(hook.requests)) == (5, 5)  # the others got theirs as always
    subject.restart()
    subject.wait(24 * HOUR_S)
    (summary,) = away.mails
    assert all(each.url in plain(summary[2]) for each in news)
    subject.wait(24 * HOUR_S)
    assert len(away.mails) == 1


def test_a_route_that_stands_in_is_told_what_it_would_not_have_got_and_nothing_twice(
    subject: Product, street: Street
) -> None:
    away, other = street.mail(), street.mail()
    subject.use(desk(away), desk(other, name="night", match=(MatchClause(types=("call",)),)))
    subject.arrive(many(2)[1])
    subject.work()
    assert (len(away.mails), len(other.mails)) == (1, 0)
    pause_route(subject.store.database, Pause("desk", subject.now, subject.now + timedelta(days=1), "night"))
    subject.arrive(many(1)[0])
    subject.work()
    subject.restart()
    subject.wait(HOUR_S)
    assert (len(away.mails), len(other.mails)) == (1, 1)
    subject.wait(24 * HOUR_S)
    assert many(1)[0].url in plain(away.mails[-1][2])
    assert (len(away.mails), len(other.mails)) == (2, 1)


def test_a_secret_that_is_changed_between_two_attempts_signs_the_second(subject: Product, street: Street) -> None:
    hook = street.hook(lambda number: 500 if number <= 2 else 200)
    subject.use(hook_route(hook, secrets=(OLD_SECRET,)))
    subject.arrive(many(1)[0])
    subject.work()
    subject.use(hook_route(hook, secrets=(SECRET, OLD_SECRET)))  # both, until the receiver knows the new one
    subject.wait(310)
    subject.use(hook_route(hook, secrets=(SECRET,)))
    subject.wait(310)
    signed = [[holds(secret, headers, body) for secret in (OLD_SECRET, SECRET)] for headers, body in hook.requests]
    assert signed == [[True, False], [True, True], [False, True]]
    assert len(set(hook.ids)) == len({body for _, body in hook.requests}) == 1


def test_a_mail_server_that_stays_away_is_left_alone_and_operators_hear_by_webhook(
    subject: Product, street: Street
) -> None:
    away, hook = street.mail(Mailhost(data=["451 later"] * 1000)), street.hook()
    subject.delivery = DeliverySettings(deadline_s=1.0, circuit_after=3)
    subject.use(desk(away), hook_route(hook))
    subject.arrive(*many(6))
    for _ in range(3):
        subject.wait(1)
    told = [event["data"]["title"] for event in hook.events if event["type"] == "health"]
    assert len(told) == 1
    assert "desk@example.org" in told[0]
    assert len([event for event in hook.events if event["type"] == "story.new"]) == 6  # nobody else waits
    tried = sum(each.attempts for each in subject.outbox("retry", "queued"))
    subject.wait(60)
    assert sum(each.attempts for each in subject.outbox("retry", "queued")) == tried  # it rests
    away.data.clear()
    for _ in range(4):
        subject.wait(HOUR_S / 2)
    arrived = "\n".join(plain(raw) for _, _, raw in away.mails if "[stato]" not in str(parsed(raw)["Subject"]))
    assert all(each.url in arrived for each in many(6))
