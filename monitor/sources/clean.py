"""Feed text as plain text and feed links as safe addresses. What leaves here holds no HTML, no control, bidi or
zero-width characters, and no link but an absolute http(s) one.
"""

from __future__ import annotations

import html
import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import nh3

TITLE_CHARS = 2_000
TEXT_CHARS = 200_000
_HTML_CHARS = 1_000_000  # of markup that is looked at for one text
_URL_CHARS = 4_000

_TAG = re.compile(r"<(?:[a-zA-Z/!?][^<>]*)>|<!--")
_BLOCK = re.compile(
    r"(?i)<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|section|article|figure|pre|hr)\b)"
)
# C0 but tab and line feed, C1, soft hyphen, zero-width, bidi controls, isolates, variation tags, BOM, surrogates
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_ESCAPE = re.compile("[\x1b\x9b]\\[[0-9;?]{0,20}[A-Za-z]")  # terminal sequences go with their parameters
# runs that would change, so that a single space between words costs nothing
_SPACES = re.compile(r"[^\S ]\s*| \s+")
_LINES = re.compile(r"[ \t]*\n\s*")
_BLANKS = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
_NOT_URL = re.compile(r"[\x00-\x20\x7f-\x9f\"<>\\^`{|}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet")


def visible(text: str) -> str:
    """``text`` without characters that hide, reorder or command."""
    if text.replace("\n", "").isprintable():  # Unicode's word for it: no control, format or separator but the space
        return text
    text = _ESCAPE.sub("", text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\r", "\n"))
    return _INVISIBLE.sub("", text)


def _unmarked(text: str) -> str:
    """``text`` without HTML; entities are decoded once, tags that blocks are made of become line breaks."""
    text = text[:_HTML_CHARS]
    if _TAG.search(text):
        text = nh3.clean(_BLOCK.sub("\n<", text), tags=set())
    return html.unescape(text)


def _is_plain(text: str) -> bool:
    """Whether nothing about a text could change but its ends: no markup, no reference, single spaces, all visible."""
    return text.isprintable() and "<" not in text and "&" not in text and "  " not in text


def title(text: str, *, marked: bool = True) -> str:
    """One line of plain text, at most TITLE_CHARS. ``marked``: the text may hold HTML."""
    if _is_plain(text):
        return text.strip()[:TITLE_CHARS].rstrip()
    text = visible(_unmarked(text) if marked else text)
    return _SPACES.sub(" ", text).strip()[:TITLE_CHARS].rstrip()


def paragraphs(text: str) -> str:
    """Plain text with its line breaks, at most TEXT_CHARS."""
    if _is_plain(text):
        return text.strip()[:TEXT_CHARS].rstrip()
    text = visible(_unmarked(text))
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()[:TEXT_CHARS].rstrip()


def identifier(text: str) -> str:
    """A guid as it can be stored: no control characters, trimmed, cut."""
    if _is_plain(text):
        return text.strip()[:_URL_CHARS]
    return _SPACES.sub(" ", visible(text)).strip()[:_URL_CHARS]


def link(target: str, base: str, allow: frozenset[str] = frozenset()) -> str:
    """``target`` as an absolute http(s) address, or ``""`` where it is none.

    Addresses of this machine and its network are none: nobody shall click on them in an alert. ``allow`` holds exact
    host:port exceptions. A link to the document itself (``base``), which is what a missing or broken one resolves to,
    is none either.
    """
    target = target.strip()
    if not target or target == base:
        return ""
    target = _NOT_URL.sub(_quoted, target)
    try:
        parts = urlsplit(target if target.startswith(("http://", "https://")) else urljoin(base, target))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port is None else f"{shown}:{port}"
    if _is_inside(host) and f"{shown}:{port or (443 if parts.scheme == 'https' else 80)}" not in allow:
        return ""
    url = urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))
    return url if len(url) <= _URL_CHARS else ""


def _quoted(match: re.Match[str]) -> str:
    # blanks and the like inside an address are encoded as browsers do; invisible characters go
    return quote(match[0]) if "\x20" <= match[0] < "\x7f" else ""


@lru_cache(maxsize=4096)
def _is_inside(host: str) -> bool:
    """Whether a host names this machine or its network, as far as the name alone tells."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(_LOCAL_NAMES):
        return True
    try:
        # inet_aton reads 127.1, 2130706433 and 0x7f000001 as resolvers do
        ip = ipaddress.ip_address(host) if ":" in host else ipaddress.ip_address(socket.inet_aton(host))
    except (ValueError, OSError):
        return "." not in host and ":" not in host
    return not ip.is_global or ip.is_multicast
