"""Collecting messages over a real store: what waits leaves once, in one message, and is remembered with it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alert import accounting
from monitor.alert.accounting import Account
from monitor.alert.office import Office
from monitor.config import Channel, DeliverySettings, MatchClause, Route
from monitor.model import (
    ActType,
    Decision,
    Delivery,
    DeliveryState,
    EventType,
    Owed,
    Pause,
    RouteMode,
    Silence,
    Stage,
    Told,
    Why,
)
from monitor.run import in_force
from monitor.run.collect import CollectStep
from monitor.run.match import Desk
from monitor.store import Store, open_store
from monitor.store.articles import told_row
from monitor.store.collecting import DISMISS
from monitor.store.curation import Action
from monitor.store.outbox import insert_deliveries
from monitor.store.people import add_silence, pause_route
from monitor.store.statements import insert_new
from monitor.store.stories import save_story
from monitor.store.tables import told as told_table
from tests.alert import make
from tests.databases import new_store

NOW = make.NOW
DESK = Route(name="desk", channel=Channel.EMAIL, to=("a@example.org",), language="en")
MORNING = replace(DESK, name="morning", mode=RouteMode.DIGEST, at=("08:00",))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "postgresql":
        opened = open_store(request.getfixturevalue("postgresql").url(is_empty=False))
    else:
        opened = new_store(f"sqlite:///{tmp_path / 'c.db'}")
    yield opened
    opened.close()


def step(store: Store, *routes: Route) -> CollectStep:
    return CollectStep(store, Desk(routes, Office.open("example.org")), DeliverySettings())


def work(collecting: CollectStep, now: datetime) -> dict[str, int]:
    """Runs the step until nothing is due."""
    counts: dict[str, int] = {}
    while claimed := collecting.claim(now, 1):
        results = [asyncio.run(collecting.act(each)) for each in claimed]
        for name, number in collecting.commit(results, now).items():
            counts[name] = counts.get(name, 0) + number
    return counts


def tell(store: Store, number: int, decision: Decision, route: str = "desk", **changes: Any) -> Told:
    """Stores a story and what a route is owed for it."""
    fields: dict[str, Any] = {"at": NOW, "why": Why.NEW, "detail": "", "delivery_id": ""} | changes
    story = make.story(make.report(number, url=f"https://news.example/a/{number:03}"), id=f"st-{number}")
    story = replace(story, **{key: value for key, value in changes.items() if key in ("deadline", "type")})
    owed = Owed(route, story.id, Stage.SIGNED, "", decision, fields["why"], f"article-{number}", fields["detail"])
    value = Told(owed, fields["at"], fields["delivery_id"])
    with store.database.write() as connection:
        save_story(connection, story, {f"k{number}"}, NOW, known=False, added=story.reports)
        insert_new(connection, told_table, [told_row(value)])
    return value


def outbox(store: Store) -> tuple[Delivery, ...]:
    """All deliveries, newest first, with the stories that they tell."""
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT delivery_id, story_id FROM delivery_story ORDER BY position").all()
    return tuple(
        replace(each, story_ids=tuple(row.story_id for row in rows if row.delivery_id == each.id))
        for each in store.views.deliveries()
    )


def text_of(delivery: Delivery) -> str:
    message = email.message_from_bytes(delivery.body, policy=email.policy.default)
    part = message.get_body(("plain",))  # type: ignore[attr-defined]
    assert part is not None
    return str(part.get_content())


def queue(store: Store, number: int, hours: float, **changes: Any) -> None:
    """An alert that could not leave since some hours."""
    tell(store, number, Decision.IMMEDIATE, delivery_id=f"cw_{number}", at=NOW - timedelta(hours=hours))
    made = Delivery(
        id=f"cw_{number}.x",
        route="desk",
        channel="email",
        target="a@example.org",
        event=EventType.STORY_NEW,
        story_ids=(f"st-{number}",),
        body=b"x",
        state=DeliveryState.RETRY,
        created_at=NOW - timedelta(hours=hours),
        due_at=NOW,
    )
    with store.database.write() as connection:
        insert_deliveries(connection, [replace(made, **changes)])


def test_a_digest_is_planned_then_sent_once_with_everything_that_waited(store: Store) -> None:
    collecting = step(store, MORNING)
    assert work(collecting, NOW) == {"planned": 1}
    tell(store, 1, Decision.DIGEST, "morning")
    tell(store, 2, Decision.NEAR, "morning", why=Why.NEAR_MISS)
    assert work(collecting, NOW + timedelta(hours=1)) == {}
    assert work(collecting, NOW + timedelta(days=1)) == {"digest": 1}
    assert work(collecting, NOW + timedelta(days=1)) == {}
    assert work(step(store, MORNING), NOW + timedelta(days=1, minutes=1)) == {}
    (delivery,) = outbox(store)
    assert delivery.story_ids == ("st-1", "st-2")
    assert "https://news.example/a/001" in text_of(delivery)
    assert work(collecting, NOW + timedelta(days=2)) == {"digest": 1}
    assert "https://news.example/a/001" not in text_of(outbox(store)[0])


def test_what_a_person_called_wrong_while_it_waited_is_not_in_the_digest(store: Store) -> None:
    collecting = step(store, MORNING)
    work(collecting, NOW)
    for number in (1, 2):
        tell(store, number, Decision.DIGEST, "morning")
    wrong = replace(store.stories.load(["st-1"])["st-1"], state="wrong")
    with store.database.write() as connection:
        save_story(connection, wrong, frozenset(), NOW, known=True, added=())
    assert work(collecting, NOW + timedelta(days=1)) == {"digest": 1}
    shown = text_of(outbox(store)[0])
    assert ("a/001" in shown, "a/002" in shown) == (False, True)
    assert store.told.waiting("morning") == ()  # it waits for no other digest either


def test_a_quiet_digest_says_that_the_program_runs(store: Store) -> None:
    collecting = step(store, MORNING)
    work(collecting, NOW)
    work(collecting, NOW + timedelta(days=1))
    assert "coopwatch is running, but read no article" in text_of(outbox(store)[0]).replace("\n", " ")


def test_what_a_silence_muted_is_counted_in_the_digest_and_stays_muted(store: Store) -> None:
    collecting = step(store, MORNING)
    work(collecting, NOW)
    clause = '{"types": ["agreement"]}'
    key = add_silence(store.database, Silence("", clause, "Ada", "holiday", NOW, NOW + timedelta(days=2)))
    tell(store, 1, Decision.SILENCED, "morning", why=Why.SILENCE, detail=key, at=NOW + timedelta(hours=1))
    work(collecting, NOW + timedelta(days=1))
    shown = text_of(outbox(store)[0])
    assert "Ada: holiday" in shown
    assert "1 alert muted by a silence" in shown
    assert MatchClause(types=("agreement",))  # the clause above, as the configuration reads it
    work(collecting, NOW + timedelta(days=2))
    assert "https://news.example/a/001" not in text_of(outbox(store)[0])


def test_the_end_of_a_silence_is_reported_once_with_what_it_muted(store: Store) -> None:
    key = add_silence(
        store.database, Silence("", '{"types": ["call"]}', "Ada", "holiday", NOW, NOW + timedelta(days=2))
    )
    for number in range(3):
        tell(store, number, Decision.SILENCED, why=Why.SILENCE, detail=key)
    collecting = step(store, DESK)
    assert work(collecting, NOW + timedelta(days=1)) == {}
    assert work(collecting, NOW + timedelta(days=2)) == {"silence_end": 1}
    assert work(collecting, NOW + timedelta(days=3)) == {}
    (delivery,) = outbox(store)
    assert delivery.event is EventType.HEALTH
    assert "The silence of Ada (holiday) has ended; it muted 3 alerts." in text_of(delivery).replace("\n", " ")


def test_the_overflow_is_one_message_that_reaches_every_story(store: Store) -> None:
    for number in range(40):
        tell(store, number, Decision.HELD, why=Why.CAP)
    collecting = step(store, DESK)
    assert work(collecting, NOW + timedelta(minutes=1)) == {}
    assert work(collecting, NOW + timedelta(minutes=3)) == {"overflow": 1}
    (delivery,) = outbox(store)
    shown = text_of(delivery)
    assert all(f"https://news.example/a/{number:03}" in shown for number in range(40))
    tell(store, 50, Decision.HELD, why=Why.CAP)
    assert work(collecting, NOW + timedelta(minutes=30)) == {}
    assert work(collecting, NOW + timedelta(minutes=64)) == {"overflow": 1}


def test_once_lets_the_overflow_wait_for_its_end(store: Store) -> None:
    tell(store, 1, Decision.HELD, why=Why.CAP)
    collecting = step(store, DESK)
    collecting.hold()
    assert work(collecting, NOW + timedelta(minutes=30)) == {}
    collecting.finish()
    assert work(collecting, NOW + timedelta(minutes=30)) == {"overflow": 1}


def test_the_return_from_an_absence_brings_one_summary(store: Store) -> None:
    pause_route(store.database, Pause("desk", NOW, NOW + timedelta(days=3)))
    for number in range(3):
        tell(store, number, Decision.PAUSED, why=Why.PAUSE)
    collecting = step(store, DESK)
    assert work(collecting, NOW + timedelta(days=2)) == {}
    assert work(collecting, NOW + timedelta(days=3)) == {"return": 1}
    (delivery,) = outbox(store)
    assert sorted(delivery.story_ids) == ["st-0", "st-1", "st-2"]
    assert all(f"https://news.example/a/{number:03}" in text_of(delivery) for number in range(3))
    # once, to all of the route, and on one account: not held any more, not told a second time
    assert work(collecting, NOW + timedelta(days=4)) == {}
    assert work(step(store, DESK), NOW + timedelta(days=40)) == {}
    told, deliveries = store.health.accounts(NOW - timedelta(days=1))
    assert accounting.balance(told, deliveries, NOW + timedelta(days=40), store.health.absences()).counts == {
        Account.QUEUED: 3
    }


def test_a_route_of_two_mailboxes_returns_to_both_and_a_wrong_story_to_none(store: Store) -> None:
    both = replace(DESK, to=("a@example.org", "b@example.org"))
    pause_route(store.database, Pause("desk", NOW, NOW + timedelta(days=3)))
    for number in range(2):
        tell(store, number, Decision.PAUSED, why=Why.PAUSE)
    wrong = replace(store.stories.load(["st-1"])["st-1"], state="wrong")
    with store.database.write() as connection:
        save_story(connection, wrong, frozenset(), NOW, known=True, added=())
    assert work(step(store, both), NOW + timedelta(days=3)) == {"return": 1}
    assert sorted(each.target for each in outbox(store)) == ["a@example.org", "b@example.org"]
    assert all("https://news.example/a/001" not in text_of(each) for each in outbox(store))
    assert all("https://news.example/a/000" in text_of(each) for each in outbox(store))


def test_old_alerts_collapse_into_one_catch_up_mail_and_end_as_digested(store: Store) -> None:
    for number in range(5):
        queue(store, number, hours=24 - number)
    queue(store, 9, hours=0.5)
    collecting = step(store, DESK)
    assert work(collecting, NOW) == {"catchup": 1}
    states = {each.id: each.state for each in outbox(store)}
    assert [states[f"cw_{number}.x"] for number in range(5)] == [DeliveryState.DIGESTED] * 5
    assert states["cw_9.x"] is DeliveryState.RETRY
    (made,) = [each for each in outbox(store) if each.event is EventType.DIGEST]
    assert (made.state, made.created_at) == (DeliveryState.QUEUED, NOW - timedelta(hours=24))
    assert all(f"https://news.example/a/{number:03}" in text_of(made) for number in range(5))


def test_a_longer_outage_ends_with_one_catch_up_mail_too(store: Store) -> None:
    for number in range(3):
        queue(store, number, hours=24 - number)
    collecting = step(store, DESK)
    work(collecting, NOW)
    queue(store, 7, hours=1)
    assert work(collecting, NOW + timedelta(hours=3)) == {"catchup": 1}
    waiting = [each for each in outbox(store) if each.state in (DeliveryState.QUEUED, DeliveryState.RETRY)]
    assert [sorted(each.story_ids) for each in waiting] == [["st-0", "st-1", "st-2", "st-7"]]


def test_an_alert_that_may_have_arrived_goes_again_as_it_is(store: Store) -> None:
    for number in range(2):
        queue(store, number, hours=9)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE delivery SET doubtful = 1 WHERE id = 'cw_0.x'")
    assert work(step(store, DESK), NOW) == {}


def test_a_call_is_reminded_of_once_per_date_on_the_routes_that_were_told(store: Store) -> None:
    yesterday = NOW - timedelta(days=1)
    tell(store, 1, Decision.IMMEDIATE, deadline="2026-03-12", type=ActType.CALL, delivery_id="cw_1", at=yesterday)
    other = replace(DESK, name="other")
    collecting = step(store, DESK, other)
    assert work(collecting, NOW) == {"reminder": 1}
    assert work(step(store, DESK, other), NOW + timedelta(hours=2)) == {}
    assert work(step(store, DESK, other), NOW + timedelta(days=5)) == {"reminder": 1}
    assert [each.route for each in outbox(store)] == ["desk", "desk"]


def test_an_extended_call_is_reminded_of_by_its_new_deadline_at_eight_over_a_clock_change(store: Store) -> None:
    tell(store, 1, Decision.IMMEDIATE, deadline="2026-03-12", type=ActType.CALL, delivery_id="cw_1", at=NOW)
    story = store.stories.load(["st-1"])["st-1"]
    with store.database.write() as connection:
        save_story(connection, replace(story, deadline="2026-04-05"), frozenset(), NOW, known=True, added=())
    collecting = step(store, DESK)

    def reminded(moment: str) -> bool:
        return bool(work(collecting, datetime.fromisoformat(f"2026-{moment}:00+00:00")))

    assert not reminded("03-10T07:30")  # two days before the old deadline
    assert [reminded(f"03-22T{at}") for at in ("06:59", "07:00")] == [False, True]  # 08:00 in Rome is winter time
    assert [reminded(f"03-29T{at}") for at in ("05:59", "06:00")] == [False, True]  # the clocks changed at night
    assert [reminded(f"04-03T{at}") for at in ("05:59", "06:00", "09:00")] == [False, True, False]


def test_a_call_that_was_dismissed_is_not_reminded_of(store: Store) -> None:
    yesterday = NOW - timedelta(days=1)
    tell(store, 1, Decision.IMMEDIATE, deadline="2026-03-12", type=ActType.CALL, delivery_id="cw_1", at=yesterday)
    store.curation.note(Action("ada", DISMISS, "story", "st-1", "other"), NOW)
    assert work(step(store, DESK), NOW) == {"reminder": 1}
    store.curation.note(Action("ada", DISMISS, "story", "st-1", ""), NOW)
    assert work(step(store, DESK), NOW + timedelta(days=5)) == {}


def test_an_endpoint_that_knows_a_story_hears_once_that_it_ended_in_another(store: Store) -> None:
    hook = Route(name="hook", channel=Channel.WEBHOOK, url="https://h.example/", secrets=("whsec_eA==",))  # type: ignore[arg-type]
    for number in (1, 2):
        tell(store, number, Decision.IMMEDIATE, "hook", delivery_id=f"cw_{number}")
    assert work(step(store, hook, DESK), NOW) == {}
    closed = replace(store.stories.load(["st-1"])["st-1"], state="merged", merged_into="st-2")
    with store.database.write() as connection:
        save_story(connection, closed, frozenset(), NOW, known=True, added=())
    assert work(step(store, hook, DESK), NOW) == {"merged": 1}
    assert work(step(store, hook, DESK), NOW + timedelta(hours=1)) == {}
    (delivery,) = outbox(store)
    event = json.loads(delivery.body)
    assert (event["type"], event["data"]["change"]) == ("story.updated", "merged")
    assert event["data"]["story"]["merged_into"] == "st-2"


def merged(store: Store, number: int, into: int) -> None:
    closed = replace(store.stories.load([f"st-{number}"])[f"st-{number}"], state="merged", merged_into=f"st-{into}")
    with store.database.write() as connection:
        save_story(connection, closed, frozenset(), NOW, known=True, added=())


def test_a_digest_that_told_a_story_has_one_line_when_it_ends_in_another(store: Store) -> None:
    collecting = step(store, MORNING, DESK)
    work(collecting, NOW)
    for number in (1, 2):
        tell(store, number, Decision.DIGEST, "morning")
        tell(store, number + 2, Decision.IMMEDIATE, delivery_id=f"cw_{number}")
    work(collecting, NOW + timedelta(days=1))
    merged(store, 1, into=2)
    merged(store, 3, into=4)  # its mail was sent long ago: nobody is mailed for a correction of the books
    assert work(collecting, NOW + timedelta(days=1, hours=1)) == {"merged": 1}
    assert work(collecting, NOW + timedelta(days=2)) == {"digest": 1}
    shown = " ".join(text_of(outbox(store)[0]).split())
    assert "stories merged" in shown
    assert "https://news.example/a/001" in shown
    assert work(collecting, NOW + timedelta(days=3)) == {"digest": 1}
    assert "stories merged" not in text_of(outbox(store)[0])


@pytest.mark.parametrize("mode", [RouteMode.IMMEDIATE, RouteMode.HEALTH, RouteMode.REPORT])
def test_what_waited_for_a_digest_goes_out_when_the_route_is_made_another(store: Store, mode: RouteMode) -> None:
    work(step(store, MORNING), NOW)
    tell(store, 1, Decision.DIGEST, "morning")
    tell(store, 2, Decision.NEAR, "morning", why=Why.NEAR_MISS)
    changed = step(store, replace(MORNING, mode=mode, at=("23:00",) if mode is RouteMode.REPORT else ()))
    assert work(changed, NOW + timedelta(minutes=1))["digest"] == 1
    assert work(changed, NOW + timedelta(minutes=2)) == {}
    (delivery,) = outbox(store)
    assert all(f"https://news.example/a/00{number}" in text_of(delivery) for number in (1, 2))
    told, deliveries = store.health.accounts(NOW - timedelta(days=1))
    assert accounting.balance(told, deliveries, NOW).counts == {Account.QUEUED: 2}


def test_what_waited_while_absent_for_a_digest_that_is_none_any_more_comes_at_the_return(store: Store) -> None:
    tell(store, 1, Decision.DIGEST, "morning")
    pause_route(store.database, Pause("morning", NOW, NOW + timedelta(days=3)))
    changed = step(store, replace(MORNING, mode=RouteMode.IMMEDIATE, at=()))
    assert work(changed, NOW + timedelta(days=2)) == {}
    assert work(changed, NOW + timedelta(days=3)) == {"digest": 1}


def test_a_digest_that_is_made_one_again_is_first_due_at_its_next_time(store: Store) -> None:
    work(step(store, MORNING), NOW)
    work(step(store, replace(MORNING, mode=RouteMode.IMMEDIATE, at=())), NOW + timedelta(hours=1))
    again = step(store, MORNING)
    assert work(again, NOW + timedelta(days=9)) == {"planned": 1}
    assert outbox(store) == ()


def test_what_a_removed_route_waited_for_is_listed_to_operators_once(store: Store) -> None:
    hook = Route(
        name="hook",
        channel=Channel.WEBHOOK,
        url="https://h.example/",
        secrets=("whsec_eA==",),
        mode=RouteMode.HEALTH,  # type: ignore[arg-type]
    )
    for number, decision in enumerate((Decision.DIGEST, Decision.HELD, Decision.PAUSED, Decision.SILENCED)):
        tell(store, number, decision, "morning")
    collecting = step(store, DESK, hook, replace(DESK, name="ops", mode=RouteMode.HEALTH))
    assert work(collecting, NOW) == {"removed": 1}
    assert work(step(store, DESK), NOW + timedelta(days=1)) == {}
    by_route = {each.route: each for each in outbox(store)}
    assert set(by_route) == {"hook", "ops"}
    shown = " ".join(text_of(by_route["ops"]).split())
    assert "Route morning is not configured any more; it still waited for 3 pieces of news" in shown
    assert [f"a/00{number}" in shown for number in range(4)] == [True, True, True, False]
    assert len(json.loads(by_route["hook"].body)["data"]["stories"]) == 3
    told, deliveries = store.health.accounts(NOW)
    assert accounting.balance(told, deliveries, NOW).counts == {Account.QUEUED: 3, Account.SILENCED: 1}


def test_a_machine_with_an_older_configuration_takes_no_route_for_removed(store: Store) -> None:
    tell(store, 1, Decision.DIGEST, "morning")
    in_force.keep_routes(store.people, (DESK, MORNING), NOW)
    outdated = step(store, DESK)
    assert work(outdated, NOW) == {}
    in_force.keep_routes(store.people, (DESK,), NOW)
    assert work(outdated, NOW + timedelta(minutes=2)) == {"removed": 1}


def test_what_waits_too_long_for_a_message_is_missed_however_old_it_is(store: Store) -> None:
    tell(store, 1, Decision.DIGEST, at=NOW - timedelta(days=20))
    told, deliveries = store.health.accounts(NOW - timedelta(days=3))
    assert len(accounting.balance(told, deliveries, NOW).missing) == 1
    pause_route(store.database, Pause("desk", NOW - timedelta(days=20), NOW - timedelta(days=1)))
    assert accounting.balance(told, deliveries, NOW, store.health.absences()).counts == {Account.WAITING: 1}


def test_two_machines_that_collect_at_once_send_one_message(store: Store) -> None:
    one, other = step(store, MORNING), step(store, MORNING)
    work(one, NOW)
    tell(store, 1, Decision.DIGEST, "morning")
    later = NOW + timedelta(days=1)
    (first,), (second,) = one.claim(later, 1), other.claim(later, 1)
    assert one.commit([first], later) == {"digest": 1}
    assert other.commit([second], later) == {}
    assert len(outbox(store)) == 1


def test_everything_is_accounted_for_afterwards(store: Store) -> None:
    told = [tell(store, number, Decision.HELD, why=Why.CAP) for number in range(3)]
    work(step(store, DESK), NOW + timedelta(minutes=5))
    (delivery,) = outbox(store)
    now_told = store.told.of_stories([each.owed.story_id for each in told])
    by_message = {delivery.id.split(".")[0]: [delivery]}
    assert accounting.balance(now_told, by_message, NOW + timedelta(hours=1)).counts == {Account.QUEUED: 3}


# ---------------------------------------------------------------------------------------------- reports

WEEKLY = replace(DESK, name="weekly", mode=RouteMode.REPORT, at=("08:00",), match=(MatchClause(pairs=(("IT", "CN"),)),))


def opened(store: Store, number: int, at: datetime, *parties: Any, score: float = 0.9) -> None:
    said = make.announcement(parties=parties or (make.ITALY, make.CHINA), score=score)
    story = make.story(
        make.report(number, url=f"https://news.example/a/{number:03}", announcement=said), id=f"st-{number}"
    )
    story = replace(story, opened_at=at, score=score)
    with store.database.write() as connection:
        save_story(connection, story, {f"k{number}"}, at, known=False, added=story.reports)


def test_a_report_tells_the_route_s_stories_since_the_one_before(store: Store) -> None:
    collecting = step(store, WEEKLY)
    opened(store, 1, NOW - timedelta(hours=1))
    assert work(collecting, NOW) == {"planned": 1}
    opened(store, 2, NOW + timedelta(hours=1))
    opened(store, 3, NOW + timedelta(hours=1), make.RUSSIA, make.CHINA)
    opened(store, 4, NOW + timedelta(hours=1), score=0.2)
    assert work(collecting, NOW + timedelta(days=1)) == {"report": 1}
    assert work(step(store, WEEKLY), NOW + timedelta(days=1, minutes=1)) == {}
    (delivery,) = outbox(store)
    shown = text_of(delivery)
    assert "a/002" in shown
    assert not any(f"a/00{other}" in shown for other in (1, 3, 4))
    assert delivery.subject.startswith("Acts of cooperation: Italy – China")


def test_a_report_carries_the_document_and_the_same_bytes_each_time(store: Store) -> None:
    collecting = step(store, WEEKLY)
    work(collecting, NOW)
    opened(store, 2, NOW + timedelta(hours=1))
    work(collecting, NOW + timedelta(days=1))
    message = email.message_from_bytes(outbox(store)[0].body, policy=email.policy.default)
    (document,) = message.iter_attachments()  # type: ignore[attr-defined]
    assert document.get_filename() == f"coopwatch-{NOW + timedelta(days=1):%Y-%m-%d}.docx"
    assert document.get_content()[:2] == b"PK"
    page = message.get_body(("html",))  # type: ignore[attr-defined]
    assert "<blockquote>" in page.get_content()
    boundaries = {part.get_boundary() for part in message.walk() if part.is_multipart()}
    assert len(boundaries) == 2
    assert all(boundary and boundary.startswith("=_cw_") for boundary in boundaries)


def test_an_empty_report_says_so_rather_than_nothing(store: Store) -> None:
    collecting = step(store, WEEKLY)
    work(collecting, NOW)
    assert work(collecting, NOW + timedelta(days=1)) == {"report": 1}
    assert "No acts in this period" in text_of(outbox(store)[0])


def test_what_a_person_called_wrong_is_in_no_report(store: Store) -> None:
    collecting = step(store, WEEKLY)
    work(collecting, NOW)
    opened(store, 2, NOW + timedelta(hours=1))
    store.people.record("Ada", "judge", "story", "st-2", "wrong talks_only", NOW + timedelta(hours=2))
    work(collecting, NOW + timedelta(days=1))
    assert "No acts in this period" in text_of(outbox(store)[0])
