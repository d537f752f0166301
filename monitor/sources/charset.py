"""Bytes of a feed or page to text: BOM, UTF-8 if it decodes, declaration, header (RFC 7303 turned upside down, because
real headers lie more often than bytes do); what none of them tells is for detection.py. One bad byte never garbles the rest.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""(?:<\?xml[^>]{0,200}?encoding|<meta[^>]{0,200}?charset)\s*=\s*["']?\s*([\w.:+-]{2,40})""", re.I
)
_HEADER = re.compile(r"""charset\s*=\s*["']?([\w.:+-]{2,40})""", re.I)
_HEAD_BYTES = 4096

# What browsers read under a name (WHATWG Encoding): the name's own table lacks characters that pages use.
SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_UNICODE = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"})
# No text codecs of the web; some of them (idna, punycode, unicode_escape ...) run long or do other things.
_NOT_TEXT = re.compile(r"escape|idna|punycode|undefined|rot|hex|base64|uu|zip|bz2|zlib|quopri|mbcs|oem|palmos", re.I)

GUESSED = "charset_guessed"
DAMAGED = "charset_damaged"


def _codec(name: str) -> str:
    """Python's name of a declared encoding, or an empty string where there is none."""
    if not name or _NOT_TEXT.search(name):
        return ""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return SUPERSETS.get(found, found)


def _strictly(body: bytes, codec: str) -> str | None:
    if not codec or codec in _UNICODE:
        return None
    try:
        return body.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _mend(error: UnicodeError) -> tuple[str, int]:
    """Reads one byte that is no UTF-8 as windows-1252, its usual origin."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.start + 1].decode("cp1252", "replace"), error.start + 1


codecs.register_error("coopwatch-cp1252", _mend)


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether a good part of the multi-byte sequences is UTF-8: chance gives 0 of 10 in one-byte alphabets, and at most
    3 of 10 in the double-byte ones of China, Japan and Korea."""
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = len(text) - bad - sum(1 for byte in body if byte < 0x80)
    return good >= 0.8 * bad


def decode(body: bytes, content_type: str = "") -> tuple[str, tuple[str, ...]] | None:
    """The text of ``body`` and flags for what was odd (GUESSED, DAMAGED); None where nothing but detection could tell
    (detection.py; it may take 50 ms and more)."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace"), ()
    head = body[:_HEAD_BYTES]
    if 3 * head[:200].count(b"\x00") > len(head[:200]):  # every other byte is NUL: UTF-16 without its mark
        wide = "utf-16-be" if head[:1] == b"\x00" else "utf-16-le"
        return body.decode(wide, "replace"), (GUESSED,)
    match = _DECLARED.search(head)
    declared = _codec(match[1].decode("ascii")) if match else ""
    if declared.startswith("iso2022") and b"\x1b" in body and (text := _strictly(body, declared)) is not None:
        return text, ()
    try:
        return body.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    header = _HEADER.search(content_type)
    return _decode_other(body, declared, _codec(header[1]) if header else "")


def _decode_other(body: bytes, declared: str, header: str) -> tuple[str, tuple[str, ...]] | None:
    """The text of bytes that are not UTF-8 as a whole."""
    if _is_mostly_utf8(body):
        return body.decode("utf-8", "coopwatch-cp1252"), (DAMAGED,)
    for codec in (declared, header):
        text = _strictly(body, codec)
        if text is not None:
            return text, ()
    return None
