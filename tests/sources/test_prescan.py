"""The prescan's proof: a document without its known entries gives exactly the unknown ones of the whole document."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import ParsedFeed
from monitor.sources.notafeed import NotAFeed
from monitor.sources.parse import LIMIT, parse
from monitor.sources.prescan import prescan
from monitor.sources.scan import fingerprint, scan, stretch

ITEM = "<item><title>t{n}</title><guid>{n}</guid></item>"


def rss(body: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{body}</channel></rss>'


@cache
def _whole(path: Path, url: str) -> ParsedFeed:
    return parse(path.read_bytes(), feed_url=url)


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(5))
def test_the_unknown_entries_are_those_of_the_whole_document(shared: Path, seed: int) -> None:
    chance = random.Random(seed)
    scanned = 0
    files = sorted((shared / "data" / "feeds").glob("*.xml"))
    for path in files:
        body, url = path.read_bytes(), "https://x.example/feed"
        marks = prescan(body, "", frozenset(), LIMIT).prints
        if not marks:
            continue
        scanned += 1
        whole = _whole(path, url)
        assert len(marks) == len(whole.entries), path.name
        share = chance.choice((0.1, 0.5, 0.9, 1.0))
        known = frozenset(mark for mark in marks if chance.random() < share)
        found = prescan(body, "", known, LIMIT)
        expected = tuple(entry for entry, mark in zip(whole.entries, marks, strict=True) if mark not in known)
        assert parse(found.body, feed_url=url).entries == expected, path.name
        assert (found.fresh, found.listed) == (len(expected), len(marks))
    assert scanned > 0.75 * len(files)


@pytest.mark.parametrize(
    "text",
    [
        rss(ITEM + "<!-- <item> -->"),
        rss(ITEM + "<!-- </item> -->"),
        rss("<item><title><![CDATA[ </item> ]]></title></item>" + ITEM),
        rss("<item><description><![CDATA[ <item>x</item> ]]></description></item>"),
        rss("<item><item></item></item>"),
        rss("<item/>" + ITEM),
        rss(ITEM + "<item><title>cut"),
        rss("</item>" + ITEM),
        rss(ITEM)[:-6],
        rss("<!-- " + ITEM),
        "<html><item></item></html>",
        "",
        "plain",
    ],
)
def test_a_doubtful_document_is_left_whole(text: str) -> None:
    assert scan(text) is None
    found = prescan(text.encode(), "", frozenset(), LIMIT)
    assert (found.body, found.prints, found.is_nothing_new) == (text.encode(), (), False)


def test_tags_that_only_begin_alike_are_no_entries() -> None:
    cut = scan(rss("<items>x</items>" + ITEM + "<itemref/>" + ITEM))
    assert cut is not None
    assert len(cut.blocks) == 2


def test_nothing_new_is_told_without_a_parser_and_one_changed_byte_is_new() -> None:
    body = rss("".join(ITEM.format(n=number) for number in range(30))).encode()
    known = frozenset(prescan(body, "", frozenset(), LIMIT).prints)
    assert prescan(body, "", known, LIMIT).is_nothing_new
    changed = prescan(body.replace(b"t7<", b"t7!<").replace(b"<title>x<", b"<title>y<"), "", known, LIMIT)
    assert (changed.fresh, changed.skipped) == (1, 29)
    assert [entry.title for entry in parse(changed.body, feed_url="https://x.example/").entries] == ["t7!"]


def test_other_charsets_are_cut_too_and_mended_ones_are_not() -> None:
    text = rss("<item><title>citt\u00e0</title></item>" + ITEM).replace("1.0", '1.0" encoding="iso-8859-1', 1)
    body = text.encode("latin-1")
    marks = prescan(body, "", frozenset(), LIMIT).prints
    found = prescan(body, "", frozenset(marks[1:]), LIMIT)
    assert [entry.title for entry in parse(found.body, feed_url="https://x.example/").entries] == ["citt\u00e0"]
    undeclared = rss("<item><title>citt\u00e0</title></item>").encode("latin-1")
    assert prescan(undeclared, "", frozenset(), LIMIT).prints == ()


def test_a_document_of_too_many_entries_is_left_whole() -> None:
    body = rss("".join(ITEM.format(n=number) for number in range(30))).encode()
    assert prescan(body, "", frozenset(), 29).prints == ()


def test_fingerprints_are_eight_bytes_and_take_any_text() -> None:
    assert len(fingerprint("\ud800 \U0010ffff")) == 8


def test_no_cut_of_a_document_raises_anything_but_not_a_feed() -> None:
    body = rss("<!-- c --><item><title><![CDATA[a]]></title></item>" + ITEM).encode()
    for end in range(len(body)):
        found = prescan(body[:end], "", frozenset(), LIMIT)
        try:
            parse(found.body, feed_url="https://x.example/")
        except NotAFeed:
            continue


@pytest.mark.shared
def test_what_stands_around_the_entries_of_a_real_feed_may_change_and_nothing_else(shared: Path) -> None:
    marked = 0
    for path in sorted((shared / "data" / "feeds").glob("*.xml")):
        body = path.read_bytes()
        found = prescan(body, "", frozenset(), LIMIT)
        if not found.stretch:
            continue
        marked += 1
        tag = b"entry" if b"</entry" in body else b"item"
        begin, end = body.index(b"<" + tag), body.rindex(b"</" + tag)
        again = prescan(body[:begin] + b"<!-- new -->" + body[begin:] + b" ", "", frozenset(), LIMIT, found.stretch)
        assert again.is_nothing_new, path.name
        assert again.skipped == len(found.prints)
        for place, more in (
            (end, b" "),
            (end, b"</%b><%b>" % (tag, tag)),
            (body.index(b">", end) + 1, b"<%b></%b>" % (tag, tag)),
        ):
            other = body[:place] + more + body[place:]
            assert not prescan(other, "", frozenset(), LIMIT, found.stretch).is_nothing_new, path.name
    assert marked > 60


PIECES = (
    "<item>", "</item>", "<items>", "</items>", "<item/>", "<item ", ">", "<!--", "-->", "<![CDATA[", "]]>", "x",
    "<title>t</title>", "</rss>", "</feed>", "<entry>", "</entry>",
)  # fmt: skip
SOME = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
INSIDE = st.lists(st.sampled_from(["<item>a</item>", "<entry>b</entry>", *PIECES]), max_size=6)
ROOTS = st.sampled_from(["<rss>", "<rss version='2.0'>", "<feed>", "<x:rss>"])
ENDS = st.sampled_from(["</rss>", "</feed>", "</x:rss>", "</rss> "])


@settings(max_examples=400)
@given(
    ROOTS,
    ROOTS,
    SOME,
    SOME,
    st.lists(st.sampled_from(["<item>a</item>", "<entry>b</entry>", *PIECES]), max_size=6),
    SOME,
    SOME,
    ENDS,
)
def test_documents_with_the_same_stretch_have_the_same_entries(
    root: str, other_root: str, head: str, other_head: str, inside: list[str], tail: str, other_tail: str, end: str
) -> None:
    one, other = (
        f"{root}{head}{''.join(inside)}{tail}{end}",
        f"{other_root}{other_head}{''.join(inside)}{other_tail}{end}",
    )
    cut, mark = scan(one), stretch(one)
    if cut is not None and cut.blocks and mark and mark == stretch(other):
        found = scan(other)
        assert found is not None
        assert found.blocks == cut.blocks


def test_a_lower_limit_is_kept_also_where_nothing_changed() -> None:
    body = rss("".join(ITEM.format(n=number) for number in range(30))).encode()
    before = prescan(body, "", frozenset(), 30).stretch
    assert prescan(body, "", frozenset(), 30, before).is_nothing_new
    assert prescan(body, "", frozenset(), 29, before).prints == ()
