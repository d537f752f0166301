"""Driving feedparser's parser from expat gives what feedparser gives, for every document that its strict parser takes."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources import rss, strict
from monitor.sources.detection import decode_any

URL = "https://x.example/a/feed?x=1"
HEADERS = {"content-type": "application/xml; charset=utf-8", "content-location": URL}
KEYS = ("version", "namespaces", "feed", "entries")


def _document(text: str) -> bytes:
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8")


def _ours(text: str) -> Any:
    root = rss.ROOT.search(text)
    return strict.read(_document(text), URL, in_pieces=root is None or root[1].lower() != "rss")


def _theirs(text: str) -> Any:
    return feedparser.parse(
        io.BytesIO(_document(text)), response_headers=HEADERS, sanitize_html=False, resolve_relative_uris=False
    )


def _assert_same(text: str, what: str) -> bool:
    """Whether both were compared; a document that is not well-formed is left to feedparser."""
    try:
        ours = _ours(text)
    except rss._TRIPS:  # also then feedparser's own way is taken
        return False
    theirs = _theirs(text)
    if ours is None:
        assert theirs.bozo, what
        return False
    for key in KEYS:
        assert ours[key] == theirs[key], f"{what}: {key}"
    return True


@cache
def _texts(shared: Path) -> tuple[tuple[str, str], ...]:
    found = []
    for path in sorted((shared / "data" / "feeds").glob("*.xml")):
        text, _ = decode_any(path.read_bytes(), "")
        root = rss.ROOT.search(text)
        if root is not None and root[1].lower() in ("rss", "feed", "rdf"):
            found.append((path.name, rss._trimmed(text, root.start())[0]))
    return tuple(found)


@pytest.mark.shared
def test_every_real_feed_is_read_as_feedparser_reads_it(shared: Path) -> None:
    compared = sum(_assert_same(text, name) for name, text in _texts(shared))
    assert compared > 0.9 * len(_texts(shared))


SPACED = '<rss version="2.0" xmlns:{prefix}="{uri}"><channel><item><{prefix}:{name}>1</{prefix}:{name}></item></channel></rss>'
MEDIA, DUBLIN = "http://search.yahoo.com/mrss/", "http://purl.org/dc/elements/1.1/"


def test_what_names_stand_for_in_one_document_is_no_matter_of_the_one_before() -> None:
    again = [
        (prefix, uri)
        for prefix in ("a", "dc", "media")
        for uri in (MEDIA, DUBLIN, "dc", "media", "http://own.example/")
    ]
    for prefix, uri in (*again, *reversed(again)):
        for name in ("title", "creator", "date", "rating"):
            assert _assert_same(SPACED.format(prefix=prefix, uri=uri, name=name), f"{prefix} {uri} {name}")


def test_a_document_of_many_namespaces_or_names_leaves_none_behind() -> None:
    strict._names_in.cache_clear()
    declared = "".join(f' xmlns:n{number}="http://n{number}.example/"' for number in range(200))
    names = "".join(f"<e{number}>1</e{number}>" for number in range(2000))
    assert _assert_same(f'<rss version="2.0"{declared}><channel><item>{names}</item></channel></rss>', "many")
    assert _assert_same(f'<rss version="2.0"><channel><item>{names}</item></channel></rss>', "names")
    assert strict._names_in.cache_info().currsize <= strict._USUAL_NAMESPACES + 1
    assert all(len(found) <= strict._USUAL_NAMES for found in strict._names_in((), ()))


UNTOUCHED = """
import io, json, sys
import feedparser
for text in json.load(sys.stdin):
    raw = io.BytesIO(text.encode())
    found = feedparser.parse(raw, response_headers=HEADERS, sanitize_html=False, resolve_relative_uris=False)
    print(json.dumps([found.get(key) for key in KEYS], sort_keys=True, default=list))
"""


@pytest.mark.shared
def test_a_feedparser_that_nobody_touched_agrees(shared: Path) -> None:
    texts = [text for _, text in random.Random(5).sample(_texts(shared), 25)] + list(ODD)
    code = f"HEADERS = {HEADERS!r}\nKEYS = {KEYS!r}\n{UNTOUCHED}"
    documents = json.dumps([_document(text).decode() for text in texts])
    plain = subprocess.run([sys.executable, "-c", code], input=documents, capture_output=True, text=True, check=True)
    lines = plain.stdout.splitlines()
    assert len(lines) == len(texts)
    compared = 0
    for text, line in zip(texts, lines, strict=True):
        ours = _ours(text)
        if ours is not None:
            compared += 1
            assert json.loads(json.dumps([ours[key] for key in KEYS], default=list)) == json.loads(line)
    assert compared > 0.9 * len(texts)


NAMES = (
    "title", "link", "description", "guid", "pubDate", "category", "content", "content:encoded", "summary", "author", "name",
    "source", "image", "url", "textInput", "updated", "id", "media:title", "itunes:summary", "dc:date", "div", "svg", "p",
    "enclosure", "item", "entry", "comments", "language", "body", "width", "rights", "dc:creator", "atom:link", "x:y", "base",
)  # fmt: skip
ATTRIBUTES = (
    ' type="xhtml"', ' type="html"', ' type="text/plain"', ' mode="base64"', ' xml:base="https://y.example/b/"', ' base="../c/"',
    ' xml:lang="it_IT"', ' lang=""', ' href="/z?a=1&amp;b=2"', ' rel="Self"', ' isPermaLink="false"', ' url="/u" length="3"',
    ' xlink:href="/q"', ' TYPE="X" Rel="NEXT"',
)  # fmt: skip
PREFIXES = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:x="urn:x" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def _made_odd(text: str, chance: random.Random) -> str:
    """A document whose elements have changed their names or got attributes; it stays well-formed."""
    text = re.sub(r"xmlns:(?:content|media|itunes|dc|atom|x|xlink)\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", text[:30_000])
    text = re.sub(r"<(\w+:?\w*)", lambda match: f"<{match[1]}{PREFIXES}", text, count=1)
    names = sorted(set(re.findall(r"</([\w:]+)>", text)) - {"rss", "feed", "channel"})
    for name in chance.sample(names, min(len(names), chance.randrange(1, 4))):
        other = chance.choice(NAMES)
        text = re.sub(rf"(</?){re.escape(name)}(?=[\s/>])", rf"\g<1>{other}", text)
    for name in chance.sample(names, min(len(names), 2)):
        text = re.sub(
            rf"<{re.escape(name)}>", f"<{name}{chance.choice(ATTRIBUTES)}>", text, count=chance.randrange(1, 9)
        )
    return text


def _shortened(text: str) -> str:
    """The first entries of a document, closed again."""
    cut = rss.scan(text)
    return text if cut is None else cut.keeping([place < 4 for place in range(len(cut.blocks))])


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(3))
def test_real_feeds_with_other_names_and_attributes_are_read_the_same(shared: Path, seed: int) -> None:
    chance = random.Random(seed)
    compared = sum(_assert_same(_made_odd(_shortened(text), chance), name) for name, text in _texts(shared))
    assert compared > 0.4 * len(_texts(shared))


def _rss(inside: str, root: str = ' version="2.0"') -> str:
    return f"<rss{root}{PREFIXES}><channel><title>X</title>{inside}</channel></rss>"


def _atom(inside: str) -> str:
    prefixes = PREFIXES.replace(" xmlns:atom", " xmlns:a")
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{prefixes}><title>X</title>{inside}</feed>'


ODD = (
    _rss("<item><title>A &amp;lt;b&amp;gt;x&amp;lt;/b&amp;gt;</title><link> /a?x=1&amp;amp;y;&amp;z; </link></item>"),
    _rss("<item><guid>https://x.example/;a</guid></item><item><guid isPermaLink='false'>/r</guid><link>b</link></item>"),
    _rss("<item><guid>http://H.example/../a?</guid></item><item><link>https://a.example/b#</link></item>"),
    _rss("<item><description>one</description><description>two</description><content:encoded>three</content:encoded></item>"),
    _rss("<item><title>caffÃ¨ \x85 \x96</title><description>perchÃ© — no</description></item>"),
    _rss("<item><source url='/s'>S</source><title>t</title><author>a@b.example (A)</author></item>"),
    _rss("<image><title>I</title><url>/i.png</url><width>x</width><link>/</link></image><item><title>t</title></item>"),
    _rss("<textInput><title>I</title><name>n</name><link>/</link></textInput><item><nothing/><x:y z='1'/></item>"),
    _rss("<item lastmod='2026' href='/cdf'><title>t</title></item>", ""),
    _rss("<item><title>t<p>inline <b>mark</b></p></title><description><div>d</div> after</description></item>"),
    _rss("<item><title/><link/><guid/><pubDate>Sun, 22 Nov 2026 07:24:25 +0100</pubDate></item>", ' version="0.91"'),
    _rss("<item><media:content url='/m'><media:title>m</media:title></media:content><title>after</title></item>"),
    _rss("<item><title>nested<item><title>in</title></item></title></item>"),
    _rss("<item xml:lang='fr' xml:base='https://y.example/z/'><link>q</link></item><item><link>q</link></item>"),
    _rss("<item><svg xmlns='http://www.w3.org/2000/svg'><title>s</title></svg><title>t</title></item>"),
    _atom("<entry><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>a <b>b</b> &lt;i&gt;</div></title></entry>"),
    _atom("<entry><content type='xhtml'>\n <div xmlns='http://www.w3.org/1999/xhtml'>\n<p>a</p> </div>\n</content></entry>"),
    _atom("<entry><content type='xhtml'><div>one</div><div>two</div></content><summary>s</summary></entry>"),
    _atom("<entry><content type='image/png'>aGFsbG8=</content><content mode='base64'>aGFsbG8=</content></entry>"),
    _atom("<entry><link href='/a'/><link rel='enclosure' href='b' type='Audio/X'/><id>urn:1</id>"
    "<updated>2026-11-22T07:00:00Z</updated></entry>"),
    _atom("<entry><title type='html'>&lt;b&gt;x&lt;/b&gt; &amp;amp;</title>"
    "<content type='text/html'><svg>x</svg><title>y</title></content></entry>"),
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='/c'>"
    "<title>X</title></channel><item rdf:about='/i'><title>t</title><link>/i</link></item></rdf:RDF>",
    "<rss xmlns='http://backend.userland.com/RSS2' version='2.0'><channel><item><title>t</title></item></channel></rss>",
    "<rss version='2.0' xmlns:q='urn:a b c'><channel><item><q:x>1</q:x><title>t</title></item></channel></rss>",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_odd_documents_are_read_the_same(text: str) -> None:
    assert _assert_same(text, text) or "a b c" in text


@given(
    st.lists(
        st.sampled_from(
            [
                "http://",
                "https://",
                "HTTP:",
                "/",
                "//",
                ".",
                "..",
                "a",
                "B.x",
                ":",
                "80",
                "?",
                "=",
                "&",
                ";",
                "#",
                "%2",
                "é",
            ]
        )
    ).map("".join)
)
def test_an_address_that_is_taken_whole_would_be_joined_to_itself(uri: str) -> None:
    if strict._WHOLE.match(uri):
        assert feedparser.mixin._urljoin(URL, uri) == uri
        assert feedparser.mixin._urljoin("http://other.example", uri) == uri


def test_a_document_that_is_not_well_formed_is_left_to_feedparser() -> None:
    assert _ours(_rss("<item><title>a & b</title></item>")) is None
    assert _ours(_rss("<item><title>a")) is None
    assert _ours(_rss("<item><title>&nbsp;</title></item>")) is None
