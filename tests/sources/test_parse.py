"""What every feed format gives, and what is not taken for a feed."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest

from monitor.errors import ConfigError
from monitor.model import ParsedFeed
from monitor.sources.notafeed import NotAFeed, NotAFeedKind
from monitor.sources.parse import parse

URL = "https://agenzia.example/feeds/rss.xml"
ITEM = (
    "<item><title>Italia e Cina firmano</title><link>https://agenzia.example/a/1</link>"
    '<guid isPermaLink="false">g1</guid><pubDate>Mon, 02 Nov 2026 10:00:00 +0100</pubDate>'
    "<description>Oggi a Roma.</description></item>"
)


def rss(*items: str, extra: str = "", decl: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return f'{decl}<rss version="2.0"><channel><title>Agenzia</title>{extra}{"".join(items)}</channel></rss>'


def read(text: str | bytes, **extra: object) -> ParsedFeed:
    body = text.encode() if isinstance(text, str) else text
    return parse(body, feed_url=URL, **extra)  # type: ignore[arg-type]


def refused(text: str | bytes, **extra: object) -> NotAFeedKind:
    with pytest.raises(NotAFeed) as caught:
        read(text, **extra)
    assert str(caught.value)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.kind, copy.detail) == (caught.value.kind, caught.value.detail)
    return caught.value.kind


def titled(title: str) -> str:
    return read(rss(f"<item><title>{title}</title><link>https://x.example/1</link></item>")).entries[0].title


def linked(link: str, allow: frozenset[str] = frozenset()) -> str:
    return read(rss(f"<item><title>t</title><link>{link}</link></item>"), allow=allow).entries[0].url


def dated(date: str, language: str = "it") -> tuple[datetime | None, bool]:
    text = rss(f"<item><title>t</title><pubDate>{date}</pubDate></item>", extra=f"<language>{language}</language>")
    entry = read(text).entries[0]
    return entry.published_at, entry.date_only


def test_an_rss_entry_comes_as_plain_values() -> None:
    feed = read(rss(ITEM))
    entry = feed.entries[0]
    assert (feed.format, feed.title, feed.listed, feed.flags) == ("rss20", "Agenzia", 1, ())
    assert (entry.guid, entry.url, entry.title) == ("g1", "https://agenzia.example/a/1", "Italia e Cina firmano")
    assert entry.summary == "Oggi a Roma."
    assert entry.published_at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert not entry.date_only


def test_atom_resolves_xml_base_decodes_a_title_once_and_keeps_the_offset() -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://agenzia.example/a/"><title>x</title>
    <entry><title type="html">Italia &amp;amp; Cina</title><id>e1</id><link href="ok?id=1"/>
    <updated>2026-11-02T10:00:00+01:00</updated><summary>s</summary></entry></feed>"""
    entry = read(text).entries[0]
    assert (entry.title, entry.url) == ("Italia & Cina", "https://agenzia.example/a/ok?id=1")
    assert entry.published_at == datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_an_atom_title_of_plain_text_keeps_its_angle_brackets() -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>
    <entry><title>Vettori &lt;b&gt; e norme</title><id>e1</id></entry></feed>"""
    assert read(text).entries[0].title == "Vettori <b> e norme"


def test_rdf_is_read_with_its_dublin_core_date() -> None:
    text = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://x.example/"><title>rdf</title></channel>
    <item rdf:about="urn:r1"><title>Russia e Cina</title><link>https://x.example/1</link>
    <dc:date>2026-11-02</dc:date></item></rdf:RDF>"""
    entry = read(text).entries[0]
    assert (entry.title, entry.published_at, entry.date_only) == (
        "Russia e Cina",
        datetime(2026, 11, 2, tzinfo=UTC),
        True,
    )


def test_json_feed_is_read() -> None:
    items = [
        {"id": 7, "url": "/a/7", "title": "Italia &amp; Cina", "content_html": "<p>uno</p><p>due</p>"},
        {
            "id": "8",
            "external_url": "https://other.example/8",
            "date_published": "2026-11-02T10:00:00Z",
            "summary": "s",
        },
        "no item",
    ]
    feed = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "j", "items": items}))
    first, second = feed.entries
    assert (feed.format, feed.listed) == ("json_feed", 3)
    assert (first.guid, first.url, first.title) == ("7", "https://agenzia.example/a/7", "Italia & Cina")
    assert first.content == "uno\ndue"
    assert (second.url, second.published_at) == ("https://other.example/8", datetime(2026, 11, 2, 10, tzinfo=UTC))


def test_a_prefix_that_nobody_declared_does_not_lose_the_sitemap() -> None:
    # found by fuzzing
    text = "<urlset><url><loc>https://x.example/1</loc><nows:name>x</nows:name><news:title>Firmato</news:title></url></urlset>"
    assert [(entry.url, entry.title) for entry in read(text).entries] == [("https://x.example/1", "Firmato")]


def test_a_news_sitemap_is_read_and_an_index_of_sitemaps_is_not() -> None:
    text = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://x.example/1</loc><news:news>
    <news:publication><news:name>Gazzetta</news:name><news:language>it</news:language></news:publication>
    <news:publication_date>2026-11-02T10:00:00Z</news:publication_date><news:title>Firmato</news:title></news:news></url>
    </urlset>"""
    feed = read(text)
    assert (feed.format, feed.title, feed.language) == ("news_sitemap", "Gazzetta", "it")
    assert (feed.entries[0].url, feed.entries[0].title) == ("https://x.example/1", "Firmato")
    assert (
        refused("<sitemapindex><sitemap><loc>https://x.example/s.xml</loc></sitemap></sitemapindex>")
        == "unknown_format"
    )


HTML_LIST = """<html lang="it"><head><title>Notizie</title><base href="http://127.0.0.1/"></head><body>
<div class="n"><time datetime="2026-11-02">2 novembre</time><h3><a href="/n/1#top">Firmato <b>accordo</b></a></h3></div>
<div class="n"><h3><a href="/n/2">Aperto un bando</a></h3><span><time>03/11/2026</time></span></div>
<div class="n"><h3><a href="/n/1">Firmato accordo</a></h3></div><a href="/altro">Altro</a></body></html>"""


def test_an_html_list_gives_each_link_once_with_the_date_beside_it() -> None:
    feed = read(HTML_LIST, format="html_list", selector="div.n h3 a")
    assert [(entry.url, entry.title) for entry in feed.entries] == [
        ("https://agenzia.example/n/1", "Firmato accordo"),
        ("https://agenzia.example/n/2", "Aperto un bando"),
    ]
    assert feed.entries[0].published_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert feed.entries[0].date_only


def test_an_html_list_whose_selector_finds_nothing_or_is_none_is_an_error() -> None:
    assert refused(HTML_LIST, format="html_list", selector=".gone a") == NotAFeedKind.NO_MATCH
    for selector in ("", "a[", "::::"):
        with pytest.raises(ConfigError):
            read(HTML_LIST, format="html_list", selector=selector)
    with pytest.raises(ConfigError):
        read(rss(ITEM), format="teletext")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("<!doctype html><html><body><h1>Benvenuti</h1></body></html>", "html"),
        ("<p>manutenzione</p>", "html"),
        ("<html><form><input name=p type=password></form></html>", "login"),
        ("<html><p>Noi e i nostri 842 partner usiamo i cookie.</p><button>Accetta</button></html>", "consent"),
        ("<html><script src=/cdn-cgi/challenge-platform/x.js></script></html>", "challenge"),
        ("<opml><body/></opml>", "unknown_format"),
        ("slow down", "unknown_format"),
        ('{"items": 3}', "unknown_format"),
        ("[" * 100_000, "unknown_format"),
        ('{"items": [' + '{"a":' * 50_000, "unknown_format"),
        (b"\x1f\x8b\x08\x00abc", "binary"),
        (b"%PDF-1.4", "binary"),
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel><item><title>&a;</title></item></channel></rss>', "entities"),
        ('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel/></rss>', "entities"),
    ],
)
def test_what_is_no_feed_is_named(body: str | bytes, kind: str) -> None:
    assert refused(body) == kind


def test_an_empty_feed_is_a_feed() -> None:
    assert (read(rss()).entries, read(rss()).listed) == ((), 0)


def test_a_netscape_doctype_is_no_entity() -> None:
    doctype = (
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
    )
    assert len(read(doctype + rss(ITEM, decl="")).entries) == 1


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Italia &amp;amp; Cina", "Italia & Cina"),
        ("perch&amp;#233;", "perché"),
        ("&lt;b&gt;Firmato&lt;/b&gt; oggi", "Firmato oggi"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Firmato", "Firmato"),
        ("<![CDATA[<p>uno</p><p>due</p>]]>", "uno due"),
        ("2 &lt; 3 e 4 &gt; 1", "2 < 3 e 4 > 1"),
        ("a&#13;&#10;Bcc: b@c", "a Bcc: b@c"),
        ("ac&#x202e;cor&#x200b;do", "accordo"),
        ("uno&#x2028;due", "uno due"),
        ("a\x1b[31mb\x00c\x07", "abc"),
    ],
)
def test_titles_are_one_line_of_plain_text(written: str, title: str) -> None:
    assert titled(written) == title


def test_long_texts_are_cut_and_their_neighbours_stay() -> None:
    feed = read(rss(f"<item><title>{'x' * 900_000}</title><guid>1</guid></item>", ITEM))
    assert [len(entry.title) for entry in feed.entries] == [2000, 21]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("/a/1", "https://agenzia.example/a/1"),
        ("a/1", "https://agenzia.example/feeds/a/1"),
        ("//other.example/1", "https://other.example/1"),
        (" https://x.example/1 ", "https://x.example/1"),
        ("https://anna:pw@x.example/1", "https://x.example/1"),
        ("https://x.example/a b", "https://x.example/a%20b"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("mailto:a@b", ""),
        ("http://", ""),
        ("http://[::1", ""),
        ("http://127.0.0.1/x", ""),
        ("http://2130706433/x", ""),
        ("http://localhost:8080/x", ""),
        ("http://192.168.1.1/x", ""),
        ("http://169.254.169.254/latest", ""),
        ("http://[::1]:80/x", ""),
        ("http://[::ffff:127.0.0.1]/x", ""),
        ("http://intranet/x", ""),
        ("http://box.local/x", ""),
        ("", ""),
        (URL, ""),
    ],
)
def test_links_are_absolute_and_public_or_none(written: str, url: str) -> None:
    assert linked(written) == url


def test_an_exception_of_host_and_port_may_be_linked() -> None:
    allow = frozenset({"127.0.0.1:8080"})
    assert linked("http://127.0.0.1:8080/x", allow) == "http://127.0.0.1:8080/x"
    assert linked("http://127.0.0.1:8081/x", allow) == ""


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Mon, 02 Nov 2026 10:00:00 GMT", (datetime(2026, 11, 2, 10, tzinfo=UTC), False)),
        ("lun, 02 nov 2026 10:00:00 +0100", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("lunedì, 02 novembre 2026 10:00:00 +0100", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("2026-11-02", (datetime(2026, 11, 2, tzinfo=UTC), True)),
        ("Mon, 02 Nov 2026", (datetime(2026, 11, 2, tzinfo=UTC), True)),
        ("2038-01-20T03:00:00", (datetime(2038, 1, 20, 2, tzinfo=UTC), False)),  # no zone: Europe/Rome
        ("Mon, 02 Nov 2026 10:00:00", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("Sun, 02 Aug 2026 10:00", (datetime(2026, 8, 2, 8, tzinfo=UTC), False)),
        ("Mon Nov  2 10:00:00 2026", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("lunedì, 02 novembre 2026 10:00", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("2026/11/2 10:00:00", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("2026年11月2日 10:00", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("2026年11月2日", (datetime(2026, 11, 2, tzinfo=UTC), True)),
        ("Mon, 02 Nov 2026 10:00:00 CET", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("Sun, 02 Aug 2026 10:00:00 CEST", (datetime(2026, 8, 2, 8, tzinfo=UTC), False)),
        ("Mon, 02 Nov 2026 10:00:00 EST", (datetime(2026, 11, 2, 15, tzinfo=UTC), False)),
        ("2026-11-02T10:00:00.250+01:00", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("2028-02-29T12:00:00Z", (datetime(2028, 2, 29, 12, tzinfo=UTC), False)),
        ("2026-02-31", (None, False)),
        ("31/02/2026", (None, False)),
        ("ieri alle 15", (None, False)),
        ("0001-01-01T00:00:00Z", (None, False)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", (None, False)),
        ("9" * 5000, (None, False)),
        ("", (None, False)),
    ],
)
def test_dates_are_utc_or_absent(written: str, found: tuple[datetime | None, bool]) -> None:
    assert dated(written) == found


@pytest.mark.parametrize(
    ("zone", "hour"), [("", 9), ("Europe/Rome", 9), ("Asia/Shanghai", 2), ("America/New_York", 15), ("UTC", 10)]
)
def test_a_date_without_a_zone_is_read_in_the_feeds_zone_and_one_with_a_zone_is_not(zone: str, hour: int) -> None:
    documents = (
        rss("<item><title>t</title><pubDate>Mon, 02 Nov 2026 10:00:00</pubDate></item>"),
        '{"items": [{"id": "1", "title": "t", "date_published": "2026-11-02T10:00:00"}]}',
        "<urlset><url><loc>https://x.example/1</loc><lastmod>2026-11-02T10:00:00</lastmod></url></urlset>",
    )
    for document in documents:
        (entry,) = parse(document.encode(), feed_url=URL, timezone=zone).entries
        assert entry.published_at == datetime(2026, 11, 2, hour, tzinfo=UTC)
        assert entry.published_at.tzinfo is UTC
        zoned = document.replace("10:00:00", "10:00:00 GMT" if "pubDate" in document else "10:00:00Z")
        (entry,) = parse(zoned.encode(), feed_url=URL, timezone=zone).entries
        assert entry.published_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


TEXT = "Università: perché l'accordo è già più vicino – «città»"


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8", "utf-ocho", "application/rss+xml; charset=utf-ocho"),
        ("utf-8-sig", "iso-8859-1", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("cp1252", "utf-8", ""),
        ("cp1252", "iso-8859-1", ""),
        ("cp1252", "us-ascii", ""),
        ("cp1252", "", "text/xml; charset=windows-1252"),
        ("cp1252", "", ""),
    ],
)
def test_the_charset_is_told_by_the_bytes_first(encoding: str, declared: str, header: str) -> None:
    decl = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = rss(f"<item><title>{TEXT}</title></item>", decl=decl).encode(encoding)
    assert read(body, content_type=header).entries[0].title == TEXT


@pytest.mark.parametrize(
    ("encoding", "declared", "text"),
    [
        ("gb18030", "gb2312", "中俄签署合作备忘录"),
        ("big5", "big5", "中俄簽署合作備忘錄"),
        ("koi8-r", "koi8-r", "Россия и Китай подписали меморандум"),
        ("cp1251", "windows-1251", "Россия и Китай подписали меморандум"),
        ("cp932", "shift_jis", "日中が協力協定に署名"),
        ("iso-2022-jp", "iso-2022-jp", "日中が協力協定に署名"),
    ],
)
def test_other_alphabets_are_read_as_declared(encoding: str, declared: str, text: str) -> None:
    body = rss(f"<item><title>{text}</title></item>", decl=f'<?xml version="1.0" encoding="{declared}"?>').encode(
        encoding
    )
    assert read(body).entries[0].title == text


def test_one_bad_byte_garbles_nothing_else() -> None:
    for declared in ("utf-8", "iso-8859-1"):
        text = rss(f"<item><title>{TEXT}</title></item>", "<item><title>citt@</title></item>")
        body = text.replace("utf-8", declared).encode().replace(b"@", b"\xe0")
        feed = read(body)
        assert [entry.title for entry in feed.entries] == [TEXT, "città"]
        assert "charset_damaged" in feed.flags


def test_damaged_documents_give_their_entries_and_are_flagged() -> None:
    whole = rss(ITEM, ITEM.replace("g1", "g2"))
    for body, flag in (
        (whole.replace("</channel>", ""), "not_wellformed"),
        ("<br /><b>Warning</b>: undefined\n" + whole, "junk_before"),
        (whole + "<script>1</script>", "not_wellformed"),
        (whole.replace("Oggi", "R&D oggi"), "not_wellformed"),
        (whole.replace("Oggi", "O\x00g\x0bgi"), "control_characters"),
    ):
        feed = read(body)
        assert len(feed.entries) == 2, flag
        assert flag in feed.flags


def test_a_document_that_breaks_off_gives_its_whole_entries_and_is_flagged() -> None:
    items = [ITEM.replace("g1", f"g{number}") for number in range(5)]
    text = rss(*items)
    for end in (text.index("g3"), text.index("</item>", text.index("g3")) - 30, text.rindex("</channel>")):
        feed = read(text[:end])
        assert "cut" in feed.flags
        assert [entry.guid for entry in feed.entries] == [f"g{number}" for number in range(text[:end].count("</item>"))]
        assert all(entry.summary == "Oggi a Roma." for entry in feed.entries)


def test_the_newest_entries_are_taken_and_the_rest_is_counted() -> None:
    items = [
        ITEM.replace("g1", f"g{number}").replace("02 Nov 2026 10:00", f"{1 + number % 28:02d} Nov 2026 10:00")
        for number in range(60)
    ]
    feed = read(rss(*items), limit=10)
    assert (feed.listed, len(feed.entries)) == (60, 10)
    assert "many" in feed.flags
    assert min(entry.published_at for entry in feed.entries if entry.published_at) >= datetime(2026, 11, 24, tzinfo=UTC)


def test_hints_of_the_feed_are_read_and_absurd_ones_are_not() -> None:
    extra = "<ttl>240</ttl><skipHours><hour>0</hour><hour>23</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    feed = read(rss(ITEM, extra=extra))
    assert (feed.ttl_s, feed.skip_hours, feed.skip_days) == (14400, frozenset({0, 23}), frozenset({6}))
    for ttl in ("0", "-5", "soon"):
        assert read(rss(ITEM, extra=f"<ttl>{ttl}</ttl>")).ttl_s is None
    assert read(rss(ITEM, extra="<ttl>1000000000000</ttl>")).ttl_s == 366 * 86400
    period = '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod>'
    assert read(rss(ITEM, extra=period)).ttl_s == 86400


def test_the_next_page_of_a_paged_feed_is_named() -> None:
    extra = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="?p=2"/>'
    assert read(rss(ITEM, extra=extra)).next_page == URL + "?p=2"


def test_the_full_text_is_kept_beside_the_summary() -> None:
    full = (
        '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[<p>Testo</p><p>lungo</p>]]>'
    )
    entry = read(rss(ITEM.replace("</item>", f"{full}</content:encoded></item>"))).entries[0]
    assert (entry.summary, entry.content) == ("Oggi a Roma.", "Testo\nlungo")
