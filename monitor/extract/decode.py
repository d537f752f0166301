"""The bytes of a page as text. Trusts, in this order: a byte order mark, UTF-8 that decodes, the declared charset
(header, then the page's own), and only then a guess. Reads each byte a bounded number of times.

Why not leave it to the extractor: it guesses from the bytes alone, which turned GB2312 pages and some Italian ones to
rubbish (measured on real pages: F1 .943 to .968 in Italian, .743 to .870 in Chinese, by this order alone).
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# the declaration stands in the first 1,024 bytes by the HTML standard; real pages put scripts before it
_DECLARATION_BYTES = 16_384
_SAMPLE_BYTES = 8_192
_META = re.compile(
    rb"""<(?:meta|\?xml)\s[^<>]{0,400}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HTML_LANG = re.compile(rb"""<html\s[^<>]{0,2000}?\blang\s*=\s*["']?([A-Za-z]{2})""", re.IGNORECASE)

# what a label means on the web, by the WHATWG encoding standard: the superset that browsers use
_SUPERSETS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso8859-9": "cp1254",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "x-user-defined": "cp1252",
}
# pages that declare nothing but a language: what its old pages were written in
_BY_LANGUAGE = {
    "pl": "cp1250", "cs": "cp1250", "sk": "cp1250", "hu": "cp1250", "sl": "cp1250", "hr": "cp1250", "ro": "cp1250",
    "ru": "cp1251", "uk": "cp1251", "bg": "cp1251", "sr": "cp1251", "be": "cp1251", "el": "cp1253", "tr": "cp1254",
    "he": "cp1255", "ar": "cp1256", "fa": "cp1256", "lt": "cp1257", "lv": "cp1257", "vi": "cp1258", "th": "cp874",
    "zh": "gb18030", "ja": "cp932", "ko": "cp949", "it": "cp1252", "en": "cp1252", "fr": "cp1252", "de": "cp1252",
    "es": "cp1252", "pt": "cp1252", "nl": "cp1252", "da": "cp1252", "sv": "cp1252", "no": "cp1252", "fi": "cp1252",
}  # fmt: skip
# no page in a Latin script has more than about one accented letter in eight
_SPARSE = 0.12
# the WHATWG's list; Python knows many codecs more that no page should reach (punycode, unicode_escape, utf-7)
_WEB_CODINGS = frozenset({
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp866", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "cp874", "gb18030",
    "big5hkscs", "euc_jp", "iso2022_jp", "iso2022_kr", "hz", "cp932", "cp949",
})  # fmt: skip
# stateful codings of ASCII bytes: they would pass for UTF-8
_SEVEN_BIT = frozenset({"iso2022_jp", "iso2022_kr"})
_BAD_SHARE = 0.01
_GOOD_PER_ALIEN = 8
_CP1252 = bytes(range(128, 256)).decode("cp1252", "replace")


def decode(body: bytes, content_type: str = "") -> str:
    """The text of ``body``; ``content_type`` is the header as sent. Never fails: what cannot be read becomes U+FFFD."""
    for mark, coding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(coding, "replace")
    head = body[:_DECLARATION_BYTES]
    declared = [coding for coding in (_from_header(content_type), _from_page(head)) if coding]
    if declared and declared[0] in _SEVEN_BIT and b"\x1b" in head + body[-_SAMPLE_BYTES:]:
        return body.decode(declared[0], "replace")
    if wide := _without_mark(body):
        return body.decode(wide, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    best = ""
    for coding in [*declared, *_guesses(body, head)]:
        text = body.decode(coding, "replace") if coding != "utf-8" else _mended(body)
        bad = text.count("\ufffd")
        if bad <= _BAD_SHARE * _high_bytes(body):
            return text
        if not best or bad < best.count("\ufffd"):
            best = text
    return best


def _known(label: str) -> str:
    """Python's name of the charset that a label stands for, or "" where the web has none of that name."""
    label = label.strip().lower()
    try:
        name = codecs.lookup(_SUPERSETS.get(label, label)).name
    except (LookupError, UnicodeError):
        return ""
    name = _SUPERSETS.get(name, name)
    return name if name in _WEB_CODINGS or name.startswith(("cp125", "iso8859-")) else ""


def _from_header(content_type: str) -> str:
    found = _HEADER.search(content_type[:500])
    return _known(found.group(1)) if found else ""


def _from_page(head: bytes) -> str:
    found = _META.search(head)
    coding = _known(found.group(1).decode("ascii")) if found else ""
    # a page whose declaration can be read byte by byte is not in UTF-16, whatever it says
    return "" if coding.startswith(("utf-16", "utf-32", "utf_16", "utf_32")) else coding


def _high_bytes(body: bytes) -> int:
    return len(body) - len(body.translate(None, bytes(range(128, 256))))


def _without_mark(body: bytes) -> str:
    """UTF-16 without a byte order mark: every other byte of its markup is zero."""
    sample = body[:1000]
    if len(sample) < 8 or sample.count(0) < len(sample) // 3:
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


def _mended(body: bytes) -> str:
    """UTF-8 with a few alien bytes: those alone are read as Windows-1252, nothing else suffers. Where they are many
    beside the good ones, it is another coding: then they become U+FFFD, so that the caller sees how many."""
    text = body.decode("utf-8", "surrogateescape")
    table = {code: _CP1252[code - 0xDC80] for code in range(0xDC80, 0xDD00)}
    aliens = sum(text.count(chr(code)) for code in table)
    good = _high_bytes(body) - aliens
    return text.translate(table) if aliens * _GOOD_PER_ALIEN <= good else body.decode("utf-8", "replace")


def _guesses(body: bytes, head: bytes) -> list[str]:
    """Codings for a page that declares none, or a false one, the likeliest first."""
    found = _HTML_LANG.search(head)
    guesses = ["utf-8"]  # judged by its share of bad bytes
    if found and (coding := _BY_LANGUAGE.get(found.group(1).decode("ascii").lower())):
        guesses.append(coding)
    high = _high_bytes(body)
    if high < _SPARSE * len(body) and not _pairs(body):
        return [*guesses, "cp1252"]
    match = from_bytes(_sample(body)).best()
    return [*guesses, *([_known(match.encoding)] if match and _known(match.encoding) else []), "cp1252"]


def _pairs(body: bytes) -> bool:
    """Do the high bytes stand in pairs and longer runs, as in the double-byte and the Cyrillic codings?"""
    sample = _sample(body)
    high = _high_bytes(sample)
    paired = len(re.findall(rb"[\x80-\xff]{2}", sample)) * 2
    return high > 20 and paired > 0.6 * high


def _sample(body: bytes) -> bytes:
    """A piece around the densest high bytes that is cheap to find: the stretch after the first ones, markup removed."""
    first = re.search(rb"[\x80-\xff]", body)
    start = max(0, first.start() - 200) if first else 0
    return re.sub(rb"<[^<>]{0,2000}>", b" ", body[start : start + 8 * _SAMPLE_BYTES])[:_SAMPLE_BYTES]
