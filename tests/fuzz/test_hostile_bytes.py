"""Whatever a stranger sends, nothing but the announced errors comes out of what reads it. (tests/fuzz/atheris_read.py
does the same for as long as one likes.)"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.fetch.answers import hint_s, read_answer, retry_after_s
from monitor.fetch.decode import Decoder, coding_of
from monitor.fetch.failure import FetchFailed
from monitor.fetch.state import unpack
from monitor.model import HttpAnswer, ParsedFeed
from monitor.sources.age import Age, FeedTime
from monitor.sources.canonical import canonical
from monitor.sources.identity import take_in
from monitor.sources.keys import keyed, keys_of
from monitor.sources.notafeed import NotAFeed
from monitor.sources.parse import LIMIT, parse
from monitor.sources.prescan import prescan

NOW = datetime(2026, 11, 21, tzinfo=UTC)
URL = "https://x.example/feed"
QUIET = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

# The pieces that feeds are made of, put together wrongly.
PIECES = st.sampled_from(
    [
        *('<?xml version="1.0" encoding="utf-8"?>', '<rss version="2.0">', "<channel>", "<item>", "</item>", "</rss>"),
        *(
            "<title>",
            "</title>",
            "<link>",
            "</link>",
            "<guid>",
            "</guid>",
            "<pubDate>",
            "</pubDate>",
            "<![CDATA[",
            "]]>",
        ),
        *(
            '<feed xmlns="http://www.w3.org/2005/Atom">',
            "<entry>",
            "</entry>",
            "</feed>",
            "<!--",
            "-->",
            "&amp;",
            "&#x9b;",
        ),
        *(
            "&#0;",
            "&#xD800;",
            "<rdf:RDF>",
            "<urlset>",
            "<url>",
            "<loc>",
            "</loc>",
            "</url>",
            "</urlset>",
            "{",
            '"items":[',
        ),
        *("}", "]", "\x00", "\x1b[2J", "\ufeff", "\u202e", "http://", "javascript:1", "Mon, 99 Foo 2026", "9999-99-99"),
        *(
            '<item xml:base="http://[::1">',
            "<content:encoded>",
            "<a href='",
            "<!DOCTYPE rss [",
            "<!ENTITY a 'b'>",
            "]>",
        ),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=30).map("".join)
BODIES = st.one_of(
    st.binary(max_size=400),
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    TEXTS.map(lambda text: text.encode("utf-16", "surrogatepass")),
    TEXTS.map(lambda text: text.encode("cp1252", "replace")),
)


@QUIET
@given(BODIES, st.sampled_from(["", "text/html", "text/xml; charset=utf-7", "application/json; charset=koi8-r"]))
@example(b"<rss><channel><item><title>&#1;</title></item></channel></rss>", "")
def test_a_feed_comes_out_or_a_reason_why_not(body: bytes, content_type: str) -> None:
    try:
        feed = parse(body, content_type=content_type, feed_url=URL)
    except NotAFeed:
        return
    assert isinstance(feed, ParsedFeed)
    for entry in feed.entries:
        shown = entry.title + entry.summary + entry.content + entry.url + entry.guid
        shown.encode("utf-8")
        assert "\x00" not in shown
        assert "\x1b" not in shown
        assert entry.url == "" or entry.url.startswith(("http://", "https://"))
        assert entry.published_at is None or entry.published_at.tzinfo is not None
    entries = keyed(feed.entries)
    found = take_in(entries, {}, now=NOW, age=Age(86400.0, FeedTime.FIRST))
    assert keys_of(entries) or not entries
    counted = len(found.new) + len(found.edited) + found.known + found.repeated + found.refused
    assert counted == len(feed.entries)


@QUIET
@given(BODIES)
def test_a_scanned_document_loses_known_entries_only(body: bytes) -> None:
    marks = prescan(body, "", frozenset(), LIMIT).prints
    again = prescan(body, "", frozenset(marks), LIMIT)
    assert again.is_nothing_new == bool(marks)
    assert again.listed in (0, len(marks))


@QUIET
@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", ""]), st.integers(1, 50))
@example(zlib.compress(b"x" * 5000), "deflate", 3)
def test_a_body_is_decoded_or_refused(body: bytes, coding: str, size: int) -> None:
    decoder, ending = Decoder(coding, 4096), ""
    try:
        for start in range(0, len(body), size):
            decoder.feed(body[start : start + size])
        assert len(decoder.finish()) <= 4096
    except FetchFailed as failed:
        ending = failed.kind
    assert ending in ("", "coding", "too_large", "cut")
    assert decoder.size <= 4096


@QUIET
@given(st.text(max_size=60), st.integers(100, 599))
def test_headers_of_any_text_are_read_to_a_number_or_to_nothing(value: str, status: int) -> None:
    wait_s = retry_after_s(value, NOW)
    assert wait_s is None or 0 <= wait_s <= 172800
    names = ("retry-after", "cache-control", "expires", "date", "etag", "cf-mitigated")
    answer = HttpAnswer(URL, URL, status, tuple((name, value) for name in names), b"")
    assert hint_s(answer) >= 0
    read_answer(answer, conditional=False, now=NOW)
    canonical(value)
    unpack(value)
    try:
        found = coding_of(value)
    except FetchFailed as failed:
        found = failed.kind
    assert found in ("", "gzip", "deflate", "coding")
