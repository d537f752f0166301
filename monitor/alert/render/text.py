"""A letter as plain text for a terminal of 78 columns, and as one line for phones. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.alert import clean
from monitor.alert.letter import Card, Letter, Line, Row

COLUMNS = 78
PHONE_LIMIT = 200  # characters: what ntfy, Signal and SMS gateways show whole
_WORDS = re.compile(r"\S+")


def render(letter: Letter) -> str:
    """The text part. Addresses stand alone on their line, unbroken, so that terminals can open them."""
    lines: list[str] = []
    indent = _indent(letter)
    if letter.title:
        lines += [*wrap(letter.title), ""]
    for sentence in letter.lead:
        lines += [*wrap(sentence), ""]
    for number, title in enumerate(letter.contents, 1):
        lines += wrap(title, 4, f"{number:2}.")
    lines.append("")
    for card in letter.cards:
        lines += [*_card(card, indent), ""]
    for section in letter.sections:
        if section.title:
            lines += [section.title.upper(), "-" * min(COLUMNS, clean.width(section.title)), ""]
        for card in section.cards:
            lines += [*_card(card, indent, underline=False), ""]
        for line in section.lines:
            lines += _bullet(line) if section.title else wrap(line.plain)
        lines.append("")
    for row in letter.common:
        lines += _row(row, indent)
    lines += ["", "-- "]
    for line in letter.footer:
        lines += [*wrap(line.text), *([line.url] if line.url else [])]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def phone(letter: Letter, url: str = "") -> str:
    """At most 200 characters: the subject and, where it fits whole, one address."""
    link = clean.link(url)
    room = PHONE_LIMIT - len(link) - 1 if link and len(link) <= PHONE_LIMIT // 2 else PHONE_LIMIT
    text = clean.line(letter.subject, room)
    return f"{text} {link}" if room < PHONE_LIMIT else text


def wrap(text: str, indent: int = 0, first: str = "") -> list[str]:
    """``text`` in lines of at most 78 columns. ``first`` stands before the first line, ``indent`` spaces before the
    others. Chinese and Japanese, which have no spaces, break between any two characters."""
    room = COLUMNS - indent
    lines, line, used = [], "", 0
    for word in _pieces(text, room):
        size = clean.width(word)
        glue = " " if line and not word.startswith("\u2060") else ""
        word = word.lstrip("\u2060")
        if used + len(glue) + size > room and line:
            lines.append(line)
            line, used, glue = "", 0, ""
        line += glue + word
        used += len(glue) + size
    lines.append(line)
    head = first.ljust(indent) if clean.width(first) <= indent else first + " "
    return [(head if number == 0 else " " * indent) + line for number, line in enumerate(lines)]


def _pieces(text: str, room: int) -> Iterator[str]:
    """The words of ``text``; a piece that continues the one before it without a space begins with a word joiner."""
    for found in _WORDS.finditer(text):
        word = found[0]
        if clean.width(word) == len(word) and len(word) <= room:
            yield word
            continue
        piece, used, joined = "", 0, ""
        for char in word:
            wide = clean.width(char) == 2
            if piece and (used + clean.width(char) > room or (wide and used)):
                yield joined + piece
                piece, used, joined = "", 0, "\u2060"
            piece += char
            used += clean.width(char)
        yield joined + piece


def _card(card: Card, indent: int, *, underline: bool = True) -> list[str]:
    lines = [card.kicker.upper()] if card.kicker else []
    title = wrap(card.title)
    lines += title
    if underline:
        lines.append("=" * max(clean.width(line) for line in title))
    lines.append("")
    quoted = (Row(card.proof_label, (Line(card.quote.text, note=card.quote.note),)),) if card.quote else ()
    rows = (*card.rows, *quoted, *card.after)
    for row in rows:
        lines += _row(row, indent)
    return lines


def _indent(letter: Letter) -> int:
    """One column for all answers of a letter: as wide as its widest label."""
    cards = [*letter.cards, *(card for section in letter.sections for card in section.cards)]
    rows = [*letter.common, *(row for card in cards for row in (*card.rows, *card.after))]
    labels = [row.label for row in rows] + [card.proof_label for card in cards]
    return max((clean.width(label) for label in labels), default=0) + 2


def _row(row: Row, indent: int) -> list[str]:
    lines: list[str] = []
    for number, line in enumerate(row.lines):
        lines += wrap(line.plain, indent, row.label if number == 0 else "")
        if line.url:
            lines.append(_address(line.url, indent))
    return lines


def _bullet(line: Line) -> list[str]:
    return [*wrap(line.plain, 2, "*"), *([_address(line.url, 2)] if line.url else [])]


def _address(url: str, indent: int) -> str:
    """An address is never broken; where the indent leaves it no room it moves left."""
    return " " * (indent if indent + len(url) <= COLUMNS else 0) + url
