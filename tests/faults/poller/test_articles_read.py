"""Fault cases ART-01 to ART-05 and ART-09 where pages are read: what a bad page becomes, and that nothing else suffers.
That an announcement in the feed's summary is alerted all the same is tested with the whole line."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.model import Page, PageKind, PagePhrases
from monitor.rulebook.pages import load_page_phrases
from monitor.run.pages import EXTRACT_DEADLINE_S, PageReader
from monitor.run.workers import WorkerPool

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HTML = "text/html; charset=utf-8"
PARAGRAPHS = (
    "<p>La delegazione ha visitato i laboratori e ha parlato con gli studenti di fisica e di ingegneria.</p>" * 6
)


def page(body: str, *, title: str = "Accordo", head: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="it"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    ).encode()


@pytest.fixture(scope="module")
def phrases(rules_dir: Path) -> PagePhrases:
    return load_page_phrases([rules_dir])


def with_reader(
    use: Callable[[PageReader], Awaitable[None]], phrases: PagePhrases, deadline_s: float = EXTRACT_DEADLINE_S
) -> None:
    async def main() -> None:
        pool = WorkerPool(1, preload=("monitor.extract",))
        try:
            await use(PageReader(pool, phrases, deadline_s))
        finally:
            await pool.close()

    asyncio.run(main())


def read(content: bytes, phrases: PagePhrases, content_type: str = HTML) -> Page:
    found: list[Page] = []

    async def use(reader: PageReader) -> None:
        found.append(await reader.read(content, content_type=content_type, url="https://news.example/a", now=NOW))

    with_reader(use, phrases)
    return found[0]


NO_TEXT = {
    "script-only": (
        b"<!doctype html><html><head><title>app</title></head><body><div id=root></div><script src=/x.js></script></body></html>",
        PageKind.SCRIPT_ONLY,
    ),
    "empty": (b"", PageKind.EMPTY),
    "spaces": (b" \r\n ", PageKind.EMPTY),
    "soft-404": (
        page("<p>Spiacenti, la pagina richiesta non è disponibile.</p>", title="Pagina non trovata"),
        PageKind.SOFT_404,
    ),
    "consent": (
        page(
            "<p>Noi e i nostri 42 partner archiviamo e/o accediamo a informazioni su un dispositivo. Accetta tutto.</p>",
            title="La tua privacy",
        ),
        PageKind.CONSENT,
    ),
    "login": (page("<p>Accedi per continuare.</p><form><input type=password></form>", title="Accesso"), PageKind.LOGIN),
}


@pytest.mark.parametrize("name", NO_TEXT)
def test_art_01_a_page_without_an_article_gives_no_text_and_says_why(name: str, phrases: PagePhrases) -> None:
    content, kind = NO_TEXT[name]
    got = read(content, phrases)
    assert got.kind is kind
    assert got.text == ""
    assert got.reason


def test_art_01_a_paywalled_page_is_judged_on_its_teaser_and_marked(phrases: PagePhrases) -> None:
    body = "<p>Italia e Cina hanno firmato oggi a Roma...</p><p>Contenuto riservato agli abbonati. Abbonati ora.</p>"
    got = read(page(body, title="Accordo Italia-Cina"), phrases)
    assert got.kind is PageKind.PARTIAL
    assert got.text == "Italia e Cina hanno firmato oggi a Roma..."
    assert "riservato" in got.reason


@pytest.mark.parametrize(
    ("content", "content_type", "kind"),
    [
        (b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF", "application/pdf", PageKind.PDF),
        (b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF", HTML, PageKind.PDF),
        (b"anything", "application/pdf", PageKind.PDF),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 5000, "image/png", PageKind.IMAGE),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 5000, HTML, PageKind.IMAGE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\x00" * 100, "", PageKind.IMAGE),
        (b"PK\x03\x04" + b"\x00" * 100, "application/octet-stream", PageKind.NOT_HTML),
    ],
)
def test_art_02_a_pdf_or_image_is_not_given_to_the_extractor(
    content: bytes, content_type: str, kind: PageKind, phrases: PagePhrases
) -> None:
    got = read(content, phrases, content_type)
    assert (got.kind, got.text, got.method) == (kind, "", "")


def bombs() -> dict[str, bytes]:
    """Pages that hang readers: deep, wide, attributes, long runs, dates, JSON-LD."""
    dates = " ".join(
        f"{day:02d}/{month:02d}/{year}" for year in range(1950, 2030) for month in range(1, 13) for day in range(1, 29)
    )
    return {
        "deep": page("<div>" * 100_000 + "testo" + "</div>" * 100_000),
        "wide": page("".join(f"<p>Riga {number} <a href=/l{number}>link</a></p>" for number in range(60_000))),
        "wide-rich": page("".join(f"<p>Riga {number} <a href=/l{number}>link</a></p>" for number in range(7_000))),
        "attr-bomb": page("<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">testo</p>"),
        "attr-many": page(
            "".join("<p " + " ".join(f"a{number}=1" for number in range(1_900)) + ">testo</p>" for _ in range(300))
        ),
        "redos": page("<p>" + "a" * 50_000 + "!" + " " * 50_000 + "x" + "=" * 50_000 + "</p>"),
        "date-bomb": page(f"<p>{dates}</p>"),
        "ldjson-bomb": page("testo", head='<script type="application/ld+json">' + "[" * 100_000 + "</script>"),
        "ldjson-many": page("testo", head='<script type="application/ld+json">{"@type":"Article"}</script>' * 20_000),
        "classes": page("".join(f'<div class="{"c " * 5_000}">testo</div>' for _ in range(300))),
        "tables": page("<table>" * 5_000 + "a"),
        "brackets": b"<" * 3_000_000,
        "one-line": page("parola " * 1_200_000),
    }


@pytest.mark.parametrize("name", bombs())
def test_art_03_a_pathological_page_ends_well_before_its_deadline(name: str, phrases: PagePhrases) -> None:
    began = time.monotonic()
    got = read(bombs()[name], phrases)
    assert time.monotonic() - began < EXTRACT_DEADLINE_S
    assert got.kind not in (PageKind.EXTRACT_TIMEOUT, PageKind.EXTRACT_CRASH)


def test_art_03_a_page_that_overruns_its_deadline_is_killed_marked_and_the_queue_goes_on(phrases: PagePhrases) -> None:
    async def use(reader: PageReader) -> None:
        good = {"content_type": HTML, "url": "https://news.example/a", "now": NOW}
        assert (await reader.read(page(PARAGRAPHS), **good)).kind is PageKind.ARTICLE
        slow = PageReader(reader.pool, reader.phrases, deadline_s=0.05)
        hung, after = await asyncio.gather(slow.read(bombs()["classes"], **good), reader.read(page(PARAGRAPHS), **good))
        assert hung.kind is PageKind.EXTRACT_TIMEOUT
        assert hung.reason.startswith("extract-timeout")
        assert hung.text == ""
        assert after.kind is PageKind.ARTICLE
        assert reader.pool.stats().deadline == 1

    with_reader(use, phrases)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_art_04_a_page_whose_reader_is_killed_once_is_read_by_the_next(
    number: signal.Signals, phrases: PagePhrases
) -> None:
    async def use(reader: PageReader) -> None:
        good = {"content_type": HTML, "url": "https://news.example/a", "now": NOW}
        await reader.read(page(PARAGRAPHS), **good)
        task = asyncio.create_task(reader.read(bombs()["classes"], **good))
        while reader.pool.stats().calls < 2:
            await asyncio.sleep(0)
        os.kill(reader.pool.process_ids()[0], number)
        assert (await task).kind is PageKind.ARTICLE
        assert reader.pool.stats().died == 1

    with_reader(use, phrases)


def test_art_04_a_page_that_kills_every_reader_is_marked_and_the_next_page_is_read(phrases: PagePhrases) -> None:
    async def use(reader: PageReader) -> None:
        good = {"content_type": HTML, "url": "https://news.example/a", "now": NOW}
        task = asyncio.create_task(reader.read(bombs()["classes"], **good))
        for death in (1, 2):
            while reader.pool.stats().died < death:
                for pid in reader.pool.process_ids():
                    os.kill(pid, signal.SIGSEGV)
                await asyncio.sleep(0.01)
        got = await task
        assert (got.kind, got.text) == (PageKind.EXTRACT_CRASH, "")
        assert (await reader.read(page(PARAGRAPHS), **good)).kind is PageKind.ARTICLE

    with_reader(use, phrases)


def test_art_05_the_text_reads_as_written_in_whatever_charset_it_came(phrases: PagePhrases) -> None:
    text = "<p>Perché la città è già più vicina, ha detto il rettore dell’università.</p>"
    wrong_meta = page(text + PARAGRAPHS).replace(b'<meta charset="utf-8">', b'<meta charset="iso-8859-1">')
    no_charset = page(text + PARAGRAPHS).decode().replace('<meta charset="utf-8">', "").encode("cp1252")
    for content, content_type in ((wrong_meta, HTML), (wrong_meta, "text/html"), (no_charset, "text/html")):
        got = read(content, phrases, content_type)
        assert "Perché la città è già più vicina, ha detto il rettore dell’università." in got.text


def distinct(number: int) -> bytes:
    words = " ".join(f"parola{number}x{position}" for position in range(400))
    return page(f"<p>Articolo numero {number}: {words}.</p>{PARAGRAPHS}", title=f"Articolo {number}")


def grows(count: int, phrases: PagePhrases) -> float:
    """By how many MiB the worker's memory peaked above its first pages over ``count`` distinct pages."""
    peaks: list[int] = []

    async def use(reader: PageReader) -> None:
        for number in range(count):
            await reader.read(distinct(number), content_type=HTML, url=f"https://news.example/{number}", now=NOW)
            if number % 50 == 40:  # not at the 500th page, when the old worker has gone and the next has not begun
                status = Path(f"/proc/{reader.pool.process_ids()[0]}/status").read_text(encoding="ascii")
                peaks.append(int(status.partition("VmRSS:")[2].split()[0]))

    with_reader(use, phrases)
    return (max(peaks) - peaks[0]) / 1024


def test_art_09_memory_stays_flat_over_many_distinct_pages(phrases: PagePhrases) -> None:
    assert grows(400, phrases) < 20


@pytest.mark.long
def test_art_09_memory_stays_flat_over_ten_thousand_distinct_pages(phrases: PagePhrases) -> None:
    assert grows(10_000, phrases) < 100
