from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alert import digest, drafts, silence, words
from monitor.alert.digest import Alive, Item, Kind, Period
from monitor.alert.letter import Reader
from monitor.alert.office import Office
from monitor.alert.render import text
from monitor.config import Channel, MatchClause, Route
from monitor.model import Decision, Owed, Reason, RouteMode, Stage, Why
from tests.alert import make

NOW = make.NOW
SINCE = NOW - timedelta(days=1)
READER = Reader("morning", words.load("en"), ZoneInfo("Europe/Rome"))
OFFICE = Office.open("example.org")
MORNING = Route(name="morning", channel=Channel.EMAIL, mode=RouteMode.DIGEST, at=("08:00",), to=("a@example.org",))


def item(number: int = 1, decision: Decision = Decision.DIGEST, why: Why = Why.NEW, **changes: Any) -> Item:
    story = make.story(make.report(number, url=f"https://news.example/a/{number:03}"), id=f"st-{number}", **changes)
    return Item(Owed("morning", story.id, Stage.SIGNED, "", decision, why, f"article-{number}"), story)


def period(*items: Item, **changes: Any) -> Period:
    return Period(SINCE, NOW, items, **changes)


def body(*items: Item, kind: Kind = Kind.DIGEST, **changes: Any) -> str:
    return text.render(digest.letter(kind, period(*items, **changes), READER))


def test_a_digest_has_news_follow_ups_trials_and_near_misses_apart() -> None:
    letter = digest.letter(
        Kind.DIGEST,
        period(item(1), item(2, why=Why.SOURCE), item(3, why=Why.TRIAL), item(4, Decision.NEAR, Why.NEAR_MISS)),
        READER,
    )
    assert [section.title for section in letter.sections] == [
        "News",
        "Follow-ups of known stories",
        "Rules on trial",
        "Near misses: just below the threshold",
    ]
    assert letter.subject == "Digest of 5 March 2026: 1 act, 1 follow-up, 1 near miss"


def test_at_most_ten_near_misses_are_listed_and_the_rest_counted() -> None:
    shown = body(*(item(n, Decision.NEAR, Why.NEAR_MISS, score=0.4 - n / 1000) for n in range(1, 31)))
    assert shown.count("https://news.example/a/") == 10
    assert "20 more below the threshold, not listed" in shown
    assert "https://news.example/a/001" in shown


def test_a_quiet_day_says_that_the_program_is_alive() -> None:
    letter = digest.letter(Kind.DIGEST, period(alive=Alive(812, 121, ("3 feeds fail",))), READER)
    assert letter.subject == "Digest of 5 March 2026: nothing new"
    shown = text.render(letter)
    assert "coopwatch is running: 812 articles read from 121 feeds." in shown
    assert "3 feeds fail" in shown
    assert "coopwatch is running: 1 article read from 1 feed." in body(alive=Alive(1, 1))
    assert "read no article" in body(alive=Alive(0, 121))


def test_silences_say_what_they_muted() -> None:
    mute = silence.new(MatchClause(types=("agreement",)), "Ada", "too many", SINCE, NOW + timedelta(days=2))
    shown = body(item(1, Decision.SILENCED, Why.SILENCE), silences=((mute, 1),), paused=2)
    assert "Ada: too many; until 7 Mar 2026" in shown.replace("\n  ", " ")
    assert "1 alert muted by a silence" in shown
    assert "2 alerts held by the pause" in shown
    assert "https://news.example/a/001" in shown


def test_an_overflow_of_hundreds_reaches_every_story() -> None:
    items = [item(n, Decision.HELD, Why.CAP) for n in range(488)]
    shown = body(*items, kind=Kind.OVERFLOW)
    assert all(f"https://news.example/a/{n:03}" in shown for n in range(488))


def test_a_collection_shows_what_is_in_it_at_a_glance_and_of_each_act_score_link_and_where_to_look() -> None:
    items = [item(n, Decision.HELD, Why.CAP, score=0.99 - n / 100) for n in range(1, digest.CARDS_SHOWN + 2)]
    reader = replace(READER, page_url="https://watch.example")
    letter = digest.letter(Kind.OVERFLOW, period(*items), reader, 12)
    (news,) = letter.sections
    assert letter.contents == tuple(card.title for card in news.cards)
    assert [card.kicker for card in news.cards][:2] == ["1 of 12 · new", "2 of 12 · new"]
    shown = {row.label: row.lines for row in news.cards[0].after}
    assert list(shown) == ["Sources", "Why you", "Story"]  # one source needs no count of independent ones
    assert shown["Sources"][0].url == "https://news.example/a/001"
    assert "score" in shown["Why you"][0].text
    assert shown["Story"][0].plain == "Open the story (coopwatch explain st-1)"
    assert shown["Story"][0].url == "https://watch.example/stories/st-1"
    assert READER.words.percent(0.998) == "99%"
    (beyond,) = news.lines
    assert (beyond.url, beyond.note) == (f"https://news.example/a/{digest.CARDS_SHOWN + 1:03}", "86%")


def test_a_withdrawal_in_a_digest_is_marked() -> None:
    withdrawn = item(1, why=Why.WITHDRAWAL)
    story = replace(withdrawn.story, reports=(make.report(1, reason=Reason.DENIED),))
    letter = digest.letter(Kind.DIGEST, period(replace(withdrawn, story=story)), READER)
    assert letter.sections[0].cards[0].kicker == "denial"
    many = [replace(each, story=story) for each in (withdrawn,) * (digest.CARDS_SHOWN + 1)]
    (line,) = digest.letter(Kind.DIGEST, period(*many), READER).sections[0].lines
    assert line.text == letter.sections[0].cards[0].title
    assert not line.text.startswith("Italy and China")


def test_catch_up_and_return_say_since_when() -> None:
    assert "The oldest had waited since 4 Mar 2026" in body(item(1, Decision.IMMEDIATE), kind=Kind.CATCHUP)
    assert "While route morning was paused" in body(item(1, Decision.PAUSED, Why.PAUSE), kind=Kind.RETURN)


def test_a_digest_has_one_id_for_its_due_time() -> None:
    first = drafts.collected_drafts(Kind.DIGEST, period(item(1)), MORNING, OFFICE, NOW, "2026-03-05T07:00Z")
    again = drafts.collected_drafts(Kind.DIGEST, period(item(2)), MORNING, OFFICE, NOW, "2026-03-05T07:00Z")
    other = drafts.collected_drafts(Kind.DIGEST, period(item(1)), MORNING, OFFICE, NOW, "2026-03-06T07:00Z")
    assert first[0].delivery_id == again[0].delivery_id != other[0].delivery_id
    assert first[0].render(NOW).story_ids == ("st-1",)


def test_an_endpoint_gets_every_story_in_events_below_20_kb() -> None:
    hook = Route(
        name="hook",
        channel=Channel.WEBHOOK,
        mode=RouteMode.DIGEST,
        at=("08:00",),
        url="https://h.example/",
        secrets=("whsec_eA==",),  # type: ignore[arg-type]
    )
    messages = drafts.collected_drafts(
        Kind.DIGEST, period(*(item(n) for n in range(95))), hook, OFFICE, NOW, "2026-03-05T07:00Z"
    )
    bodies = [draft.render(NOW).body for draft in messages]
    assert all(len(each) < 20_000 for each in bodies)
    assert [json.loads(each)["data"]["part"] for each in bodies] == [1, 2, 3]
    told = [row["id"] for each in bodies for row in json.loads(each)["data"]["stories"]]
    assert told == [f"st-{n}" for n in range(95)]
