"""What a page says of feeds and polls, in its own language: every kind of trouble has words in both catalogues."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.alert import words
from monitor.console import feeds, pages
from monitor.console.shown import Tongue
from monitor.fetch.answers import Trouble
from monitor.fetch.state import PollState, pack
from monitor.fetch.words import kinds, meaning, poll_words, told
from monitor.model import FeedSpec, FeedState, PollOutcome
from monitor.store.desk import FeedLine, PollLine

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def tongue(language: str) -> Tongue:
    return Tongue(words.load(language, folders=(pages.FOLDER / "locale",)), ZoneInfo("Europe/Rome"))


def feed(state: FeedState, poll_state: PollState) -> FeedLine:
    spec = FeedSpec("https://feed.example/rss", "Gazzetta", "it", "IT", "newspaper")
    return FeedLine("f", spec.url, spec.title, spec, state, "as stored", pack(poll_state), 900.0, *[AT] * 5, 0, 0)


def test_every_kind_of_trouble_has_words_in_both_languages() -> None:
    italian, english = tongue("it"), tongue("en")
    said = {kind: feeds.trouble_words(kind, italian) for kind in kinds()}
    assert len(set(said.values())) == len(said) >= 40
    assert {kind: feeds.trouble_words(kind, english) for kind in said} == {kind: meaning(kind) for kind in said}
    assert all(said[kind] != meaning(kind) for kind in said)


@pytest.mark.parametrize("kind", kinds())
def test_the_kind_of_a_poll_is_read_from_what_was_written(kind: str) -> None:
    assert told(poll_words(Trouble(kind, "seen here", 503, 30.0))) == (kind, "(seen here)")
    assert told(poll_words(Trouble(kind, ""))) == (kind, "")


def test_a_failing_a_gone_and_a_moving_feed_say_why_in_italian() -> None:
    italian = tongue("it")
    failing = PollState(failures=3, failing_since_at=AT, problem="not_found")
    assert feeds.health_words(feed(FeedState.FAILING, failing), italian) == (
        "il feed non c’è (404); 3 volte di fila, dal 10 mar 2026, 10:00"
    )
    gone = feeds.health_words(feed(FeedState.GONE, PollState(gone_since_at=AT)), italian)
    assert gone.startswith("il server dice che il feed è chiuso per sempre (410), dal 10 mar 2026")
    moving = PollState(moved_to="https://new.example/rss", moved_seen=1)
    assert feeds.health_words(feed(FeedState.OK, moving), italian) == "si sta spostando a https://new.example/rss"
    assert feeds.health_words(feed(FeedState.PAUSED, failing), italian) == "as stored", "a person's own words"


def test_a_poll_says_its_outcome_and_a_gap_in_italian() -> None:
    italian = tongue("it")
    read = PollLine(AT, PollOutcome.NEW, "30 listed: 3 new, 0 edited, 27 known", 200, 30, 3, True)
    assert feeds.poll_row(read, italian)["words"] == "novità; possibile lacuna"
    failed = PollLine(AT, PollOutcome.FAILED, poll_words(Trouble("dns", "no such host")), 0, 0, 0, False)
    assert feeds.poll_row(failed, italian)["words"] == "il nome del server non è noto (no such host)"
