"""Mails as a browser shows them: at desktop and phone width, light and dark, nothing runs over the edge, everything can be
read, nothing is fetched. Text parts in a terminal of 78 columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from monitor.alert import clean
from monitor.alert.render import html, text
from tests.alert.letters import LETTERS, READERS

SIZES = {"desktop": (900, 900), "phone": (360, 780)}
# What a mail is not: a page with landmarks and a main heading of the site.
LOOKED_INTO = {"plain", "foreign", "denied", "trouble"}  # the long ones repeat the same parts
NOT_FOR_MAILS = {"landmark-one-main", "page-has-heading-one", "region"}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*quiet, "--no-first-run"])
        yield started
        started.close()


@pytest.mark.chromium
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
@pytest.mark.parametrize("name", LETTERS)
def test_a_mail_fits_can_be_read_and_fetches_nothing(browser: Browser, name: str, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html.render(LETTERS[name](READERS["it"])))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == []
    if name in LOOKED_INTO:
        found = Axe().run(page)["violations"]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["id"] not in NOT_FOR_MAILS] == []
    page.close()


@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize("name", LETTERS)
def test_a_text_part_fits_a_terminal(name: str, language: str) -> None:
    for line in text.render(LETTERS[name](READERS[language])).splitlines():
        assert clean.width(line) <= 78 or line.strip().startswith("https://"), line
