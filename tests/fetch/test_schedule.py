"""When a feed is asked next: values in, values out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.fetch.answers import Document, NotModified, Problem, Trouble, hint_s, read_answer, retry_after_s
from monitor.fetch.schedule import (
    Pace,
    Read,
    Settled,
    is_full_fetch_due,
    settle_not_modified,
    settle_read,
    settle_same_bytes,
    settle_trouble,
    silence,
    validators,
)
from monitor.fetch.state import PollState, joined_prints, pack, unpack
from monitor.fetch.words import feed_words, poll_words
from monitor.model import FeedState, HttpAnswer, HttpFailure

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://x.example/feed"
PACE = Pace()


def answer(status: int = 200, hops: tuple[tuple[int, str], ...] = (), **headers: str) -> HttpAnswer:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpAnswer(URL, hops[-1][1] if hops else URL, status, named, b"", hops)


def read(
    state: PollState, found: HttpAnswer, now: datetime = NOW, pace: Pace = PACE, url: str = URL, **what: object
) -> Settled:
    seen = Read(**({"new": 0, "listed": 10} | what))  # type: ignore[arg-type]
    return settle_read(state, url, Document(found), seen, now=now, pace=pace, spread=0)


def trouble(
    state: PollState,
    kind: str,
    now: datetime = NOW,
    *,
    status: int = 0,
    wait_s: float | None = None,
    before: FeedState = FeedState.OK,
    spread: float = 0,
) -> Settled:
    found = Trouble(kind, "", status, wait_s)
    return settle_trouble(state, URL, found, before=before, now=now, pace=PACE, spread=spread)


def wait_s(settled: Settled, now: datetime = NOW) -> float:
    return (settled.due_at - now).total_seconds()


def test_the_state_survives_its_text_form() -> None:
    state = PollState(
        etag='W/"è"',
        prints=b"12345678abcdefgh",
        full_at=NOW,
        rhythm_s=12.5,
        skip_hours=(1, 2),
        gone_seen=2,
        moved_to=URL,
    )
    assert unpack(pack(state)) == state
    assert pack(PollState()) == ""
    for text in ("", "no json", "[1]", '{"unknown": 1}'):
        assert unpack(text) == PollState()


def test_fingerprints_of_earlier_documents_are_kept_up_to_a_bound() -> None:
    marks = tuple(number.to_bytes(8, "big") for number in range(3000))
    kept = joined_prints(marks[:30], b"".join(marks[20:1500]))
    assert len(kept) == 8000
    assert PollState(prints=kept).known_prints() == frozenset(marks[:1000])


def test_validators_go_back_byte_for_byte_and_a_first_request_has_none() -> None:
    assert validators(PollState(), NOW, PACE) == ()
    state = read(PollState(), answer(etag='W/"a b"', last_modified="odd date")).state
    assert validators(state, NOW, PACE) == (("If-None-Match", 'W/"a b"'), ("If-Modified-Since", "odd date"))


def test_the_whole_is_fetched_after_seven_days_or_fifty_304s() -> None:
    state = read(PollState(), answer(etag='"a"')).state
    assert not is_full_fetch_due(state, NOW + timedelta(days=6, hours=23), PACE)
    assert validators(state, NOW + timedelta(days=7), PACE) == ()
    for _ in range(50):
        assert validators(state, NOW, PACE)
        state = settle_not_modified(state, URL, NotModified(answer(304)), now=NOW, pace=PACE, spread=0).state
    assert validators(state, NOW, PACE) == ()
    assert read(state, answer(etag='"a"')).state.unmodified == 0


def test_a_cut_document_leaves_no_validator_no_hash_and_the_next_poll_is_unconditional() -> None:
    state = read(PollState(), answer(etag='"cut"', last_modified="x"), cut=True, body_hash="h").state
    assert (state.etag, state.last_modified, state.body_hash) == ("", "", "")
    assert validators(state, NOW, PACE) == ()


def test_trouble_keeps_the_validators_of_the_last_good_document() -> None:
    state = read(PollState(), answer(etag='"a"')).state
    assert trouble(state, Problem.SERVER_ERROR, status=500).state.etag == '"a"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4", 4),
        ("0", 0),
        (" 120 ", 120),
        ("99999999999", 172800),
        ("9" * 400, 172800),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), None),
        (format_datetime(NOW + timedelta(days=90), usegmt=True), 172800),
        ("Fri, 99 Foo 2026 25:00:00 GMT", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_and_clamped(value: str, expected: float | None) -> None:
    assert retry_after_s(value, NOW) == expected


def test_retry_after_is_honoured_on_any_error_even_beyond_the_cap() -> None:
    for status in (403, 429, 500, 503):
        found = read_answer(answer(status, retry_after="100000"), conditional=False, now=NOW)
        assert isinstance(found, Trouble)
        settled = settle_trouble(PollState(), URL, found, before=FeedState.OK, now=NOW, pace=PACE, spread=0)
        assert wait_s(settled) == 100000


def test_answers_are_sorted_by_what_they_mean() -> None:
    def kind(found: HttpAnswer | HttpFailure, conditional: bool = True) -> str:
        result = read_answer(found, conditional=conditional, now=NOW)
        return result.kind if isinstance(result, Trouble) else type(result).__name__

    assert kind(answer(200)) == "Document"
    assert kind(answer(304)) == "NotModified"
    assert kind(answer(304), conditional=False) == "unasked_304"
    statuses = {204: "no_content", 206: "partial", 301: "no_target", 400: "client_error", 401: "unauthorized"}
    statuses |= {403: "forbidden", 404: "not_found", 410: "gone", 429: "throttled", 451: "legal", 502: "server_error"}
    assert {status: kind(answer(status)) for status in statuses} == statuses
    assert kind(answer(403, cf_mitigated="challenge")) == "challenge"
    assert kind(replace(answer(503), body=b"<script src=/cdn-cgi/challenge-platform/x>")) == "challenge"
    assert kind(HttpFailure(URL, "connect", "no")) == "connect"


def test_a_good_poll_follows_the_feeds_own_rhythm_between_floor_and_a_part_of_the_cap() -> None:
    def interval_s(hours: float) -> float:
        dates = tuple(NOW - timedelta(hours=hours * number) for number in range(20))
        return read(PollState(last_ok_at=NOW, full_at=NOW), answer(), new=20, dates=dates).interval_s

    assert interval_s(0.01) == 900
    assert interval_s(8) == 3600
    assert interval_s(24 * 30) == 10800
    assert read(PollState(), answer()).interval_s == 900


def test_after_its_first_poll_a_feed_is_asked_again_at_the_floor_or_when_it_says() -> None:
    dates = tuple(NOW - timedelta(days=30 * number) for number in range(20))
    assert read(PollState(), answer(), new=20, dates=dates).interval_s == 900
    assert read(PollState(), answer(cache_control="max-age=7200"), new=20, dates=dates).interval_s == 7200


def test_a_feed_that_fell_silent_is_asked_less_often() -> None:
    state = PollState(rhythm_s=3600, last_new_at=NOW)
    waits = [
        wait_s(settle_not_modified(state, URL, NotModified(answer(304)), now=now, pace=PACE, spread=0), now)
        for now in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=9))
    ]
    assert waits == [900, 5400, 10800]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 900),
        ({"cache_control": "public, max-age=7200"}, 7200),
        ({"cache_control": 'max-age="7200"'}, 7200),
        ({"cache_control": "max-age=31536000"}, 86400),
        ({"cache_control": "max-age=99999999999999999999"}, 86400),
        ({"cache_control": "no-store, max-age=0", "expires": "0"}, 900),
        ({"cache_control": "max-age=-5"}, 900),
        ({"cache_control": "max-age=soon"}, 900),
        (
            {
                "date": format_datetime(NOW, usegmt=True),
                "expires": format_datetime(NOW + timedelta(hours=2), usegmt=True),
            },
            7200,
        ),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "date": "junk"}, 900),
    ],
)
def test_cache_hints_lengthen_the_interval_within_floor_and_cap(headers: dict[str, str], expected: float) -> None:
    assert wait_s(read(PollState(), answer(**headers))) == expected
    state = read(PollState(), answer()).state
    again = settle_not_modified(state, URL, NotModified(answer(304, **headers)), now=NOW, pace=PACE, spread=0)
    assert wait_s(again) == expected


def test_hints_of_the_document_are_remembered_over_304s_and_scans() -> None:
    first = read(PollState(), answer(), hint_s=14400.0)
    assert first.interval_s == 14400
    assert read(first.state, answer(), parsed=False).interval_s == 14400
    assert read(first.state, answer(), hint_s=10.0**12).interval_s == 86400


def test_skip_hours_move_the_next_poll_and_rules_that_forbid_everything_do_not() -> None:
    hours = frozenset({12, 13})
    assert read(PollState(), answer(), skip_hours=hours).due_at == datetime(2026, 11, 21, 14, tzinfo=UTC)
    assert read(PollState(), answer(), skip_days=frozenset({5})).due_at == datetime(2026, 11, 22, tzinfo=UTC)
    everything = {"skip_hours": frozenset(range(24)), "skip_days": frozenset(range(7))}
    assert wait_s(read(PollState(), answer(), **everything)) == 900


def test_jitter_only_lengthens() -> None:
    settled = settle_read(
        PollState(), URL, Document(answer(cache_control="max-age=3600")), Read(0, 5), now=NOW, pace=PACE, spread=0.99
    )
    assert 3600 < wait_s(settled) <= 3960
    late = trouble(PollState(), Problem.THROTTLED, status=429, wait_s=40000, spread=0.99)
    assert 40000 <= wait_s(late) < 41000


def test_hard_failures_double_the_wait_to_the_cap_and_never_end() -> None:
    state, waits = PollState(), []
    for _ in range(30):
        settled = trouble(state, Problem.FORBIDDEN, status=403)
        assert settled.feed_state == FeedState.FAILING
        state = settled.state
        waits.append(wait_s(settled))
    assert waits[:4] == [1800, 3600, 7200, 14400]
    assert waits[-1] == 86400


def test_soft_failures_back_off_slower_and_temporary_ones_slower_still() -> None:
    def third(kind: str) -> float:
        state = PollState()
        for _ in range(3):
            settled = trouble(state, kind)
            state = settled.state
        return wait_s(settled)

    assert third("dns_temporary") == 900
    assert third("dns_temporary") < third(Problem.NOT_FOUND) < third("dns") == 7200


def test_the_first_good_poll_ends_all_trouble() -> None:
    state = PollState()
    for _ in range(9):
        state = trouble(state, Problem.SERVER_ERROR, status=500).state
    settled = read(state, answer())
    assert (settled.state.failures, settled.state.weight, settled.state.failing_since_at) == (0, 0.0, None)
    assert (settled.feed_state, wait_s(settled)) == (FeedState.OK, 900)


def moves(*answers: HttpAnswer | str, hours: float = 9, url: str = URL) -> str:
    """Polls in turn (a word is a trouble); where the feed is asked afterwards."""
    state, now = PollState(), NOW
    for found in answers:
        if isinstance(found, str):
            settled = trouble(state, found, now, status=404)
            state = settled.state
        else:
            settled = read(state, found, now, url=url)
            state, url = settled.state, settled.url
        now += timedelta(hours=hours)
    return url


def test_a_permanent_redirect_is_adopted_after_several_sightings_over_a_day() -> None:
    new = "https://new.example/feed"
    for status in (301, 308):
        hop = answer(hops=((status, new),))
        assert moves(*[hop] * 3) == URL
        assert moves(*[hop] * 4) == new
        assert moves(*[hop] * 20, hours=1) == URL
        assert moves(hop, hop, hours=30) == URL
        assert moves(hop, hop, hop, hours=30) == new


def test_a_redirect_that_is_temporary_changing_interrupted_or_broken_is_not_adopted() -> None:
    new, other = "https://new.example/feed", "https://other.example/feed"
    hop = answer(hops=((301, new),))
    assert moves(*[answer(hops=((302, new),))] * 9) == URL
    assert moves(*[answer(hops=((302, new), (301, other)))] * 9) == URL
    assert moves(*[hop, answer(hops=((301, other),))] * 9) == URL
    assert moves(*[hop, hop, answer()] * 5) == URL
    assert moves(*[hop, hop, "html"] * 5) == URL
    assert moves(*[hop, hop, Problem.NOT_FOUND] * 5) == URL


def test_permanent_steps_before_a_temporary_one_are_remembered_alone() -> None:
    chain = answer(hops=((301, "https://b.example/"), (308, "https://c.example/"), (302, "https://d.example/")))
    assert moves(*[chain] * 9) == "https://c.example/"


def test_a_feed_is_gone_after_three_410s_over_a_day_and_comes_back() -> None:
    state, now, states = PollState(), NOW, []
    while FeedState.GONE not in states and len(states) < 10:
        settled = trouble(state, Problem.GONE, now, status=410)
        state = settled.state
        states.append(settled.feed_state)
        confirmed_at, now = now, settled.due_at
    assert states[:2] == [FeedState.FAILING, FeedState.FAILING]
    assert states[-1] == FeedState.GONE
    assert timedelta(days=1) <= confirmed_at - NOW < timedelta(days=2)
    later = trouble(state, "connect", now, before=FeedState.GONE)
    assert later.feed_state == FeedState.GONE
    assert wait_s(later, now) >= 7 * 86400
    assert read(later.state, answer(), now).feed_state == FeedState.OK


def test_one_410_or_410s_in_between_change_nothing() -> None:
    state, now = PollState(), NOW
    for _ in range(5):
        settled = trouble(state, Problem.GONE, now, status=410)
        assert settled.feed_state == FeedState.FAILING
        state = read(settled.state, answer(), now).state
        now += timedelta(days=1)


def test_a_gap_shortens_the_interval() -> None:
    dates = tuple(NOW - timedelta(hours=8 * number) for number in range(20))
    before = PollState(last_ok_at=NOW, full_at=NOW)
    plain = read(before, answer(), new=20, dates=dates)
    assert read(before, answer(), new=20, dates=dates, gap=True).interval_s == plain.interval_s / 2


def test_same_bytes_count_as_a_full_fetch_with_new_validators() -> None:
    state = replace(read(PollState(), answer(etag='"a"'), body_hash="h").state, unmodified=7)
    settled = settle_same_bytes(state, URL, Document(answer(etag='"b"')), now=NOW, pace=PACE, spread=0)
    assert (settled.state.etag, settled.state.unmodified, settled.state.body_hash) == ('"b"', 0, "h")


def test_silent_and_abandoned_feeds_are_told_in_words_and_clear_by_themselves() -> None:
    state = PollState(last_ok_at=NOW, last_new_at=NOW, rhythm_s=3600.0, newest_at=NOW)
    assert silence(state, NOW, NOW + timedelta(days=6)) == ""
    assert "2026-11-21" in silence(state, NOW, NOW + timedelta(days=8))
    assert silence(replace(state, rhythm_s=30 * 86400.0), NOW, NOW + timedelta(days=100)) == ""
    assert "abandoned" in silence(replace(state, newest_at=NOW - timedelta(days=800)), NOW, NOW)
    assert silence(replace(state, last_new_at=NOW + timedelta(days=8)), NOW, NOW + timedelta(days=8)) == ""
    assert silence(replace(state, failures=1), NOW, NOW + timedelta(days=99)) == ""
    assert silence(PollState(last_ok_at=NOW), NOW - timedelta(days=8), NOW) != ""


def test_every_kind_of_trouble_has_plain_words() -> None:
    settled = trouble(PollState(), Problem.NOT_FOUND, status=404)
    words = feed_words(settled.state, settled.feed_state)
    assert words == "failing since 2026-11-21 12:00 UTC, once: the feed is not there (404)"
    assert (
        poll_words(Trouble("connect", "refused", 0, 9.0)) == "no connection to the server (refused); asks to wait 9 s"
    )
    assert feed_words(PollState(), FeedState.OK) == ""
    assert hint_s(answer()) == 0
