"""Which language the page speaks to whom."""

from __future__ import annotations

import re

import httpx
import pytest

from monitor.console import language
from monitor.console.doing import local_path
from tests.console.conftest import PASSWORD, Site

BOTH = ("en", "it")


@pytest.mark.parametrize(
    ("chosen", "accepted", "spoken"),
    [
        ("", "it-IT,it;q=0.9,en;q=0.8", "it"),
        ("", "en-GB,en;q=0.9,it;q=0.8", "en"),
        ("", "de-DE,de;q=0.9,en;q=0.5,it;q=0.4", "en"),
        ("", "en;q=0.2, it;q=0.7", "it"),
        ("", "it;q=0, en;q=0.1", "en"),
        ("", "fr-FR, *;q=0.5", "it"),
        ("", "", "it"),
        ("", "en;q=nonsense", "it"),
        ("", ",;,;q=", "it"),
        ("en", "it-IT,it;q=0.9", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_choice_goes_before_the_browser_and_that_before_the_configuration(
    chosen: str, accepted: str, spoken: str
) -> None:
    assert language.language_for(chosen, accepted, BOTH, "it") == spoken


def test_each_browser_gets_its_language_and_a_choice_lasts(site: Site) -> None:
    with httpx.Client(
        base_url=site.url, headers={"Accept-Language": "en-GB"}, follow_redirects=True, timeout=60
    ) as client:
        assert '<html lang="en">' in client.post("/login", data={"password": "wrong"}).text
        assert "Stories" in client.post("/login", data={"password": PASSWORD}).text
        page = client.get("/deliveries?state=dead")
        assert ">Italiano</button>" in page.text
        assert ">English</button>" not in page.text
        csrf = _csrf(page.text)
        assert client.post("/language", data={"language": "it"}).status_code == 403, "not without the form's token"
        page = client.post("/language", data={"language": "it", "to": "/deliveries?state=dead", "csrf": csrf})
        assert (page.url.path, page.url.query, page.status_code) == ("/deliveries", b"state=dead", 200)
        assert '<html lang="it">' in page.text
        assert "Storie" in client.get("/").text
        assert "L’indirizzo è sbagliato" in client.get("/stories/none").text
    with httpx.Client(base_url=site.url, timeout=60) as client:
        assert '<html lang="it">' in client.get("/login").text, "the configuration's, where nobody says anything"


@pytest.mark.parametrize("wished", ["//evil.example/x", "https://evil.example", "/\\evil.example", "", "/a\r\nb: c"])
def test_a_choice_leads_to_no_other_site(wished: str) -> None:
    assert local_path(wished) == "/"


def _csrf(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found
    return found[1]
