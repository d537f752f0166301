"""The demo: what its little origin serves, and the command as a process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from monitor.cli.demo_site import documents, feeds_of, read_site, serve
from monitor.sources.parse import parse

NOW = datetime(2031, 5, 20, 9, 30, tzinfo=UTC)
BASE = "https://demo.example"


def test_every_article_stands_in_its_feed_whatever_the_format() -> None:
    articles = read_site(NOW)
    answers = documents(articles, BASE)
    assert {feed.format for feed in feeds_of(articles)} == {"rss", "atom", "json"}
    for feed in feeds_of(articles):
        answer = answers[feed.path]
        listed = parse(
            answer.body,
            content_type=answer.content_type,
            feed_url=BASE + feed.path,
            format="auto",
            selector="",
            limit=50,
        )
        mine = {BASE + article.path: article for article in articles if article.feed == feed}
        assert {entry.url: entry.title for entry in listed.entries} == {url: each.title for url, each in mine.items()}
        assert {entry.url: entry.published_at for entry in listed.entries} == {
            url: each.published_at for url, each in mine.items()
        }


def test_the_demo_never_grows_old() -> None:
    articles = read_site(NOW)
    assert all(NOW - timedelta(hours=24) < article.published_at < NOW for article in articles)
    call = next(article for article in articles if "call for projects" in article.shows)
    assert any("4 luglio 2031" in paragraph for paragraph in call.paragraphs)
    anniversary = next(article for article in articles if article.shows == "an anniversary")
    assert any("2021" in paragraph for paragraph in anniversary.paragraphs)


def test_the_origin_answers_what_it_lists_and_404_for_all_else() -> None:
    with serve(NOW) as (base_url, articles), urllib.request.urlopen(base_url + articles[0].path, timeout=10) as answer:
        assert articles[0].title.replace("'", "&#39;") in answer.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(base_url + "/robots.txt", timeout=10)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, rules_cache: Path) -> tuple[str, Path]:
    """What the command prints, and its folder."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(rules_cache, folder / "state" / "cache")
    run = subprocess.run(
        [sys.executable, "-m", "monitor", "demo", "--dir", str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "COOPWATCH_STATE_DIR": "/nonexistent", "HOME": str(folder)},
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout, folder


def test_each_alert_names_the_mail_it_wrote(shown: tuple[str, Path]) -> None:
    output, folder = shown
    named = {Path(line.strip()) for line in output.splitlines() if line.strip().endswith(".eml")}
    written = set((folder / "state" / "alerts").glob("*.eml"))
    assert named == written
    headers = (message_from_bytes(path.read_bytes(), policy=policy.default)["subject"] for path in written)
    subjects = {" ".join(str(header).split()) for header in headers}  # folded lines leave blanks behind
    assert set(re.findall(r"^ALERT after [\d.]+ s: (.*)$", output, re.MULTILINE)) == subjects
    assert f"{len(written)} alerts from 13 articles" in output


def test_what_was_signed_created_opened_alerts_and_the_second_outlet_does_not(shown: tuple[str, Path]) -> None:
    output, folder = shown
    events = [json.loads(path.read_text()) for path in (folder / "state" / "alerts").glob("*.json")]
    told = " ".join(json.dumps(event) for event in events)
    for path in ("comitato-italia-giappone", "amur-ai-protocol", "bando-italia-cina", "alexandria-twelve"):
        assert path in told, path
    quiet = output.split("The others did not alert")[1]
    # whichever outlet was read first told the act; the other is one more source of it
    assert ("geotermia-kenya" in told) != ("menengai-geothermal" in told)
    assert "nothing new" in quiet
    for title in ("Enea e Cnr", "India and Brazil discuss", "L'ospedale di Padova", "L'idea di un astronomo"):
        assert title in quiet, title
    assert "within one country" in quiet


def test_the_footballer_who_signs_is_no_deal_between_two_countries(shown: tuple[str, Path]) -> None:
    output, folder = shown
    assert "Portuguese striker" in output.split("The others did not alert")[1]
    events = " ".join(path.read_text() for path in (folder / "state" / "alerts").glob("*.json"))
    assert events
    assert "/harbour/striker" not in events
    assert "Türkiye" not in output.split("The others did not alert")[0]
