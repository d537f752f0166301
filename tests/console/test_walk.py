"""Every page and every action, walked in a real browser at desktop and phone width: no console error, no serious fault of
accessibility, nothing sideways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from monitor.model import FeedState
from monitor.store import desk
from tests.console import fill
from tests.console.conftest import NOW, PASSWORD, Site

PAGES = ("/", "/?q=intesa&type=call", "/stories/st-7", "/relations", "/relations?between=CN,IT", "/sources", "/sources/f1",
         "/rules", "/deliveries", "/quality", "/stories/none")  # fmt: skip
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("browser")]


@pytest.fixture(params=["desktop", pytest.param("phone", marks=pytest.mark.long)])
def page(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, base_url=site.url, locale="it-IT")
    opened = context.new_page()
    faults: list[str] = []
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto("/")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Entra").click()
    opened.wait_for_url("**/")
    yield opened
    context.close()
    expected = ("404", "400")  # the pages that are asked for although they are not there
    assert [fault for fault in faults if not any(code in fault for code in expected)] == []


def test_every_page_is_sound_accessible_and_no_wider_than_the_screen(page: Page) -> None:
    for path in PAGES:
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        found = Axe().run(page)
        serious = [
            (each["id"], [node["html"][:120] for node in each["nodes"]])
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]
        assert serious == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_a_story_is_judged_merged_split_dated_and_silenced(page: Page, site: Site) -> None:
    page.goto("/stories/st-8")
    page.get_by_role("button", name="È giusta").click()
    assert "Registrato" in page.get_by_role("status").first.inner_text()
    page.get_by_role("button", name="È sbagliata").click()
    assert site.store.stories.load(["st-8"])["st-8"].state != "wrong", "not before a reason was chosen"
    page.get_by_label("perché").select_option("domestic")
    page.get_by_role("button", name="È sbagliata").click()
    assert site.store.stories.load(["st-8"])["st-8"].state == "wrong"
    effects = page.locator("#effects")
    assert "Con soglia" in effects.inner_text()
    assert "Senza la regola any-two" in effects.inner_text()
    assert effects.locator("a").count() >= 2
    assert effects.locator("a[href='/stories/st-8']").count() == 0
    page.goto("/stories/st-10")
    page.get_by_text("Altro: duplicato").click()
    page.get_by_label("Unisci alla storia").fill("st-15")
    page.get_by_role("button", name="Unisci", exact=True).click()
    page.wait_for_url("**/stories/st-15*")
    assert site.store.stories.load(["st-10"])["st-10"].merged_into == "st-15"
    page.get_by_role("button", name="È un’altra storia").first.click()
    page.wait_for_url("**/stories/*done=act.done")
    page.goto("/stories/st-11")
    page.get_by_text("Altro: duplicato").click()
    page.get_by_label("Scadenza del bando").fill("2026-05-31")
    page.get_by_role("button", name="Imposta").click()
    assert site.store.stories.load(["st-11"])["st-11"].deadline == "2026-05-31"
    page.get_by_text("Altro: duplicato").click()
    page.get_by_label("Motivo").fill("already known")
    page.get_by_role("button", name="Silenzia").click()
    with site.store.database.read() as connection:
        assert len(desk.silences(connection, NOW)) == 2


def test_a_senseless_wish_is_refused_with_a_sentence(page: Page) -> None:
    page.goto("/stories/st-12")
    page.get_by_text("Altro: duplicato").click()
    page.get_by_label("Unisci alla storia").fill("nowhere")
    page.get_by_role("button", name="Unisci", exact=True).click()
    assert "there is no story 'nowhere'" in page.content()


def test_deliveries_are_replayed_and_silences_ended(page: Page, site: Site) -> None:
    page.goto("/deliveries")
    page.get_by_role("button", name="Rimanda").click()
    page.wait_for_url("**/deliveries?done*")
    with site.store.database.read() as connection:
        assert desk.deliveries(connection, state="dead")[0] == ()
    page.get_by_role("button", name="Termina").click()
    assert "Nessun silenzio attivo" in page.content()


def test_feeds_are_previewed_added_paused_and_resumed(page: Page, site: Site) -> None:
    page.goto("/sources")
    page.get_by_label("Indirizzo del sito o del feed").fill("https://new.example")
    page.get_by_role("button", name="Anteprima").click()
    assert "<script>due</script>" in page.locator("ol").inner_text()
    page.get_by_role("button", name="Aggiungi una fonte").click()
    page.wait_for_url("**/sources?done*")
    page.goto("/sources/f0")
    page.get_by_label("Motivo").fill("too noisy")
    page.get_by_role("button", name="Metti in pausa").click()
    assert "paused by operator: too noisy" in page.content()
    page.get_by_role("button", name="Riprendi").click()
    with site.store.database.read() as connection:
        assert desk.feed_lines(connection, NOW, feed_id="f0")[0][0].state == FeedState.OK


def test_the_playground_judges_a_text_and_an_address(page: Page) -> None:
    page.goto("/rules")
    page.get_by_label("Titolo").fill("Italia e Cina firmano un accordo sulla ricerca")
    page.get_by_label("Testo", exact=True).fill(
        "Italia e Cina hanno firmato oggi a Roma un accordo di cooperazione scientifica."
    )
    page.get_by_role("button", name="Giudica").click()
    assert "Annuncio" in page.locator("#outcome").inner_text()
    assert page.locator("#outcome mark").count() >= 1
    page.get_by_label("Titolo").fill("Il tempo di domani")
    page.get_by_label("Testo", exact=True).fill("Pioggia al nord, sole al sud.")
    page.get_by_role("button", name="Giudica").click()
    assert "Nessuna frase riporta un atto" in page.locator("#outcome").inner_text()
    page.get_by_label("oppure un indirizzo").fill("https://down.example/x")
    page.get_by_role("button", name="Giudica").click()
    assert "no answer" in page.get_by_role("alert").inner_text()
    page.get_by_label("Titolo").fill("")
    page.get_by_label("Testo", exact=True).fill("")
    page.get_by_label("oppure un indirizzo").fill("")
    page.get_by_role("button", name="Giudica").click()
    assert "Scrivi un titolo" in page.get_by_role("alert").inner_text()


def test_the_sample_is_labelled_in_a_minute_and_missed_ones_are_entered(page: Page, site: Site) -> None:
    with site.store.database.write() as connection:
        fill.article(connection, 2001, "Di ieri", "Nulla.", score=0.2, alert=False, seen=NOW - timedelta(hours=3))
    page.goto("/quality")
    assert page.locator("article").count() == 1
    page.get_by_role("button", name="Contesto: Di ieri").click()
    page.wait_for_url("**/quality?done*")
    assert "Per oggi hai finito" in page.content()
    page.goto("/")
    page.get_by_text("Ci è sfuggito un annuncio?").click()
    page.get_by_label("Indirizzo dell’articolo").fill("https://x.example/missed")
    page.get_by_label("Motivo").fill("seen elsewhere")
    page.get_by_role("button", name="Inserisci").click()
    page.wait_for_url("**/stories/st-3*")


def test_hostile_text_from_feeds_is_shown_as_text_everywhere(page: Page, site: Site) -> None:
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    value = replace(fill.story(9, hostile=evil), id="st-evil")
    with site.store.database.write() as connection:
        fill.save_story(connection, value, {"kx"}, NOW, known=False, added=value.reports)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    for path in ("/", "/stories/st-evil", "/relations", "/sources"):
        page.goto(path)
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("a[href^=javascript]").count() == 0
    page.goto("/stories/st-evil")
    assert "<script>alert(2)</script>" in page.locator("main").inner_text()
