"""Cleans text once and folds it without moving an offset: a span in the folded text is a span in the cleaned one.

Cleaning may change lengths (it happens once, before anything is stored or matched); folding never does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# what is invisible and would split a word: soft hyphen, zero-width characters, bidi marks, byte order mark, controls
_DROPPED = dict.fromkeys(
    [0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_DROPPED.update(dict.fromkeys(i for i in [*range(0x20), 0x7F] if chr(i) not in "\n\t\r"))
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_CLEANING = {**_DROPPED, **_LIGATURES, 0x0D: "\n", 0x2028: "\n", 0x2029: "\n"}
_UNCLEAN = re.compile(f"[{re.escape(''.join(map(chr, _CLEANING)))}]")

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
        table.update(
            {ord("ø"): "o", ord("Ø"): "o", ord("ł"): "l", ord("Ł"): "l", ord("đ"): "d", ord("Đ"): "d", ord("ı"): "i"}
        )
    table.update(_SAME)
    return {c: t for c, t in table.items() if chr(c) != t}


_FOLD = _table(keep_accents=False)
_FOLD_CASE = _table(keep_accents=True)

# Characters of which a table says the same as lower() followed by a few exceptions. A table costs 35 ns for every character
# of a text that has a single accent, lower() and the exceptions a fifth of it.
_ORDINARY = [*range(0x130), *range(0x131, 0x250), *range(0x400, 0x530), *range(0x2000, 0x2070), *range(0x3000, 0x3100)]
_ORDINARY += range(0xFF00, 0xFFF0)  # and the Han characters, which no table touches
_UNUSUAL = re.compile("[^\\x00-\u012f\u0131-\u024f\u0400-\u052f\u2000-\u206f\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")


@lru_cache(maxsize=2)
def _exceptions(keep_accents: bool) -> tuple[re.Pattern[str], dict[str, str]]:
    """What a table says otherwise than lower(), of ordinary characters. Made when first needed: it takes milliseconds."""
    table = _FOLD_CASE if keep_accents else _FOLD
    folded = {chr(code).lower(): table.get(code, chr(code)) for code in _ORDINARY}
    different = {lower: to for lower, to in folded.items() if lower != to}
    return re.compile(f"[{re.escape(''.join(different))}]"), different


def _folded(text: str, keep_accents: bool) -> str:
    if text.isascii():
        return text.lower()
    if _UNUSUAL.search(text):
        return text.translate(_FOLD_CASE if keep_accents else _FOLD)
    pattern, different = _exceptions(keep_accents)
    return pattern.sub(lambda found: different[found[0]], text.lower())


def clean(text: str | None) -> str:
    """NFC text without soft hyphens, zero-width characters, ligatures and control characters; empty for None.

    Measured on real feeds: decomposed accents, soft hyphens and fi-ligatures each hide words from matching.
    """
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return text.translate(_CLEANING) if _UNCLEAN.search(text) else text


def fold(text: str) -> str:
    """Lower case, Latin letters without accents, one kind of quote, hyphen and space. Same length as ``text``."""
    return _folded(text, keep_accents=False)


def fold_case(text: str) -> str:
    """As ``fold``, but accents stay: firmò is not firmo, lanciò (launched) is not lancio (launch). Same length."""
    return _folded(text, keep_accents=True)
