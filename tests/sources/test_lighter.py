"""feedparser answers the same with less work."""

from __future__ import annotations

import copy

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources import rss
from monitor.sources.lighter import flat_copy, lighten

URL = "https://x.example/feed.xml"
FEED = (
    '<rss version="2.0"><channel><title>X</title><link>https://x.example/</link>'
    + "".join(
        f"<item><title>T {number}</title><link>/a/{number}</link><guid>{number}</guid><description>D</description></item>"
        for number in range(30)
    )
    + "</channel></rss>"
)


def test_the_base_address_is_joined_with_itself_once() -> None:
    lighten(feedparser)  # done at import; again changes nothing
    joined = feedparser.mixin.make_safe_absolute_uri
    joined.cache_clear()
    found = rss._feedparser(FEED, URL)
    assert found.entries[29].link == "https://x.example/a/29"
    assert joined.cache_info().misses == 1
    assert joined.cache_info().hits > 150


def test_a_base_of_an_entry_ends_with_it() -> None:
    text = FEED.replace("<item><title>T 3<", '<item xml:base="https://y.example/z/"><title>T 3<')
    links = [entry.link for entry in rss._feedparser(text, URL).entries]
    assert links[2:5] == ["https://x.example/a/2", "https://y.example/a/3", "https://x.example/a/4"]


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=6))
def test_a_flat_copy_is_equal_of_the_same_kind_and_its_own(values: dict[str, str]) -> None:
    original = feedparser.FeedParserDict(values)
    copied = flat_copy(original)
    assert copied == copy.deepcopy(original)
    assert type(copied) is feedparser.FeedParserDict
    copied["value"] = "changed"
    assert original == feedparser.FeedParserDict(values)
