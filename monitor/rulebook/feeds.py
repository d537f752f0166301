"""The list of feeds: YAML or OPML files laid over each other by address. Not part of the rule set: a changed list changes
what is polled, never how it is judged."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from xml.sax.saxutils import quoteattr
from zoneinfo import available_timezones

import yaml

from monitor.errors import RuleError, RuleErrors
from monitor.model import FeedSpec
from monitor.rulebook import strict

_KEYS = {field.name: field.type for field in fields(FeedSpec) if field.name != "layer"}
_MAX_OPML_BYTES = 4_000_000


class Publisher(StrEnum):
    """What a publisher may be said to be on the command line; the page has a word for each. A feeds file may say others."""

    NEWSPAPER = "newspaper"
    NEWS_AGENCY = "news agency"
    BROADCASTER = "broadcaster"
    MAGAZINE = "magazine"
    INTERNATIONAL_ORGANISATION = "international organisation"
    MINISTRY = "ministry"
    RESEARCH_BODY = "research body"
    THINK_TANK = "think tank"
    COMPANY = "company"


def load_feeds(files: Sequence[Path], own: Path | None = None) -> tuple[FeedSpec, ...]:
    """The feeds of ``files`` and of ``own`` (the file that the product writes; it may be absent), each address once:
    keys of a later file are laid over those of an earlier one. Raises RuleErrors with every fault, file and line."""
    errors: list[RuleError] = []
    merged: dict[str, dict[str, Any]] = {}
    for path in (*files, *((own,) if own is not None and own.exists() else ())):
        for values in _read(path, errors):
            known = merged.setdefault(address_key(values["url"]), {})
            known |= {**values, "url": known.get("url", values["url"]), "layer": str(path)}
    if errors:
        raise RuleErrors(errors)
    return tuple(FeedSpec(**values) for values in merged.values())


def address_key(url: str) -> str:
    """What makes two listings one feed: scheme, host and port in small letters, no fragment."""
    parts = urlsplit(url.strip())
    netloc = parts.netloc.lower().removesuffix(":80" if parts.scheme == "http" else ":443")
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))


def _read(path: Path, errors: list[RuleError]) -> list[dict[str, Any]]:
    if path.suffix.lower() in (".opml", ".xml"):
        return _read_opml(path, errors)
    document = strict.read(path)
    errors += document.errors
    if document.errors:
        return []
    value = document.value
    listed = value.get("feeds") if isinstance(value, dict) else None
    if value is not None and (not isinstance(listed, list) or set(value) != {"feeds"}):
        errors.append(document.fault("must hold one list called feeds", ()))
        return []
    found = []
    for index, values in enumerate(listed or ()):
        faults = _faults(values)
        errors += [document.fault(message, ("feeds", index, *key)) for key, message in faults]
        if not faults:
            found.append(values)
    return found


def _faults(values: Any) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong with one listed feed: (key, message)."""
    if not isinstance(values, dict):
        return [((), "a feed is a table of keys such as url and title")]
    found: list[tuple[tuple[str, ...], str]] = []
    for key, value in values.items():
        if key not in _KEYS:
            found.append(((key,), f"unknown key {key}; known are {', '.join(_KEYS)}"))
        elif not isinstance(value, bool if _KEYS[key] == "bool" else str):
            found.append(((key,), f"{key} must be {'true or false' if _KEYS[key] == 'bool' else 'text, in quotes'}"))
    zone = values.get("timezone")
    if isinstance(zone, str) and zone and zone not in available_timezones():
        found.append((("timezone",), f"timezone {zone!r} is not known; write it as Europe/Rome"))
    url = values.get("url")
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")) or not urlsplit(url).hostname:
        found.append(
            (("url",) if "url" in values else (), "url must be an address that begins with https:// or http://")
        )
    return found


def _read_opml(path: Path, errors: list[RuleError]) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
        return parse_opml(raw)
    except OSError as exc:
        errors.append(RuleError(f"cannot be read: {exc.strerror}", file=str(path)))
    except ElementTree.ParseError as exc:
        errors.append(RuleError(f"is not OPML: {exc}", file=str(path), line=exc.position[0]))
    except ValueError as exc:
        errors.append(RuleError(f"is not OPML: {exc}", file=str(path)))
    return []


def parse_opml(raw: bytes) -> list[dict[str, Any]]:
    """The feeds of an OPML document; outlines without a web address are left out. Raises ValueError, ParseError."""
    if len(raw) > _MAX_OPML_BYTES:
        raise ValueError("too large")
    if b"<!ENTITY" in raw or b"<!DOCTYPE" in raw:
        raise ValueError("a document type is not allowed")  # entities could grow without end
    found = []
    for outline in ElementTree.fromstring(raw).iter("outline"):
        url = (outline.get("xmlUrl") or "").strip()
        values = {"url": url, "title": outline.get("title") or outline.get("text") or ""}
        if outline.get("language"):
            values["language"] = outline.get("language", "")
        if not _faults(values):
            found.append(values)
    return found


def to_opml(specs: Iterable[FeedSpec]) -> str:
    """The feeds as an OPML document."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', '<opml version="2.0">', "<head><title>coopwatch</title></head>"]
    lines.append("<body>")
    for spec in specs:
        title = quoteattr(spec.title or spec.url)
        language = f" language={quoteattr(spec.language)}" if spec.language else ""
        lines.append(f'<outline type="rss" text={title} title={title} xmlUrl={quoteattr(spec.url)}{language}/>')
    return "\n".join([*lines, "</body>", "</opml>", ""])


def read_own(own: Path) -> dict[str, dict[str, Any]]:
    """What the product's own file lists, by address. Raises RuleErrors."""
    errors: list[RuleError] = []
    found = _read(own, errors) if own.exists() else []
    if errors:
        raise RuleErrors(errors)
    return {address_key(values["url"]): values for values in found}


def write_own(own: Path, listed: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes the product's own file whole: the old or the new one is there, never half of one."""
    text = "# Written by coopwatch (feeds add, the page). The last layer over the feeds files.\n"
    text += yaml.safe_dump({"feeds": [dict(values) for values in listed.values()]}, allow_unicode=True, sort_keys=False)
    own.parent.mkdir(parents=True, exist_ok=True)
    draft = own.with_name(f".{own.name}.part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(own)


def without_layer(spec: FeedSpec) -> FeedSpec:
    """The feed without the note of where it was listed: what decides whether a listing changed."""
    return replace(spec, layer="")
