from __future__ import annotations

import json
from datetime import timedelta

import feedparser

from monitor.alert import words
from monitor.alert.render import feeds
from monitor.alert.render.feeds import FeedPlace
from monitor.model import Stage
from tests.alert import make

EN = words.load("en")
PLACE = FeedPlace("https://watch.example.org/feed.atom", "https://watch.example.org")
STORIES = (
    make.story(id="st-1"),
    make.story(
        make.report(2, title="<script>x</script> & \x00 co", announcement=make.announcement(quote="<b>bold</b>")),
        id="st-2",
    ),
)


def test_an_atom_reader_reads_the_stories() -> None:
    parsed = feedparser.parse(feeds.atom(STORIES, PLACE, EN, make.NOW))
    assert parsed.bozo is False
    assert [entry.title for entry in parsed.entries] == [
        "Italy and China: agreement signed (science and education)"
    ] * 2
    assert parsed.entries[0].link == "https://watch.example.org/stories/st-1"
    assert "ricerca polare" in parsed.entries[0].content[0].value
    assert parsed.entries[1].content[0].type == "text/plain"


def test_an_empty_atom_feed_is_valid() -> None:
    assert feedparser.parse(feeds.atom((), PLACE, EN, make.NOW)).bozo is False


def test_a_json_feed_carries_the_published_story() -> None:
    whole = json.loads(feeds.json_feed(STORIES, FeedPlace("https://watch.example.org/feed.json"), EN))
    assert whole["version"] == "https://jsonfeed.org/version/1.1"
    assert whole["items"][0]["_coopwatch"]["id"] == "st-1"
    assert whole["items"][0]["url"] == "https://news1.example/a/001"
    assert len({item["id"] for item in whole["items"]}) == 2


def test_a_story_is_as_new_as_its_last_stage() -> None:
    later = make.NOW + timedelta(days=2)
    story = make.story(stages=((Stage.ANNOUNCED, "", make.NOW), (Stage.SIGNED, "", later)))
    assert feeds.changed_at(story) == later
