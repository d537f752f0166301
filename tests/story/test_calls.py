"""Open calls, their reminders and their calendar."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.model import ActType, Reason, Stage, Story
from monitor.story import place
from monitor.story.calls import calendar, open_calls
from tests.story.acts import START, article, judged, said


def call(name: str, deadline: str) -> Story:
    announced = said("IT CN", f"call {name}", type=ActType.CALL, stage=Stage.LAUNCHED, deadline=deadline)
    (change,) = place(article(name, f"Joint call {name}"), judged(announced), (), START)
    return change.story


def test_open_calls_stand_by_deadline_and_those_without_one_last() -> None:
    stories = [call("none", ""), call("later", "2026-03-31"), call("sooner", "2026-03-01"), call("gone", "2026-02-09")]
    listed = open_calls(stories, date(2026, 2, 10))
    assert [entry.story.reports[0].article_id for entry in listed] == ["sooner", "later", "none"]
    assert [entry.days_left for entry in listed] == [19, 49, None]


def test_a_call_that_closes_today_is_still_open() -> None:
    assert len(open_calls([call("a", "2026-02-10")], date(2026, 2, 10))) == 1


@pytest.mark.parametrize("reason", [Reason.SUSPENDED, Reason.DENIED])
def test_a_call_that_is_off_is_not_open_until_it_is_taken_up_again(reason: Reason) -> None:
    story = call("a", "2026-03-31")
    off = said("IT CN", "the joint call a is off", type=ActType.CALL, stage=Stage.LAUNCHED)
    (change,) = place(article("b", "Call a is off", days=2), judged(mentions=((off, reason),)), (story,), START)
    assert change.story.id == story.id
    assert open_calls([change.story], date(2026, 2, 10)) == ()
    again = said("IT CN", "call a", type=ActType.CALL, stage=Stage.LAUNCHED, deadline="2026-04-30")
    (resumed,) = place(article("c", "Joint call a", days=9), judged(again), (change.story,), START)
    assert resumed.story.id == story.id
    assert [entry.days_left for entry in open_calls([resumed.story], date(2026, 2, 20))] == [69]


def test_other_acts_are_no_calls() -> None:
    (change,) = place(article("a", "An agreement"), judged(said("IT CN", "x")), (), START)
    assert open_calls([change.story], date(2026, 2, 10)) == ()


def test_the_calendar_has_one_event_for_each_deadline_and_survives_odd_titles() -> None:
    story, without = call("a", "2026-03-31"), call("b", "")
    summary = "Italy, China: call\r\nATTENDEE:x; " + "è" * 60
    text = calendar(open_calls([story, without], date(2026, 2, 10)), {story.id: summary}, START)
    lines = text.split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20260331" in lines
    assert "DTEND;VALUE=DATE:20260401" in lines
    assert f"UID:{story.id}@coopwatch" in lines
    assert not any(line.startswith("ATTENDEE") for line in lines)
    assert max(len(line.encode()) for line in lines) <= 75
    assert "Italy\\, China: call  ATTENDEE:x\\; èè" in text.replace("\r\n ", "")
