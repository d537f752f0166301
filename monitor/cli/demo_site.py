"""The little origin of ``coopwatch demo``: three feeds and their pages on 127.0.0.1, from monitor/demo/site.yaml. It
publishes and knows nothing of what becomes of its articles.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from xml.etree import ElementTree as ET

import yaml
from babel.dates import format_date
from jinja2 import Environment

ATOM = "http://www.w3.org/2005/Atom"
CALL_OPEN_FOR = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class DemoFeed:
    """One feed of the demo, as rules/feeds.yaml would list it. ``format`` is rss, atom or json."""

    path: str
    format: str
    title: str
    language: str
    country: str
    kind: str


@dataclass(frozen=True, slots=True)
class DemoArticle:
    """One article of the demo. ``shows`` says in a few words what it is there for."""

    feed: DemoFeed
    path: str
    title: str
    lead: str
    paragraphs: tuple[str, ...]
    published_at: datetime
    shows: str


@dataclass(frozen=True, slots=True)
class Document:
    """What the origin answers under one path."""

    content_type: str
    body: bytes


def read_site(now: datetime) -> tuple[DemoArticle, ...]:
    """The demo's articles as published in the last hours before ``now``, in the order of their file."""
    site: dict[str, Any] = yaml.safe_load(_packaged("site.yaml"))
    feeds = {row["path"]: DemoFeed(**row) for row in site["feeds"]}
    return tuple(_article(row, feeds[row["feed"]], now) for row in site["articles"])


def _article(row: Mapping[str, Any], feed: DemoFeed, now: datetime) -> DemoArticle:
    deadline = format_date((now + CALL_OPEN_FOR).date(), format="d MMMM y", locale=feed.language)
    paragraphs = (text.format(deadline=deadline, ten_years_ago=now.year - 10) for text in row["paragraphs"])
    published_at = (now - timedelta(minutes=row["minutes_ago"])).replace(microsecond=0)
    return DemoArticle(feed, row["path"], row["title"], row["lead"], tuple(paragraphs), published_at, row["shows"])


def feeds_of(articles: tuple[DemoArticle, ...]) -> tuple[DemoFeed, ...]:
    """Each feed once, in the order of its first article."""
    return tuple(dict.fromkeys(article.feed for article in articles))


def documents(articles: tuple[DemoArticle, ...], base_url: str) -> dict[str, Document]:
    """Every path of the origin with its answer: the feeds, newest entry first, and the pages that they link to.
    The feeds carry summaries only, so that the pages have to be read."""
    write = {"rss": _rss, "atom": _atom, "json": _json_feed}
    page = Environment(autoescape=True).from_string(_packaged("page.html"))
    answers = {}
    for feed in feeds_of(articles):
        mine = sorted(
            (each for each in articles if each.feed == feed), key=lambda each: each.published_at, reverse=True
        )
        answers[feed.path] = write[feed.format](feed, mine, base_url)
    for article in articles:
        text = page.render(
            language=article.feed.language,
            outlet=article.feed.title,
            title=article.title,
            lead=article.lead,
            paragraphs=article.paragraphs,
            published=article.published_at.isoformat(),
            url=base_url + article.path,
        )
        answers[article.path] = Document("text/html; charset=utf-8", text.encode())
    return answers


def _rss(feed: DemoFeed, articles: list[DemoArticle], base_url: str) -> Document:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    for name, text in (("title", feed.title), ("link", base_url + "/"), ("language", feed.language)):
        ET.SubElement(channel, name).text = text
    for article in articles:
        item = ET.SubElement(channel, "item")
        ET.SubElement(item, "title").text = article.title
        ET.SubElement(item, "link").text = base_url + article.path
        ET.SubElement(item, "guid").text = base_url + article.path
        ET.SubElement(item, "pubDate").text = format_datetime(article.published_at)
        ET.SubElement(item, "description").text = article.lead
    return Document("application/rss+xml; charset=utf-8", ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _atom(feed: DemoFeed, articles: list[DemoArticle], base_url: str) -> Document:
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    ET.SubElement(root, "id").text = base_url + feed.path
    ET.SubElement(root, "title").text = feed.title
    ET.SubElement(root, "updated").text = articles[0].published_at.isoformat()
    for article in articles:
        entry = ET.SubElement(root, "entry")
        ET.SubElement(entry, "id").text = base_url + article.path
        ET.SubElement(entry, "title").text = article.title
        ET.SubElement(entry, "link", href=base_url + article.path)
        ET.SubElement(entry, "published").text = article.published_at.isoformat()
        ET.SubElement(entry, "updated").text = article.published_at.isoformat()
        ET.SubElement(entry, "summary").text = article.lead
    return Document("application/atom+xml; charset=utf-8", ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _json_feed(feed: DemoFeed, articles: list[DemoArticle], base_url: str) -> Document:
    items = [
        {
            "id": base_url + article.path,
            "url": base_url + article.path,
            "title": article.title,
            "summary": article.lead,
            "date_published": article.published_at.isoformat(),
        }
        for article in articles
    ]
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": base_url + "/",
        "feed_url": base_url + feed.path,
        "language": feed.language,
        "items": items,
    }
    return Document("application/feed+json", json.dumps(body, ensure_ascii=False).encode())


def _packaged(name: str) -> str:
    return resources.files("monitor").joinpath("demo", name).read_text(encoding="utf-8")


@contextmanager
def serve(now: datetime) -> Iterator[tuple[str, tuple[DemoArticle, ...]]]:
    """The origin on a free port of 127.0.0.1, in a thread of its own, for the time of the block: its base address and
    what it publishes."""
    articles = read_site(now.astimezone(UTC))
    answers: dict[str, Document] = {}
    handler = type("_DemoHandler", (_Handler,), {"answers": answers})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        base_url = f"http://127.0.0.1:{server.server_address[1]}"
        answers.update(documents(articles, base_url))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield base_url, articles
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET with a document or 404 (robots.txt too: everything may be read)."""

    answers: Mapping[str, Document] = {}

    def do_GET(self) -> None:
        document = self.answers.get(self.path)
        if document is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", document.content_type)
        self.send_header("Content-Length", str(len(document.body)))
        self.end_headers()
        self.wfile.write(document.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the demo's terminal belongs to the alerts."""
