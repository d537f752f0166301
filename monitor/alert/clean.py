"""Makes foreign text safe to show: one line, no control, bidi or invisible characters, links http(s) only. Escaping for
HTML is the renderer's."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

# Line ends that str.splitlines, mail headers and terminals know, and tabs: each becomes a space.
_BREAK = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029\u00a0\u202f]+")
# ANSI colour and cursor sequences; without their ESC they would stay behind as "[31m".
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Joiners carry meaning in Persian and Indic words and in emoji; between other letters they only hide text.
_JOINER = re.compile(r"[\u200c\u200d]")
_JOINING = re.compile(r"[\u0600-\u08ff\u0900-\u0dff\U0001f300-\U0001faff\u2600-\u27bf\ufe0f]")
_SPACES = re.compile(r" {2,}")
_ELLIPSIS = "…"


def line(text: str, limit: int = 0) -> str:
    """``text`` on one line without control, format (bidi, zero-width) and unassigned characters; cut to ``limit``
    code points at a word where one is near, with an ellipsis. 0 = no limit."""
    spaced = _BREAK.sub(" ", _ANSI.sub("", text))
    kept = spaced
    if not spaced.isprintable():  # of a printable text every character shows
        joiners = _JOINING.search(spaced) is not None
        kept = "".join(char for char in spaced if _shows(char, joiners))
    return cut(_SPACES.sub(" ", kept).strip(), limit)


def cut(text: str, limit: int) -> str:
    """``text`` of at most ``limit`` code points (0 = no limit), cut at a space in its last fifth where there is one."""
    if not limit or len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ")
    if space > limit * 4 // 5:
        head = head[:space]
    while head and unicodedata.combining(text[len(head)]):
        head = head[:-1]
    return head.rstrip(" ,;:·-–") + _ELLIPSIS


def link(url: str) -> str:
    """``url`` when it is a plain http(s) address with a host and without credentials, else an empty string."""
    if not url or any(char.isspace() or unicodedata.category(char) in {"Cc", "Cf"} for char in url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        return ""
    return url if len(url) <= 2000 else ""


def without_secrets(url: str) -> str:
    """An address as it may be shown and stored: no user, no query, no fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path}"


def width(text: str) -> int:
    """Columns that ``text`` takes in a terminal: East Asian wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _shows(char: str, joiners: bool) -> bool:
    if _JOINER.match(char):
        return joiners
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
