"""Stories as an Atom feed (RFC 4287) and as a JSON Feed (1.1): for readers and for other programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as Xml

from monitor.alert import clean, facts, headline, published
from monitor.alert.published import Json, when
from monitor.alert.words import Words
from monitor.model import Story

_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """Where the feed stands and what its entries link to. ``page_url`` is the operators' page, "" = none: then entries
    link to their first source."""

    self_url: str
    page_url: str = ""


def atom(stories: Sequence[Story], place: FeedPlace, words: Words, now: datetime) -> bytes:
    """The stories, newest change first as given. Their text is plain: whatever a title held is shown, not run."""
    Xml.register_namespace("", _ATOM)
    feed = Xml.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": words.language})
    _text(feed, "id", place.self_url)
    _text(feed, "title", words.text("feed.title"))
    _text(feed, "updated", when(max((changed_at(story) for story in stories), default=now)))
    _text(Xml.SubElement(feed, f"{{{_ATOM}}}author"), "name", "coopwatch")
    Xml.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "self", "href": place.self_url})
    for story in stories:
        entry = Xml.SubElement(feed, f"{{{_ATOM}}}entry")
        _text(entry, "id", f"urn:coopwatch:story:{story.id}")
        _text(entry, "title", headline.of_story(story, words))
        _text(entry, "published", when(story.opened_at))
        _text(entry, "updated", when(changed_at(story)))
        address = _address(story, place)
        if address:
            Xml.SubElement(entry, f"{{{_ATOM}}}link", {"rel": "alternate", "href": address})
        for sector in story.sectors:
            Xml.SubElement(entry, f"{{{_ATOM}}}category", {"term": sector.value})
        _text(entry, "content", _summary(story))
    whole: bytes = Xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return whole


def json_feed(stories: Sequence[Story], place: FeedPlace, words: Words) -> bytes:
    """The same stories; ``_coopwatch`` of each item is the published story object."""
    whole: Json = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": words.text("feed.title"),
        "language": words.language,
        "feed_url": place.self_url,
        "items": [_item(story, place, words) for story in stories],
    }
    if place.page_url:
        whole["home_page_url"] = place.page_url
    return json.dumps(whole, ensure_ascii=False).encode("utf-8")


def _item(story: Story, place: FeedPlace, words: Words) -> Json:
    address = _address(story, place)
    return {
        "id": f"urn:coopwatch:story:{story.id}",
        **({"url": address} if address else {}),
        "title": headline.of_story(story, words),
        "content_text": _summary(story),
        "date_published": when(story.opened_at),
        "date_modified": when(changed_at(story)),
        "tags": [sector.value for sector in story.sectors],
        "_coopwatch": published.story(story),
    }


def changed_at(story: Story) -> datetime:
    """When the story last reached a stage; more reports of the same do not bring it up again."""
    return max((seen for _, _, seen in story.stages), default=story.opened_at)


def _address(story: Story, place: FeedPlace) -> str:
    own = clean.link(f"{place.page_url}/stories/{story.id}") if place.page_url else ""
    return own or clean.link(facts.link_of(story))


def _summary(story: Story) -> str:
    whole = published.story(story, sources=5)
    lines = [whole["quote"] or ""]
    lines += [" ".join(part for part in (each["publisher"], each["url"]) if part) for each in whole["sources"]]
    return "\n".join(line for line in lines if line)


def _text(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, f"{{{_ATOM}}}{name}").text = text
