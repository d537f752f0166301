"""A message before it takes a form: what the text part, the HTML part and the short text all show. Plain cleaned text
only; escaping, wrapping and colours are the renderers'."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.alert.words import Words


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the route's name, language and zone, and the operators' page where one is public."""

    route: str
    words: Words
    zone: ZoneInfo
    page_url: str = ""  # https://host of the operators' page, without a slash at its end; "" = none
    unsubscribe: str = ""  # an https or mailto address for List-Unsubscribe; "" = none


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a row: its text, an optional address to open, a quieter note after it, and what stands before it
    (publisher and time before a title)."""

    text: str
    url: str = ""
    note: str = ""
    head: str = ""

    @property
    def plain(self) -> str:
        """The whole line without its address."""
        text = f"{self.head}. {self.text}" if self.head and self.text else self.head or self.text
        return f"{text} ({self.note})" if self.note else text


@dataclass(frozen=True, slots=True)
class Row:
    """A question and its answer ("Who": "Russia and China")."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """The proving sentence as the article has it; ``language`` is its code, ``note`` names it where the reader's
    language is another."""

    text: str
    language: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One story: headline, a kicker above it, the rows before the proof, the proof, the rows after it."""

    title: str
    kicker: str = ""
    tone: str = "new"  # new | update | doubt | alarm: a colour beside the words, never instead of them
    rows: tuple[Row, ...] = ()
    quote: Quote | None = None
    proof_label: str = ""
    after: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled list, as digests have several."""

    title: str
    lines: tuple[Line, ...]
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole message. ``lead`` are sentences under the title, ``contents`` the cards' titles at a glance where there
    are many; ``common`` are rows that hold for all cards."""

    language: str
    subject: str
    title: str = ""
    lead: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    common: tuple[Row, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: tuple[Line, ...] = ()
