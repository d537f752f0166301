from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alert import collect
from monitor.alert.collect import RouteMemory, Waiting
from monitor.alert.digest import Kind
from monitor.config import Channel, Route
from monitor.model import Decision, Delivery, DeliveryState, EventType, Owed, Pause, RouteMode, Stage, Told, Why
from tests.alert import make

NOW = make.NOW
DESK = Route(name="desk", channel=Channel.EMAIL, to=("a@example.org", "b@example.org"))
MORNING = Route(name="morning", channel=Channel.EMAIL, mode=RouteMode.DIGEST, at=("08:00",), to=("a@example.org",))


def news(decision: Decision, number: int = 1, at: datetime = NOW) -> Told:
    return Told(Owed("desk", f"st-{number}", Stage.SIGNED, "", decision, Why.NEW), at)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---------------------------------------------------------------------------------------------- digests


def test_a_new_digest_is_first_due_at_its_next_time() -> None:
    found, memory = collect.due(Waiting(MORNING, RouteMemory(), (news(Decision.DIGEST),)), utc("2026-03-05T09:00"))
    assert found == ()
    assert memory.digest_due_at == utc("2026-03-06T07:00")


def test_a_digest_tells_all_that_waits_and_comes_once() -> None:
    memory = RouteMemory(utc("2026-03-05T07:00"), utc("2026-03-04T07:00"))
    waiting = Waiting(MORNING, memory, (news(Decision.DIGEST), news(Decision.NEAR, 2), news(Decision.SILENCED, 3)))
    (digest,), after = collect.due(waiting, utc("2026-03-05T07:01"))
    assert (digest.kind, digest.key, len(digest.told)) == (Kind.DIGEST, "2026-03-05T07:00:00+00:00", 3)
    assert (digest.since, after.digest_from_at) == (utc("2026-03-04T07:00"), utc("2026-03-05T07:01"))
    assert collect.due(replace(waiting, memory=after), utc("2026-03-05T07:02")) == ((), after)


def test_a_digest_slept_through_for_days_comes_once() -> None:
    memory = RouteMemory(utc("2026-03-01T07:00"))
    found, after = collect.due(Waiting(MORNING, memory), utc("2026-03-05T12:00"))
    assert len(found) == 1
    assert after.digest_due_at == utc("2026-03-06T07:00")


def test_a_digest_in_an_absence_waits_for_the_return() -> None:
    pause = Pause("morning", NOW - timedelta(days=1), NOW + timedelta(days=2))
    waiting = Waiting(MORNING, RouteMemory(NOW), (news(Decision.DIGEST),), pause)
    found, memory = collect.due(waiting, NOW)
    assert found == ()
    (digest,), _ = collect.due(replace(waiting, memory=memory), NOW + timedelta(days=3))
    assert len(digest.told) == 1


# ---------------------------------------------------------------------------------------------- overflow and return


def test_the_overflow_of_an_hour_is_one_message() -> None:
    held = tuple(news(Decision.HELD, n, NOW) for n in range(488))
    waiting = Waiting(DESK, RouteMemory(), held)
    assert collect.due(waiting, NOW + timedelta(minutes=1))[0] == ()
    (overflow,), memory = collect.due(waiting, NOW + timedelta(minutes=2))
    assert (overflow.kind, len(overflow.told)) == (Kind.OVERFLOW, 488)
    more = replace(waiting, memory=memory, told=(news(Decision.HELD, 500, NOW + timedelta(minutes=5)),))
    assert collect.due(more, NOW + timedelta(minutes=61))[0] == ()
    (second,), _ = collect.due(more, NOW + timedelta(minutes=62))
    assert second.key != overflow.key


def test_when_nothing_more_is_coming_the_overflow_does_not_wait() -> None:
    waiting = Waiting(DESK, RouteMemory(), (news(Decision.HELD),), is_idle=True)
    assert len(collect.due(waiting, NOW)[0]) == 1


def test_the_end_of_a_pause_brings_one_summary() -> None:
    items = (news(Decision.PAUSED, 1, NOW - timedelta(days=2)), news(Decision.PAUSED, 2))
    pause = Pause("desk", NOW - timedelta(days=3), NOW + timedelta(days=1))
    waiting = Waiting(DESK, RouteMemory(), items, pause)
    assert collect.due(waiting, NOW)[0] == ()
    (summary,), _ = collect.due(waiting, NOW + timedelta(days=1))
    assert (summary.kind, summary.since, len(summary.told)) == (Kind.RETURN, NOW - timedelta(days=2), 2)


# ---------------------------------------------------------------------------------------------- catch-up


def waiting_mail(number: int, hours: float, target: str = "a@example.org", **changes: Any) -> Delivery:
    fields: dict[str, Any] = {
        "id": f"cw_{number}.x",
        "route": "desk",
        "channel": "email",
        "target": target,
        "event": EventType.STORY_NEW,
        "story_ids": (f"st-{number}",),
        "body": b"",
        "state": DeliveryState.RETRY,
        "created_at": NOW - timedelta(hours=hours),
        "due_at": NOW,
    }
    return Delivery(**(fields | changes))


def test_old_alerts_of_a_mailbox_collapse_and_young_ones_do_not() -> None:
    old = [waiting_mail(1, 20), waiting_mail(2, 9), waiting_mail(3, 1)]
    (collapse,) = collect.collapses(DESK, [*old, waiting_mail(4, 20, "b@example.org")], 7200, NOW)
    assert (collapse.target, collapse.story_ids) == ("a@example.org", ("st-1", "st-2"))


def test_a_catch_up_that_could_not_leave_is_taken_up_into_the_next() -> None:
    (first,) = collect.collapses(DESK, [waiting_mail(1, 9), waiting_mail(2, 7)], 7200, NOW)
    made = waiting_mail(9, 0, event=EventType.DIGEST, story_ids=first.story_ids, state=DeliveryState.QUEUED)
    earlier = collect.catch_up(made, first)
    (collapse,) = collect.collapses(DESK, [earlier, waiting_mail(3, 4)], 7200, NOW)
    assert collapse.story_ids == ("st-1", "st-2", "st-3")


def test_digests_reminders_and_what_is_on_its_way_stay_as_they_are() -> None:
    others = [
        waiting_mail(1, 20, event=EventType.DIGEST),
        waiting_mail(2, 20, event=EventType.STORY_REMINDER),
        waiting_mail(3, 20, state=DeliveryState.SENDING),
        waiting_mail(4, 20),
    ]
    assert collect.collapses(MORNING, others, 7200, NOW) == ()


def test_webhooks_never_collapse() -> None:
    hook = Route(name="hook", channel=Channel.WEBHOOK, url="https://h.example/", secrets=("whsec_eA==",))  # type: ignore[arg-type]
    assert collect.collapses(hook, [waiting_mail(1, 20), waiting_mail(2, 20)], 7200, NOW) == ()
