from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alert import notice, words
from monitor.alert.letter import Reader
from monitor.alert.office import Office
from monitor.alert.render import text
from monitor.alert.retry import Event
from monitor.config import Channel, Route, Smtp
from monitor.model import ActType, Decision, EventType, Owed, RouteMode, Stage, TargetState, Told, Why
from tests.alert import make

NOW = make.NOW
OFFICE = Office.open("example.org")
READER = Reader("desk", words.load("it"), ZoneInfo("Europe/Rome"))


def mail(name: str, host: str = "mail.example", **changes: Any) -> Route:
    smtp = Smtp(host=host)
    return Route(**({"name": name, "channel": Channel.EMAIL, "to": ("a@example.org",), "smtp": smtp} | changes))


HOOK = Route(name="hook", channel=Channel.WEBHOOK, url="https://h.example/x", secrets=("whsec_eA==",))  # type: ignore[arg-type]


def names(routes: tuple[Route, ...]) -> list[str]:
    return [route.name for route in routes]


def test_without_a_health_route_every_mail_route_gets_operational_news() -> None:
    assert names(notice.health_routes([mail("a"), HOOK, mail("b")])) == ["a", "b"]
    assert names(notice.health_routes([mail("a"), mail("ops", mode=RouteMode.HEALTH)])) == ["ops"]


def test_trouble_goes_by_another_channel_than_the_one_that_fails() -> None:
    assert names(notice.health_routes([mail("a"), HOOK], failing="a")) == ["hook"]
    assert names(notice.health_routes([mail("a"), mail("b"), HOOK], failing="a")) == ["hook"]
    assert names(notice.health_routes([mail("a"), mail("b", host="other.example"), HOOK], failing="a")) == ["b"]
    assert names(notice.health_routes([mail("a"), HOOK], failing="hook")) == ["a"]
    assert names(notice.health_routes([mail("a")], failing="a")) == ["a"]


def test_every_trouble_of_a_target_has_its_words() -> None:
    state = TargetState("hook", "https://h.example/x", 5, NOW, answer="500 boom")
    for event in Event:
        title, body = notice.target_trouble(event, state, READER)
        assert "h.example" in title
        assert "hook" in body


def test_health_news_has_one_id_per_episode_and_a_plain_subject() -> None:
    one, again = (notice.health_drafts("Feed morto", "Dettagli", mail("a"), OFFICE, NOW, "ep-1") for _ in range(2))
    assert one[0].delivery_id == again[0].delivery_id
    delivery = one[0].render(NOW)
    assert delivery.subject == "[stato] Feed morto"
    event = notice.health_drafts("Feed morto", "Dettagli", HOOK, OFFICE, NOW, "ep-1")[0].render(NOW)
    assert json.loads(event.body)["type"] == "health"


def test_a_test_message_is_marked_on_every_channel() -> None:
    file = Route(name="disk", channel=Channel.FILE)
    phone = Route(name="phone", channel=Channel.APPRISE, url="ntfy://x/y", language="en")
    for route in (mail("a"), HOOK, file, phone):
        (draft,) = notice.test_drafts(route, OFFICE, NOW)
        assert draft.event is EventType.TEST
        assert draft.render(NOW).body
    assert notice.test_drafts(phone, OFFICE, NOW)[0].render(NOW).body.startswith(b"[test] coopwatch")


def test_a_reminder_counts_the_days_left_and_is_told_once() -> None:
    call = make.announcement(type=ActType.CALL, stage=Stage.LAUNCHED, deadline="2026-03-12")
    story = make.story(make.report(announcement=call), deadline="2026-03-12")
    letter = notice.reminder_letter(story, READER, NOW)
    assert letter.subject == "Scade tra 7 giorni: Italia e Cina: aperto un bando congiunto (scienza e istruzione)"
    assert "domande entro il 12 marzo 2026" in text.render(letter)
    one, again = (notice.reminder_drafts(story, 7, mail("a"), OFFICE, NOW)[0] for _ in range(2))
    assert one.delivery_id == again.delivery_id
    assert one.delivery_id != notice.reminder_drafts(story, 2, mail("a"), OFFICE, NOW)[0].delivery_id
    event = json.loads(notice.reminder_drafts(story, 7, HOOK, OFFICE, NOW)[0].render(NOW).body)
    assert (event["type"], event["data"]["days"]) == ("story.reminder", 7)


def test_only_open_calls_that_the_route_was_told_are_reminded_of() -> None:
    story = make.story(deadline="2026-03-12")
    owed = Owed("a", story.id, Stage.SIGNED, "", Decision.IMMEDIATE, Why.NEW)
    told = [Told(owed, NOW - timedelta(days=2), "cw_1")]

    def due(route: Route, value: Any, told: list[Told]) -> int | None:
        return notice.reminder_days(value, route, told, NOW)

    assert due(mail("a"), story, told) == 7
    assert due(mail("a"), story, []) is None
    assert due(mail("a"), story, [*told, Told(notice.reminder_owed(story, mail("a"), 7), NOW)]) is None
    assert due(mail("a", reminders=False), story, told) is None
    assert due(mail("a"), make.story(deadline="2026-03-12", state="wrong"), told) is None
    for off in (Stage.SUSPENDED, Stage.PROPOSED):  # ended; denied or taken back
        assert due(mail("a"), replace(story, stage=off), told) is None
    assert due(mail("a"), make.story(), told) is None
    extended = make.story(deadline="2026-03-18")
    assert due(mail("a"), extended, [*told, Told(notice.reminder_owed(story, mail("a"), 7), NOW)]) == 14


def test_who_was_told_of_a_call_this_morning_is_not_reminded_of_it_at_noon() -> None:
    story = make.story(deadline="2026-03-12")  # in seven days, and its eight o'clock is over
    first = Told(
        Owed("a", story.id, Stage.LAUNCHED, "", Decision.IMMEDIATE, Why.NEW), NOW - timedelta(minutes=5), "cw_1"
    )

    def due(story: Any, told: list[Told], at: datetime = NOW) -> int | None:
        return notice.reminder_days(story, mail("a"), told, at)

    assert due(story, [first]) is None
    assert due(story, [first], NOW + timedelta(days=4, hours=20)) is None
    assert due(story, [first], NOW + timedelta(days=4, hours=21)) == 2  # 08:00 in Rome, two days before
    # one that was told long ago and extended this morning says its new deadline itself, too
    long_ago = replace(first, told_at=NOW - timedelta(days=30))
    extended = Told(replace(first.owed, stage=Stage.RENEWED), NOW - timedelta(minutes=5), "cw_2")
    assert due(story, [long_ago, extended]) is None
    corrected = Told(replace(first.owed, change="correction"), NOW - timedelta(minutes=5), "cw_3")
    assert due(story, [long_ago, corrected]) is None
    # a deadline that a person entered, and one that was slept through, are said as soon as they can be
    assert due(story, [long_ago]) == 7
    silent = replace(extended, owed=replace(extended.owed, decision=Decision.SILENCED))
    assert due(story, [long_ago, silent]) == 7
