"""What a page says: text, title, date, language, canonical address, and what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trafilatura.settings import MANUALLY_CLEANED

from monitor.extract import body, extract
from monitor.model import Page, PageKind, PagePhrases
from monitor.rulebook.pages import load_page_phrases

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://news.example/esteri/1.html"
PARAGRAPHS = "".join(
    f"<p>Il ministro {name} ha detto che la cooperazione fra i due paesi continua nei prossimi anni, con nuovi progetti di "
    f"ricerca comune, scambi di studenti e laboratori nelle università di entrambe le parti ({number}).</p>"
    for number, name in enumerate(("Rossi", "Bianchi", "Verdi", "Neri"))
)


@pytest.fixture(scope="session")
def phrases(rules_dir: Path) -> PagePhrases:
    return load_page_phrases([rules_dir])


LINKED = '{"@graph":[{"@type":"NewsArticle","datePublished":"2026-02-13T09:00Z"}]}'
LINKED_DATE = f'<script type="application/ld+json">{LINKED}</script>'


def page(body: str, *, title: str = "Italia e Cina firmano", head: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="it"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    ).encode()


def read(content: bytes, phrases: PagePhrases = PagePhrases(), content_type: str = "text/html", url: str = URL) -> Page:
    return extract(content, content_type, url, NOW, phrases)


def test_an_article_gives_its_text_title_and_language() -> None:
    got = read(page(PARAGRAPHS))
    assert got.kind is PageKind.ARTICLE
    assert got.title == "Italia e Cina firmano"
    assert got.language == "it"
    assert "cooperazione fra i due paesi" in got.text
    assert got.text.count("\n") == 3  # four paragraphs, the headline not repeated


def test_what_is_cut_before_the_extractor_is_what_it_cuts_itself() -> None:
    assert set(body._FRAME) <= set(MANUALLY_CLEANED)


def test_a_page_reads_the_same_with_its_frame() -> None:
    links = "".join(f'<li><a href="/{n}">Sezione {n} del notiziario di oggi</a></li>' for n in range(40))
    framed = page(
        f"{PARAGRAPHS}<figure><img src=a.jpg><figcaption>Una foto del vertice di Roma fra i due ministri</figcaption></figure>"
        f"<aside><p>Un altro articolo che parla di tutt'altro, di calcio e di mercati.</p></aside>Parole dopo il margine."
    ).replace(b"<body>", f"<body><nav><ul>{links}</ul></nav>".encode())
    assert read(framed).text == read(page(f"{PARAGRAPHS}Parole dopo il margine.")).text


def test_nothing_active_survives() -> None:
    got = read(
        page(f"<script>alert(2)</script><p onmouseover=alert(3)>Italia e Cina firmano oggi a Roma</p>{PARAGRAPHS}")
    )
    assert "alert" not in got.text


def test_a_date_that_is_only_written_is_looked_for_unless_the_caller_has_one() -> None:
    written = page('<p class="date">13/02/2026</p>' + PARAGRAPHS)
    found = extract(written, "text/html", URL, NOW)
    left = extract(written, "text/html", URL, NOW, search_date=False)
    declared = extract(page(PARAGRAPHS, head=LINKED_DATE), "text/html", URL, NOW, search_date=False)
    assert found.published_at is not None
    assert left.published_at is None
    assert left.text == found.text
    assert declared.published_at == datetime(2026, 2, 13, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta property="article:published_time" content="2026-02-13T10:00:00+01:00">', "2026-02-13T10:00:00+01:00"),
        ('<meta name="date" content="2026-07-13 10:00">', "2026-07-13T10:00:00+02:00"),
        ('<meta name="pubdate" content="20260213">', "2026-02-13T00:00:00+01:00"),
        (LINKED_DATE, "2026-02-13T09:00:00+00:00"),
    ],
)
def test_declared_dates_keep_their_offset_and_others_get_the_zones(head: str, expected: str) -> None:
    got = read(page(PARAGRAPHS, head=head)).published_at
    assert got is not None
    assert got.isoformat() == expected


def test_a_date_in_the_address_counts_as_a_day() -> None:
    got = read(page(PARAGRAPHS), url="https://news.example/2026/02/13/accordo.html")
    assert (got.date_only, str(got.published_at)[:10]) == (True, "2026-02-13")


@pytest.mark.parametrize("text", ["2031-01-01", "1970-01-01", "2026-13-45", "0000-00-00", "99:99", ""])
def test_impossible_dates_are_absent(text: str) -> None:
    assert read(page(PARAGRAPHS, head=f'<meta name="date" content="{text}">')).published_at is None


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://news.example/accordo", "https://news.example/accordo"),
        ("/accordo#top", "https://news.example/accordo"),
        ("https://other.example/accordo", ""),
        ("http://127.0.0.1:18081/canary", ""),
        ("javascript:alert(1)", ""),
        ("http://[bad", ""),
    ],
)
def test_a_canonical_address_is_trusted_on_its_own_host_only(href: str, expected: str) -> None:
    assert read(page(PARAGRAPHS, head=f'<link rel="canonical" href="{href}">')).canonical_url == expected


def test_a_title_loses_its_sites_name() -> None:
    head = (
        '<meta property="og:title" content="Accordo di pesca fra UE e Marocco - Il Foglio">'
        '<meta property="og:site_name" content="Il Foglio">'
    )
    content = page(PARAGRAPHS, title="X", head=head)
    assert read(content).title == "Accordo di pesca fra UE e Marocco"


def test_the_headline_that_readers_see_is_preferred_to_the_one_for_search_engines() -> None:
    head = '<meta property="og:title" content="Roma e Pechino, ecco il patto: la firma sul memorandum">'
    got = read(page(PARAGRAPHS, title="Italia-Cina, la firma sul memorandum arriva dopo dieci anni", head=head))
    assert got.title == "Italia-Cina, la firma sul memorandum arriva dopo dieci anni"


@pytest.mark.parametrize(
    "reference",
    ["&#1;", "&#x1;", "&#0;", "&#xFFFE;", "&#xD800;", "&#0000031;", "&#31", "&#1z", "&#99999999;", "&#4294967297;"],
)
def test_a_reference_to_a_control_character_is_no_obstacle(reference: str) -> None:
    # found by fuzzing: such a text could not be moved within the tree when the script before it was removed
    got = read(page(f"<p>{reference}<script>x</script>{reference} Italia e Cina firmano.</p>{PARAGRAPHS}"))
    assert "Italia e Cina firmano." in got.text
    assert "\x01" not in got.text


def test_the_text_that_json_ld_holds_is_used_where_the_page_shows_none() -> None:
    body = "Italia e Cina hanno firmato un memorandum &amp; un programma. " * 10
    script = '<script type="application/ld+json">{"@type":"NewsArticle","articleBody":"<p>' + body + '</p>"}</script>'
    got = read(page("<div id=app></div>", head=script))
    assert got.method == "json-ld"
    assert "memorandum & un programma" in got.text
    assert "<p>" not in got.text


def test_a_lead_that_stands_outside_the_text_is_put_back() -> None:
    lead = "Roma e Pechino hanno firmato oggi un memorandum sulla ricerca spaziale, il primo in dieci anni."
    head = f'<meta name="description" content="{lead}">'
    got = read(page(f'<div class="toolbar"><div class="promo">{lead}</div></div>{PARAGRAPHS}', head=head))
    assert got.text.startswith(lead)


def test_what_stands_after_the_end_of_an_article_is_left_out(phrases: PagePhrases) -> None:
    after = "<p>© RIPRODUZIONE RISERVATA</p><p>Francia e India firmano un accordo sui satelliti, leggi tutti i dettagli.</p>"
    got = read(page(PARAGRAPHS + after), phrases)
    assert "satelliti" not in got.text
    assert "Neri" in got.text


def test_a_notice_in_the_middle_does_not_end_the_article(phrases: PagePhrases) -> None:
    got = read(page(PARAGRAPHS[: len(PARAGRAPHS) // 4] + "<p>Leggi anche: altre notizie</p>" + PARAGRAPHS), phrases)
    assert "Neri" in got.text
    assert "Leggi anche" not in got.text


def test_chinese_pages_are_read() -> None:
    text = "中国和俄罗斯在北京签署了一项关于人工智能合作的谅解备忘录,双方将成立专家委员会,共同研究标准。" * 3
    got = read(
        f'<html lang="zh-CN"><body><h1>中俄签署备忘录</h1><p>{text}</p><p>{text}</p></body></html>'.encode("gb18030")
    )
    assert got.kind is PageKind.ARTICLE
    assert got.language == "zh"
    assert "谅解备忘录" in got.text


def test_plain_text_is_an_article_of_its_own() -> None:
    got = read(b"Accordo\n\nItalia e Cina hanno firmato oggi un memorandum sulla scienza.", content_type="text/plain")
    assert (got.kind, got.method, got.title) == (PageKind.ARTICLE, "plain", "Accordo")


@pytest.mark.parametrize(
    "content", [b"<rss><channel/></rss>", b"<?xml version='1.0'?><feed xmlns='x'/>", b"PK\x03\x04zip", b'{"a": 1}']
)
def test_what_is_no_page_is_named(content: bytes) -> None:
    kind = "application/json" if content.startswith(b"{") else "text/html"
    assert read(content, content_type=kind).kind is PageKind.NOT_HTML


@pytest.mark.parametrize(
    ("body", "title", "kind"),
    [
        ("<p>Accedi per continuare</p><form><input type=password></form>", "Accesso", PageKind.LOGIN),
        (
            "<p>Checking your browser before accessing the site, this takes a few seconds.</p>",
            "Just a moment...",
            PageKind.CHALLENGE,
        ),
        (
            "<p>We and our partners store and/or access information on a device.</p>",
            "We value your privacy",
            PageKind.CONSENT,
        ),
        ("<p>La pagina che stai cercando è stata spostata.</p>", "Errore 404", PageKind.SOFT_404),
    ],
)
def test_walls_are_named(body: str, title: str, kind: PageKind, phrases: PagePhrases) -> None:
    got = read(page(body, title=title), phrases)
    assert got.kind is kind
    assert got.text == ""
    assert got.reason


def test_a_long_article_about_cookies_is_an_article(phrases: PagePhrases) -> None:
    assert (
        read(page("<p>We and our partners use cookies, says the study.</p>" + PARAGRAPHS * 3), phrases).kind
        is PageKind.ARTICLE
    )


@settings(deadline=None)  # the first example imports, others share two cores
@given(st.binary(max_size=3000))
def test_any_bytes_give_a_page(content: bytes) -> None:
    assert isinstance(read(content), Page)


FRAGMENTS = st.sampled_from(
    [
        "<div>", "</div>", "<p>", "<table><tr><td>", "<script type='application/ld+json'>", "</script>", "[[[[", "'>", "<h1>",
        '{"@type":"Article","articleBody":', "<meta property='og:title' content='", "<a href='//[::1'>", "&#0;", "&#xd800;",
        "<![CDATA[", "<!--", "-->", "<svg>", "testo ", "2026-02-31T25:61", "<time datetime='x'>", "<base href='http://['>",
        "<link rel=canonical href='http://[", "<html lang='", "\x00", "\ud800", "<p itemprop=articleBody>", "<iframe",
        "<noscript>", "<textarea>", "<body", "<frameset>", "中文", "é",
    ]
)  # fmt: skip


@settings(deadline=None)  # the first example imports, others share two cores
@given(st.lists(FRAGMENTS, max_size=60))
def test_any_mixture_of_markup_gives_a_page(parts: list[str]) -> None:
    assert isinstance(read("".join(parts).encode("utf-8", "surrogatepass")), Page)
