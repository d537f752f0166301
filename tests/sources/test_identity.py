"""Which entries are new: guids, links and texts that change, are reused, repeated, vanish and return."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Entry
from monitor.sources.age import Age, FeedTime
from monitor.sources.canonical import _canonical, canonical, is_specific
from monitor.sources.identity import EDITS_MAX, Intake, take_in
from monitor.sources.keys import folded, keyed, keys_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KNOWN = Age(86400.0, FeedTime.KNOWN, NOW - timedelta(minutes=15))


@dataclass(frozen=True)
class Stored:
    entry_id: int
    text_hash: str
    edits: int
    title: str
    url: str


@dataclass
class Memory:
    """A store in small: keys to entries, as the real one keeps them."""

    keys: dict[str, Stored] = field(default_factory=dict)
    entries: int = 0

    def poll(self, entries: Sequence[Entry], now: datetime = NOW, age: Age = KNOWN) -> Intake:
        listed = keyed(entries)
        wanted = keys_of(listed)
        found = take_in(listed, {key: self.keys[key] for key in wanted if key in self.keys}, now=now, age=age)
        for taken in found.new:
            self.entries += 1
            entry = taken.entry
            stored = Stored(self.entries, taken.text_hash, 0, entry.title, entry.url)
            for key in taken.keys:
                self.keys.setdefault(key, stored)
        changed = {taken.entry_id: taken for taken in found.edited}
        for key, stored in list(self.keys.items()):
            if stored.entry_id in changed:
                taken = changed[stored.entry_id]
                self.keys[key] = replace(
                    stored,
                    text_hash=taken.text_hash,
                    edits=stored.edits + 1,
                    title=taken.entry.title,
                    url=taken.entry.url,
                )
        by_id = {stored.entry_id: stored for stored in self.keys.values()}
        for key, entry_id in found.seen:
            self.keys.setdefault(key, by_id[entry_id])
        return found


def item(number: int, **change: object) -> Entry:
    plain = Entry(
        guid=f"urn:coop:{number}",
        url=f"https://agenzia.example/a/{number}",
        title=f"Italia e Cina firmano un memorandum sulla scienza (n. {number})",
        summary=f"Oggi a Roma le parti hanno firmato il testo numero {number} alla presenza dei ministri.",
        published_at=NOW - timedelta(hours=1),
    )
    return replace(plain, **change)  # type: ignore[arg-type]


def items(count: int, **change: object) -> list[Entry]:
    return [item(number, **change) for number in range(count)]


def counts(found: Intake) -> tuple[int, int, int, int]:
    return len(found.new), len(found.edited), found.known, found.repeated


def second(first: Sequence[Entry], later: Sequence[Entry]) -> tuple[int, int, int, int]:
    memory = Memory()
    memory.poll(first)
    return counts(memory.poll(later))


def test_the_same_document_brings_nothing_in_any_order() -> None:
    assert second(items(5), items(5)) == (0, 0, 5, 0)
    assert second(items(5), items(5)[::-1]) == (0, 0, 5, 0)


def test_guids_that_change_at_every_poll_bring_nothing() -> None:
    assert second(items(5), [item(number, guid=f"x{number}") for number in range(5)]) == (0, 0, 5, 0)


def test_tracking_parameters_scheme_www_and_slashes_bring_nothing() -> None:
    later = [
        item(0, guid="", url="https://agenzia.example/a/0?utm_source=rss&fbclid=9"),
        item(1, guid="", url="http://www.agenzia.example/a/1/"),
        item(2, guid="", url="https://agenzia.example:443/a/2#top"),
    ]
    assert second(items(3), later) == (0, 0, 3, 0)


def test_entries_whose_guid_and_link_both_changed_are_known_by_their_text() -> None:
    later = [item(number, guid=f"n{number}", url=f"https://neu.example/{number}") for number in range(5)]
    assert second(items(5), later) == (0, 0, 5, 0)


def test_a_guid_that_is_used_again_for_another_story_hides_nothing() -> None:
    first = item(0, guid="latest")
    for later in (
        item(1, guid="latest"),
        item(1, guid="latest", published_at=None),
        item(1, guid="https://agenzia.example/"),
    ):
        assert second([first], [later]) == (1, 0, 0, 0)
    memory = Memory()
    for number in range(5):
        assert counts(memory.poll([item(number, guid="latest")])) == (1, 0, 0, 0)
        assert counts(memory.poll([item(number, guid="latest")])) == (0, 0, 1, 0)


def test_a_link_that_all_entries_share_tells_none_apart() -> None:
    for link in ("https://agenzia.example/", "https://agenzia.example/news?page=1"):
        entries = [item(number, guid="", url=link) for number in range(5)]
        assert counts(Memory().poll(entries)) == (5, 0, 0, 0)
        assert second(entries, entries) == (0, 0, 5, 0)
        assert second(entries, [*entries, item(7, guid="", url=link)]) == (1, 0, 5, 0)


def test_a_page_that_lists_one_story_after_the_other_under_one_link_hides_none() -> None:
    titles = [
        "Italia e Cina firmano un memorandum",
        "Aperto il bando per i ricercatori europei",
        "Mosca annuncia nuovi scambi con Pechino",
    ]
    for guid in ("", "x"):
        memory = Memory()
        for number, title in enumerate(titles):
            one = item(0, guid=f"{guid}{number}" if guid else "", title=title, summary=title)
            assert counts(memory.poll([one])) == (1, 0, 0, 0)
            assert counts(memory.poll([one])) == (0, 0, 1, 0)


def test_a_corrected_headline_under_the_same_link_is_an_edit() -> None:
    first = item(0, guid="", title="Italia e Cina firmano memorandun")
    assert second([first], [replace(first, title="AGGIORNATO: Italia e Cina firmano il memorandum")]) == (0, 1, 0, 0)


def test_three_copies_in_one_document_are_one_entry() -> None:
    copies = [item(0), item(0), item(1), item(0, guid="urn:other")]
    assert counts(Memory().poll(copies)) == (2, 0, 0, 2)
    assert second(copies, copies) == (0, 0, 2, 2)


@pytest.mark.parametrize(
    "change", [{"guid": ""}, {"url": ""}, {"guid": "", "url": ""}, {"guid": "", "published_at": None}]
)
def test_identity_comes_from_what_there_is(change: dict[str, object]) -> None:
    assert counts(Memory().poll(items(5, **change))) == (5, 0, 0, 0)
    assert second(items(5, **change), items(5, **change)) == (0, 0, 5, 0)


def test_short_titles_without_anything_else_are_still_told_apart() -> None:
    entries = [Entry("", "", "Nota"), Entry("", "", "Avviso")]
    assert counts(Memory().poll(entries)) == (2, 0, 0, 0)
    assert second(entries, entries) == (0, 0, 2, 0)


def test_two_entries_of_the_same_short_title_at_two_addresses_are_two() -> None:
    assert second([item(0, title="Comunicato", summary="")], [item(1, title="Comunicato", summary="")]) == (1, 0, 0, 0)


def test_an_entry_that_vanished_is_known_when_it_returns() -> None:
    memory = Memory()
    memory.poll(items(5))
    memory.poll(items(2))
    assert counts(memory.poll(items(5))) == (0, 0, 5, 0)


def test_an_edit_is_judged_again_24_times_and_then_no_more() -> None:
    memory = Memory()
    memory.poll([item(0)])
    edits = [len(memory.poll([item(0, title=f"Italia e Cina, ore {hour}")]).edited) for hour in range(60)]
    assert sum(edits) == EDITS_MAX
    assert edits[:EDITS_MAX] == [1] * EDITS_MAX


def test_an_edited_title_of_an_entry_without_link_is_an_edit() -> None:
    assert second([item(0, url="")], [item(0, url="", title="AGGIORNATO: firmato il memorandum")]) == (0, 1, 0, 0)


def test_entries_without_title_and_text_are_refused_and_counted() -> None:
    found = Memory().poll([item(0), Entry("g", "https://x.example/1", "")])
    assert (len(found.new), found.refused) == (1, 1)


def test_the_counts_of_a_document_add_up() -> None:
    memory = Memory()
    memory.poll(items(4))
    listed = [*items(6), item(5), Entry("g", "", ""), item(0, title="Cambiato")]
    found = memory.poll(listed)
    assert len(found.new) + len(found.edited) + found.known + found.repeated + found.refused == len(listed)


def test_a_document_without_any_known_entry_is_a_possible_gap() -> None:
    memory = Memory()
    assert not memory.poll(items(10), age=Age(86400.0, FeedTime.FIRST)).gap
    assert memory.poll([item(number) for number in range(10, 20)]).gap
    assert not memory.poll([item(number) for number in range(15, 25)]).gap
    assert not take_in(keyed(items(3)), {}, now=NOW, age=KNOWN, skipped=1).gap


def old(hours: float, **change: object) -> list[Entry]:
    return items(20, published_at=NOW - timedelta(hours=hours), **change)


def test_on_a_first_poll_and_a_return_old_entries_are_held_back() -> None:
    for feed_time in (FeedTime.FIRST, FeedTime.RETURN):
        age = Age(86400.0, feed_time, NOW - timedelta(days=30) if feed_time == FeedTime.RETURN else None)
        assert all(taken.held for taken in Memory().poll(old(25), age=age).new)
        assert not any(taken.held for taken in Memory().poll(old(23), age=age).new)
        assert not any(taken.held or taken.late for taken in Memory().poll(old(25), age=replace(age, max_age_s=0)).new)


def test_a_date_without_a_time_counts_to_the_end_of_its_day() -> None:
    age = Age(86400.0, FeedTime.FIRST)
    assert not any(taken.held for taken in Memory().poll(old(47, date_only=True), age=age).new)
    assert all(taken.held for taken in Memory().poll(old(49, date_only=True), age=age).new)


def test_an_undated_entry_counts_from_its_first_sight() -> None:
    found = Memory().poll(items(5, published_at=None), age=Age(86400.0, FeedTime.FIRST))
    assert not any(taken.held or taken.late for taken in found.new)
    assert {taken.order_at for taken in found.new} == {NOW}


def test_on_a_known_feed_an_old_date_is_told_and_marked_late() -> None:
    memory = Memory()
    memory.poll(items(5))
    found = memory.poll([*items(5), item(9, published_at=NOW - timedelta(days=3))])
    assert [(taken.held, taken.late) for taken in found.new] == [(False, True)]


def test_after_an_outage_the_limit_is_stretched_by_it() -> None:
    memory = Memory()
    memory.poll(items(5))
    entries = [*items(5), item(9, published_at=NOW - timedelta(days=3))]
    found = memory.poll(entries, age=Age(86400.0, FeedTime.KNOWN, NOW - timedelta(days=4)))
    assert [(taken.held, taken.late) for taken in found.new] == [(False, False)]


def test_a_known_feed_that_lists_its_past_as_new_floods_nobody() -> None:
    memory = Memory()
    memory.poll(items(5))
    past = [item(number, published_at=NOW - timedelta(days=30)) for number in range(100, 140)]
    found = memory.poll([*items(5), *past])
    assert found.mass
    assert all(taken.held for taken in found.new)
    assert not memory.poll([*items(5), item(300)]).mass
    busy = [item(number) for number in range(400, 440)]
    assert not any(taken.held for taken in memory.poll(busy).new)


def test_a_date_in_the_future_is_dropped_and_does_not_order_first() -> None:
    found = Memory().poll(
        [
            item(0, published_at=NOW + timedelta(days=3650)),
            item(1, published_at=NOW + timedelta(minutes=30)),
            item(2, published_at=datetime(2026, 11, 22, tzinfo=UTC), date_only=True),
        ]
    )
    assert [taken.entry.published_at is None for taken in found.new] == [True, False, False]
    assert all(taken.order_at == NOW for taken in found.new)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a", "http://www.X.example:80/a/"),
        ("https://x.example/a?b=1&a=2", "https://x.example/a?a=2&b=1&utm_medium=x"),
        ("https://x.example/citt%C3%A0", "https://x.example/citt\u00e0"),
        ("https://x.example/a/index.html", "https://x.example/a/"),
        ("https://x.example/a?ref=rss", "https://x.example/a"),
    ],
)
def test_addresses_of_one_page_have_one_canonical_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a?id=1", "https://x.example/a?id=2"),
        ("https://x.example/A", "https://x.example/a"),
        ("https://x.example/a?ref=42", "https://x.example/a"),
        ("https://x.example/#!/1", "https://x.example/#!/2"),
        ("https://x.example:8443/a", "https://x.example/a"),
    ],
)
def test_addresses_of_two_pages_have_two(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_a_home_page_is_not_specific_and_odd_addresses_raise_nothing() -> None:
    assert not is_specific("https://x.example/")
    assert is_specific("https://x.example/?p=1")
    assert [canonical(url) for url in ("", "http://[::1", "nonsense", "mailto:a@b")] == ["", "", "", ""]


ENTRIES = st.builds(
    Entry,
    guid=st.sampled_from(["", "a", "b", "c"]),
    url=st.sampled_from(["", "https://x.example/", "https://x.example/1", "https://x.example/2?utm_source=x"]),
    title=st.sampled_from(["", "Nota", "Italia e Cina firmano", "Aperto un bando"]),
    summary=st.sampled_from(
        ["", "Oggi a Roma.", "Un testo che è abbastanza lungo da distinguere due notizie fra di loro, certo."]
    ),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(ENTRIES, max_size=8))
def test_whatever_a_feed_lists_a_second_poll_brings_nothing_new(entries: list[Entry]) -> None:
    memory = Memory()
    first = memory.poll(entries)
    again = memory.poll(entries)
    assert len(first.new) + first.repeated + first.refused + len(first.edited) + first.known == len(entries)
    assert again.new == ()


@given(ENTRIES)
def test_every_entry_has_a_key_and_a_hash(entry: Entry) -> None:
    (one,) = keyed([entry])
    assert one.keys
    assert one.text_hash


def test_each_text_is_folded_once_however_it_is_sorted() -> None:
    listed = [
        Entry(guid=f"g{number}", url=f"https://x.example/{number}", title=f"Titolo {number}", summary="parole " * 40)
        for number in range(30)
    ]
    folds = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal folds
        folds += event == "call" and frame.f_code is folded.__code__

    sys.setprofile(count)
    try:
        entries = keyed(listed)
        wanted = keys_of(entries)
        found = take_in(entries, {}, now=NOW, age=KNOWN)
    finally:
        sys.setprofile(None)
    assert len(found.new) == 30
    assert len(wanted) == 90
    assert folds == 30


@given(st.text(st.characters(max_codepoint=255)) | st.text())
def test_folding_narrow_texts_a_shorter_way_changes_nothing(text: str) -> None:
    assert folded(text) == " ".join(re.findall(r"\w+", text.casefold()))


PARTS = (
    "http://", "https://", "www.", "a", "B", "x.example", "-", ".", ":80", ":8080", ":54321", ":65536", ":0", "/", "//",
    "index.php", ".html", "?", "=", "%41", "#", "é", ";", "_",
)  # fmt: skip
STARTS = ("", "http://", "https://www.a.example", "http://a.example:8080/")


@given(st.sampled_from(STARTS), st.lists(st.sampled_from(PARTS)).map("".join))
def test_a_plain_address_is_its_own_canonical_form(start: str, rest: str) -> None:
    assert canonical(start + rest) == _canonical(start + rest)
