"""Fault cases ART-01 to ART-10 with the whole line: what is told when a page is walled, gone, slow, hostile or forbidden.
What reading one page gives is tested in test_articles_read.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.poller.made import QUIET, SIGNED, item, page, rss
from tests.faults.poller.test_network import bomb, slow_body
from tests.faults.subject import Item, Subject
from tests.origin import Asked, Line, Origin, Script, answer, in_turn, raw

fault = pytest.mark.fault
HTML = "text/html; charset=utf-8"
HEADLINE = "Italia e Cina firmano un accordo di cooperazione scientifica"
LEAD = "ROMA - Italia e Cina hanno firmato oggi a Roma un accordo di cooperazione scientifica e tecnologica."


def html(body: bytes) -> Script:
    return answer(200, body, kind=HTML)


def one(origin: Origin, script: Script, *, headline: str = HEADLINE, lead: str = LEAD, path: str = "/a/1") -> str:
    """A feed of one entry whose page is played by ``script``; gives the feed's address."""
    link = origin.on(path, script)
    entry = item(1, link=link, title=headline, description=lead, guid=path)
    return origin.on(f"/f{path}", answer(200, rss([entry]).encode()))


def told(subject: Subject, url: str) -> Item:
    """The entry after its poll; its announcement was told exactly once."""
    subject.follow(url)
    subject.wait(0)
    (found,) = subject.items(url)
    assert found.state == "judged"
    assert len(subject.alerts()) == 1
    return found


SCRIPT = (
    b"<!doctype html><html><head><title>app</title></head><body><div id=root></div><script src=/x.js></script></body>"
)
WALLS = {
    "script-only": SCRIPT,
    "empty": b"",
    "soft-404": page("Pagina non trovata", "<p>Errore 404: la pagina che cercavi non esiste.</p>"),
    "consent": page(
        "La tua privacy",
        "<p>Noi e i nostri 842 partner archiviamo e/o accediamo a informazioni su un dispositivo. Accetta.</p>",
    ),
}


@fault("ART-01")
@pytest.mark.parametrize("name", WALLS)
def test_what_the_summary_announces_is_told_when_the_page_has_no_text(
    subject: Subject, origin: Origin, name: str
) -> None:
    found = told(subject, one(origin, html(WALLS[name])))
    assert found.method == "summary"
    assert found.text == LEAD
    assert found.reason


@fault("ART-01")
def test_a_teaser_is_judged_on_what_there_is_and_marked(subject: Subject, origin: Origin) -> None:
    teaser = page(HEADLINE, f"<p>{LEAD}</p><p>Contenuto riservato agli abbonati. Abbonati ora.</p>")
    found = told(subject, one(origin, html(teaser)))
    assert "firmato oggi" in found.text
    assert found.reason


@fault("ART-02")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/pdf", b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"),
        (HTML, b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 5000),
    ],
)
def test_a_pdf_or_image_leaves_the_summary(subject: Subject, origin: Origin, kind: str, body: bytes) -> None:
    found = told(subject, one(origin, answer(200, body, kind=kind)))
    assert (found.method, found.text) == ("summary", LEAD)
    assert found.reason


@fault("ART-03")
@pytest.mark.parametrize("name", ["deep", "wide", "attr-bomb", "ldjson-bomb", "redos"])
def test_a_pathological_page_costs_its_text_at_most_and_the_queue_goes_on(
    subject: Subject, origin: Origin, name: str
) -> None:
    bodies = {
        "deep": "<div>" * 100_000 + "testo" + "</div>" * 100_000,
        "wide": "".join(f"<p>Riga {number} <a href=/l{number}>link</a></p>" for number in range(60_000)),
        "attr-bomb": f"<p {' '.join(f'a{number}=x' for number in range(100_000))}>x</p>",
        "ldjson-bomb": f'<script type="application/ld+json">{"[" * 200_000}</script>',
        "redos": "<p>" + "a" * 50_000 + "!" + " " * 50_000 + "x" + "=" * 50_000 + "</p>",
    }
    bad = one(origin, html(page("x", bodies[name])))
    other = one(origin, html(page("Visita", QUIET)), headline="Visita ai laboratori", lead="Visita.", path="/a/2")
    subject.follow(other)
    found = told(subject, bad)
    assert HEADLINE in found.title
    (neighbour,) = subject.items(other)
    assert neighbour.method == "page"


@fault("ART-04")
def test_a_page_that_kills_its_reader_is_judged_on_the_summary_and_the_next_is_read(
    subject: Subject, origin: Origin
) -> None:
    from tests.faults.subject import Product

    assert isinstance(subject, Product), "only the product has workers"
    bad = one(origin, html(page("x", "<p>uccide</p>")))
    pool = subject.bench.pool
    real, calls = pool.call, []

    async def dies(function: str, *args: object, deadline_s: float, **options: object) -> object:
        if function.startswith("monitor.extract"):
            calls.append(function)
            return await real("os:abort", deadline_s=deadline_s)
        return await real(function, *args, deadline_s=deadline_s, **options)

    pool.call = dies  # type: ignore[method-assign, assignment]
    try:
        found = told(subject, bad)
    finally:
        pool.call = real  # type: ignore[method-assign]
    assert len(calls) == 2  # tried once more with a new worker
    assert (found.method, found.text) == ("summary", LEAD)
    assert found.reason
    other = one(origin, html(page("Visita", QUIET)), headline="Visita ai laboratori", lead="Visita.", path="/a/2")
    subject.follow(other)
    subject.wait(0)
    assert subject.items(other)[0].method == "page"


@fault("ART-05")
@pytest.mark.parametrize("case", ["meta-wrong", "1252"])
def test_pages_read_as_written_in_whatever_charset(subject: Subject, origin: Origin, case: str) -> None:
    text = page("Università", SIGNED + "<p>Ecco perché la città è già più vicina – così dice il rettore.</p>").decode()
    bare = text.replace('<meta charset="utf-8">', "")
    if case == "meta-wrong":
        script = answer(200, text.replace("utf-8", "iso-8859-1").encode(), kind="text/html; charset=utf-8")
    else:
        script = answer(200, bare.encode("cp1252"), kind="text/html")
    found = told(subject, one(origin, script))
    assert found.method == "page"
    assert "perché la città è già più vicina" in found.text


@fault("ART-06")
@pytest.mark.parametrize("status", [403, 404, 410, 500])
def test_a_refused_page_is_tried_a_bounded_number_of_times_and_holds_no_alert_back(
    make: Callable[..., Subject], origin: Origin, status: int
) -> None:
    subject = make()
    url = one(origin, answer(status, b"no", kind=HTML))
    subject.follow(url)
    subject.wait(0)
    for _ in range(40):
        if subject.alerts():
            break
        subject.wait(30)
    assert (subject.now - subject.items(url)[0].order_at).total_seconds() < 1e9
    tries = len(origin.seen("/a/1"))
    assert 1 <= tries <= 5
    if status == 410:
        assert tries == 1
    (found,) = subject.items(url)
    assert found.method == "summary"
    assert str(status) in found.reason
    waited = subject.now
    subject.wait(86400 * 2)
    assert len(origin.seen("/a/1")) == tries
    assert len(subject.alerts()) == 1
    from tests.faults.subject import NOW

    assert (waited - NOW).total_seconds() <= 900 + 30  # article_wait


@fault("ART-06")
def test_a_flaky_page_is_read_later_and_told_once(subject: Subject, origin: Origin) -> None:
    busy = answer(503, b"busy", ("Retry-After", "1"))
    url = one(origin, in_turn(busy, busy, html(page(HEADLINE, SIGNED))))
    subject.follow(url)
    subject.wait(0)
    assert subject.alerts() == []
    for _ in range(10):
        subject.wait(60)
    (found,) = subject.items(url)
    assert found.method == "page"
    assert len(origin.seen("/a/1")) == 3
    assert len(subject.alerts()) == 1


@fault("ART-07")
def test_loops_and_internal_addresses_are_left_and_the_canary_is_not_hit(
    subject: Subject, origin: Origin, canary: Origin
) -> None:
    loop = one(origin, answer(302, b"", ("Location", "/a/1")))
    inside = one(origin, answer(302, b"", ("Location", canary.url("/x"))), path="/a/2")
    refresh = f'<meta http-equiv="refresh" content="0;url={canary.url("/refresh")}">'
    other = f'<link rel="canonical" href="{canary.url("/canonical")}"><base href="{canary.url("/")}">'
    meta = one(origin, html(page(HEADLINE, SIGNED, refresh)), path="/a/3")
    canonical = one(origin, html(page(HEADLINE, SIGNED, other)), path="/a/4")
    subject.follow(loop, inside, meta, canonical)
    for _ in range(30):
        subject.wait(60)
    assert 1 <= len(origin.seen("/a/1")) <= 11
    assert "redirects" in subject.items(loop)[0].reason
    assert "not a public address" in subject.items(inside)[0].reason
    for url in (meta, canonical):
        (found,) = subject.items(url)
        assert found.method == "page"
    assert f":{canary.port}" not in "".join(subject.alerts())
    assert canary.connections == 0


@fault("ART-08")
def test_the_same_text_at_two_addresses_is_one_story_and_one_alert(subject: Subject, origin: Origin) -> None:
    first = one(origin, html(page("Accordo Italia-Cina", SIGNED)))
    second = one(origin, html(page("Accordo Italia-Cina | Altro giornale", SIGNED)), path="/a/2")
    subject.follow(first, second)
    subject.wait(0)
    subject.wait(60)
    assert [subject.items(url)[0].state for url in (first, second)] == ["judged", "judged"]
    assert len(subject.alerts()) == 1


ALLOW = answer(200, b"User-agent: *\nAllow: /\n", kind="text/plain")
DENY = answer(200, b"User-agent: *\nDisallow: /a/\n", kind="text/plain")
NAMED = answer(200, b"User-agent: *\nAllow: /\n\nUser-agent: coopwatch\nDisallow: /a/\n", kind="text/plain")
HUGE = answer(200, b"User-agent: *\nDisallow: /a/\n" + b"# pad\n" * 400_000, kind="text/plain")


async def silent(asked: Asked, line: Line) -> None:
    await line.nap(30)


@fault("ART-10")
@pytest.mark.parametrize(
    ("name", "script", "fetched"),
    [
        ("allow", ALLOW, True),
        ("disallow", DENY, False),
        ("star-vs-named", NAMED, False),
        ("404", answer(404), True),
        ("403", answer(403), True),
        ("500", answer(500), False),
        ("huge", HUGE, False),
        ("html", html(page("home", "<p>Disallow: /a/</p>")), True),
        ("loop", answer(302, b"", ("Location", "/robots.txt")), True),
        ("slow", silent, False),
        ("closed", raw(b""), False),
    ],
)
def test_robots_txt_is_followed_as_rfc_9309_says(
    subject: Subject, origin: Origin, name: str, script: Script, fetched: bool
) -> None:
    url = one(origin, html(page(HEADLINE, SIGNED)))
    origin.on("/robots.txt", script)
    found = told(subject, url)
    assert bool(origin.seen("/a/1")) == fetched
    assert len(origin.seen("/robots.txt")) <= 6
    if not fetched:
        assert found.method == "summary"
        assert "robots.txt" in found.reason


@fault("ART-10")
def test_robots_txt_is_kept_a_day_and_over_a_restart(subject: Subject, origin: Origin) -> None:
    origin.on("/robots.txt", ALLOW)
    for number in range(4):
        if number == 3:
            subject.wait(86400)
        subject.follow(one(origin, html(page("Visita", QUIET)), path=f"/a/{number}", headline=f"Visita {number}"))
        subject.wait(60)
        subject.restart()
    assert len(origin.seen("/robots.txt")) == 2
    assert all(origin.seen(f"/a/{number}") for number in range(4))


@fault("NET-05")
@fault("NET-19")
def test_a_page_that_drips_or_explodes_leaves_the_summary(subject: Subject, origin: Origin) -> None:
    subject.use(deadline_s=1.0)
    drips = one(origin, slow_body)
    explodes = one(origin, answer(200, bomb(64), ("Content-Encoding", "gzip"), kind=HTML), path="/a/2")
    subject.follow(drips, explodes)
    for _ in range(20):
        subject.wait(60)
    assert [subject.items(url)[0].method for url in (drips, explodes)] == ["summary", "summary"]
    assert len(origin.seen("/a/1")) <= 5
