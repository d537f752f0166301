"""Feeds and pages of the fault cases, made by formula."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from tests.faults.subject import NOW

PAIRS = (
    ("Italia", "Cina", "un memorandum sulla scienza"),
    ("Francia", "Giappone", "un accordo sui trasporti"),
    ("Germania", "India", "un programma congiunto di ricerca"),
    ("Spagna", "Brasile", "un accordo quadro sull'energia"),
    ("Russia", "Cina", "un trattato di cooperazione spaziale"),
)
TITLE = "Università: perché l'accordo è già più vicino – «città»"


def title(number: int) -> str:
    one, other, what = PAIRS[number % len(PAIRS)]
    return f"{one} e {other} firmano {what} (n. {number})"


def summary(number: int) -> str:
    one, other, what = PAIRS[number % len(PAIRS)]
    return f"Oggi a Roma {one} e {other} hanno firmato {what}, numero {number}."


def date(hours_ago: float = 1, base: datetime = NOW) -> str:
    return format_datetime((base - timedelta(hours=hours_ago)).astimezone(UTC), usegmt=True)


def item(number: int, base: str = "", **change: str | None) -> str:
    """An RSS item; a change of None leaves the element out, ``raw_...`` is written as it is."""
    parts: dict[str, str | None] = {
        "title": title(number),
        "link": f"{base}/a/{number}",
        "guid": f"urn:coop:{number}",
        "pubDate": date(1 + number % 20),
        "description": summary(number),
    }
    raw = {name[4:]: value for name, value in change.items() if name.startswith("raw_")}
    parts |= {name: value for name, value in change.items() if not name.startswith("raw_")}
    out = []
    for name, value in parts.items():
        if name in raw:
            out.append(f"<{name}>{raw[name]}</{name}>")
        elif value is not None:
            extra = ' isPermaLink="false"' if name == "guid" else ""
            out.append(f"<{name}{extra}>{escape(value)}</{name}>")
    return f"<item>{''.join(out)}</item>"


def rss(
    items: Iterable[str],
    *,
    extra: str = "",
    decl: str = '<?xml version="1.0" encoding="utf-8"?>',
    names: str = "",
) -> str:
    return (
        f'{decl}<rss version="2.0"{names}><channel><title>Agenzia</title><link>http://agenzia.example/</link>{extra}\n'
        + "\n".join(items)
        + "\n</channel></rss>\n"
    )


def feed(count: int = 5, base: str = "", first: int = 0, **options: str) -> bytes:
    return rss([item(number, base) for number in range(first, first + count)], **options).encode()


def page(heading: str, body: str, head: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="it"><head><meta charset="utf-8"><title>{heading}</title>{head}</head>'
        f"<body><article><h1>{heading}</h1>{body}</article></body></html>"
    ).encode()


SIGNED = "".join(
    f"<p>ROMA - Italia e Cina hanno firmato oggi a Roma un accordo di cooperazione scientifica, capoverso {number}. "
    "L'intesa prevede borse di studio e progetti comuni di ricerca fra le università dei due Paesi.</p>"
    for number in range(4)
)
QUIET = "".join(
    f"<p>La delegazione ha visitato i laboratori di fisica e ha parlato con gli studenti, capoverso {number}.</p>"
    for number in range(6)
)
