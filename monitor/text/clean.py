"""Cleans text once and folds it without moving an offset: a span in the folded text is a span in the cleaned one.

Cleaning may change lengths (it happens once, before anything is stored or matched); folding never does.
"""

from __future__ import annotations

import unicodedata

# what is invisible and would split a word: soft hyphen, zero-width characters, bidi marks, byte order mark, controls
_DROPPED = dict.fromkeys(
    [0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_DROPPED.update(dict.fromkeys(i for i in [*range(0x20), 0x7F] if chr(i) not in "\n\t\r"))
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_CLEANING = {**_DROPPED, **_LIGATURES, 0x0D: "\n", 0x2028: "\n", 0x2029: "\n"}

_SAME = {
    **dict.fromkeys(map(ord, "’‘`´ʼ′‛＇"), "'"),
    **dict.fromkeys(map(ord, "‐‑‒–—−﹣－"), "-"),
    **dict.fromkeys(map(ord, "«»“”„‟″＂"), '"'),
    **dict.fromkeys([0xA0, 0x2007, 0x2009, 0x200A, 0x202F, 0x3000, 0x09], " "),
}


def _base(code: int, keep_accents: bool) -> str:
    """One folded character for one character; the character itself where no single one stands for it."""
    char = chr(code)
    lower = char.lower()
    if len(lower) != 1:
        lower = lower[0]
    if lower == "ё":
        return "е"
    if keep_accents or not (code < 0x250 or 0x1E00 <= code < 0x1F00):
        return lower
    stripped = [c for c in unicodedata.normalize("NFD", lower) if not unicodedata.combining(c)]
    return stripped[0] if len(stripped) == 1 else lower


def _table(keep_accents: bool) -> dict[int, str]:
    table = {c: _base(c, keep_accents) for c in [*range(0x41, 0x530), *range(0x1E00, 0x2000)]}
    table.update({c: chr(c - 0xFEE0).lower() for c in range(0xFF01, 0xFF5F)})  # full width to ASCII
    if not keep_accents:
        table.update({ord("ø"): "o", ord("Ø"): "o", ord("ł"): "l", ord("Ł"): "l", ord("đ"): "d", ord("ı"): "i"})
    table.update(_SAME)
    return {c: t for c, t in table.items() if chr(c) != t}


_FOLD = _table(keep_accents=False)
_FOLD_CASE = _table(keep_accents=True)


def clean(text: str | None) -> str:
    """NFC text without soft hyphens, zero-width characters, ligatures and control characters; empty for None.

    Measured on real feeds: decomposed accents, soft hyphens and fi-ligatures each hide words from matching.
    """
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).translate(_CLEANING)


def fold(text: str) -> str:
    """Lower case, Latin letters without accents, one kind of quote, hyphen and space. Same length as ``text``."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def fold_case(text: str) -> str:
    """As ``fold``, but accents stay: firmò is not firmo, lanciò (launched) is not lancio (launch). Same length."""
    return text.lower() if text.isascii() else text.translate(_FOLD_CASE)
