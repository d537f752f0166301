from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.alert import drafts, policy
from monitor.alert.office import Office
from monitor.alert.policy import Circumstances, Standing
from monitor.config import Channel, Route
from monitor.model import Decision, Delivery, DeliveryState, EventType, Novelty, Owed, Stage, Told, Why
from tests.alert import make

NOW = make.NOW
OFFICE = Office.open("example.org", "https://watch.example.org")
DESK = Route(name="desk", channel=Channel.EMAIL, to=("a@example.org", "b@example.org"))
FILES = Route(name="files", channel=Channel.FILE, language="en")
PHONE = Route(name="phone", channel=Channel.APPRISE, url="ntfy://token@host/topic")


def hook(**changes: Any) -> Route:
    fields = {
        "name": "hook",
        "channel": Channel.WEBHOOK,
        "url": "https://u:p@h.example/in?token=x",
        "secrets": ("whsec_eA==",),
    }
    return Route(**(fields | changes))  # type: ignore[arg-type]


def made(*changes: Any, routes: tuple[Route, ...] = (DESK,), told: tuple[Told, ...] = ()) -> tuple[drafts.Draft, ...]:
    alert = make.alert(*changes)
    owed = policy.decide(alert.changes, [Standing(route) for route in routes], Circumstances(NOW))
    return drafts.alert_drafts(alert, owed, routes, told, OFFICE, NOW)


def rendered(*changes: Any, **fields: Any) -> list[Delivery]:
    return [draft.render(NOW) for draft in made(*changes, **fields)]


def test_one_mail_to_each_mailbox_whatever_the_article_holds() -> None:
    acts = [make.change(make.story(id=f"st-{n}")) for n in range(20)]
    deliveries = rendered(*acts)
    assert [each.target for each in deliveries] == ["a@example.org", "b@example.org"]
    assert len({each.id for each in deliveries}) == 2
    assert deliveries[0].story_ids == tuple(f"st-{n}" for n in range(20))
    assert deliveries[0].subject.endswith("(e altri 19 atti)")
    assert all(each.state is DeliveryState.QUEUED and each.due_at == NOW for each in deliveries)


def test_one_event_per_story_to_an_endpoint_whose_name_holds_no_secret() -> None:
    deliveries = rendered(make.change(), make.change(make.story(id="st-2")), routes=(hook(),))
    assert [each.target for each in deliveries] == ["https://h.example/in"] * 2
    assert [json.loads(each.body)["data"]["story"]["id"] for each in deliveries] == ["st-1", "st-2"]
    assert len({each.id for each in deliveries}) == 2


def test_the_same_decision_gives_the_same_id_and_bytes() -> None:
    assert rendered(make.change(), routes=(DESK, FILES, PHONE)) == rendered(make.change(), routes=(DESK, FILES, PHONE))


def test_another_stage_route_or_story_has_another_id() -> None:
    signed = make.change()
    launched = make.change(
        make.story(make.report(announcement=make.announcement(stage=Stage.LAUNCHED))), novelty=Novelty.NEW_STAGE
    )
    other = make.change(make.story(id="st-2"))
    elsewhere = made(signed, routes=(hook(),))[0]
    ids = {made(signed)[0].message_id, made(launched)[0].message_id, made(other)[0].message_id, elsewhere.message_id}
    assert len(ids) == 4


def test_a_follow_up_threads_under_the_earlier_mail_to_the_same_mailbox() -> None:
    first = made(make.change())
    owed = Owed("desk", "st-1", Stage.ANNOUNCED, "", Decision.IMMEDIATE, Why.NEW)
    told = (Told(owed, NOW - timedelta(days=9), first[0].message_id),)
    follow = make.change(novelty=Novelty.NEW_STAGE, before=make.story(stage=Stage.ANNOUNCED))
    for before, after in zip(rendered(make.change()), rendered(follow, told=told), strict=True):
        first_mail = email.message_from_bytes(before.body, policy=email.policy.default)
        second = email.message_from_bytes(after.body, policy=email.policy.default)
        assert second["In-Reply-To"] == first_mail["Message-ID"]
        assert second["To"] == first_mail["To"]


def test_files_hold_the_mail_and_one_event_per_story() -> None:
    deliveries = rendered(make.change(), make.change(make.story(id="st-2")), routes=(FILES,))
    assert [each.body[:1] == b"{" for each in deliveries] == [False, True, True]
    assert len({each.id for each in deliveries}) == 3


def test_phones_get_at_most_200_characters() -> None:
    (delivery,) = rendered(make.change(), routes=(PHONE,))
    assert delivery.target == "phone"
    assert len(delivery.body.decode()) <= 200
    assert delivery.body.decode().endswith("https://news1.example/a/001")


def test_a_fault_in_rendering_parks_its_own_delivery_only() -> None:
    class Broken(Exception):
        pass

    def broken() -> Any:
        raise Broken

    (draft, _) = drafts.letter_drafts(broken, (), DESK, EventType.DIGEST, OFFICE, NOW, key="2026-03-05")
    with pytest.raises(Broken):
        draft.render(NOW)
    parked = draft.parked(NOW, "cannot be rendered")
    assert (parked.state, parked.reason, parked.body) == (DeliveryState.DEAD, "cannot be rendered", b"")


def test_everything_owed_is_remembered_with_its_message() -> None:
    change = make.change()
    standings = [Standing(DESK), Standing(hook(match=()), messages_past_hour=9), Standing(FILES)]
    alert = make.alert(change)
    owed = policy.decide(alert.changes, standings, Circumstances(NOW))
    messages = drafts.alert_drafts(alert, owed, [each.route for each in standings], (), OFFICE, NOW)
    told = drafts.remember(owed, messages, NOW)
    assert [(each.owed.route, bool(each.delivery_id)) for each in told] == [
        ("desk", True),
        ("hook", True),
        ("files", True),
    ]


def test_a_list_with_an_unsubscribe_end_says_so_in_header_and_footer() -> None:
    asked = replace(DESK, unsubscribe="https://lists.example.org/off")
    message = email.message_from_bytes(rendered(make.change(), routes=(asked,))[0].body, policy=email.policy.default)
    assert message["List-Unsubscribe"] == "<https://lists.example.org/off>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "https://lists.example.org/off" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    silent = email.message_from_bytes(rendered(make.change())[0].body, policy=email.policy.default)
    assert silent["List-Unsubscribe"] is None
