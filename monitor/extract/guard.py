"""Makes a page safe to look at: cuts what would cost more than linear time further on, and builds the tree.

Measured on trafilatura 2.3.1: 100,000 attributes or 60,000 linked paragraphs keep it busy for more than 20 s. Real
pages of our sample have up to 4,100 elements and 500,000 characters. Decides nothing about what a page says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

MAX_CHARS = 3_000_000
MAX_ELEMENTS = 60_000
# beyond this many elements only linear code sees the page (trafilatura: 10,000 paragraphs 0.8 s, then superlinear)
MAX_RICH_ELEMENTS = 15_000
MAX_TAG_CHARS = 20_000
MAX_ATTRIBUTES = 200
_LONG_TEXT_CHARS = 5_000
_LONG_WORD_CHARS = 1_000
# a run of one letter or a few: no script has a word of 1,000 characters from so small an alphabet
_FEW_LETTERS = 30

_REFERENCE = re.compile("&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
# what trafilatura would throw away itself, after copying it several times
_DEAD = ("script", "style", "svg", "template", "iframe", "object", "embed", "canvas", "noscript")
# counted by libxml2 itself: a loop here would cost as much as the rest of this module
_COUNT = etree.XPath("count(descendant-or-self::*)")
# Whether any is to be found at all, which costs a quarter of finding it, and on a usual page is all there is to do.
_IS_OVERSIZED = etree.XPath(
    f"boolean(descendant-or-self::*/@*[{MAX_ATTRIBUTES + 1}])"
    f" or boolean(descendant::text()[string-length() > {_LONG_TEXT_CHARS}])"
)
# both in one walk over the page
_OVERSIZED = etree.XPath(
    f"descendant-or-self::*[@*[{MAX_ATTRIBUTES + 1}] or text()[string-length() > {_LONG_TEXT_CHARS}]]"
)
_TAG_NAME = re.compile(r"</?[A-Za-z][A-Za-z0-9:-]{0,40}")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


@dataclass(slots=True)
class SafeTree:
    """A page's tree with what was done to it. ``scripts`` are (type, text) of its script elements, now removed."""

    root: HtmlElement
    scripts: tuple[tuple[str, str], ...]
    is_rich: bool  # small enough for the full extractor
    was_cut: bool
    has_scripts: bool
    has_password: bool
    has_microdata: bool  # some element may have an itemprop


def trim(text: str) -> tuple[str, bool]:
    """The page without oversized tags, unreadable characters and everything past ``MAX_CHARS``; and was it cut?"""
    was_cut = len(text) > MAX_CHARS
    text = _readable(text[:MAX_CHARS])
    if _has_reference(text):
        text = _REFERENCE.sub(_without_control, text)
    if _has_long_piece(text):
        pieces = text.split(">")
        pieces = [_shortened(piece) if len(piece) > MAX_TAG_CHARS else piece for piece in pieces]
        text = ">".join(pieces)
    return text, was_cut


def _has_reference(text: str) -> bool:
    """Whether a numeric reference may stand in the text. From one ampersand to the next is three times as fast as a search
    for two characters."""
    at = text.find("&")
    while at >= 0:
        if text.startswith("#", at + 1):
            return True
        at = text.find("&", at + 1)
    return False


def _has_long_piece(text: str) -> bool:
    """Whether somewhere so many characters stand without the end of a tag between them; looks at a few of the ends."""
    start = 0
    while len(text) - start > MAX_TAG_CHARS:
        start = text.rfind(">", start, start + MAX_TAG_CHARS + 1) + 1
        if start == 0:
            return True
    return False


def _readable(text: str) -> str:
    """Without characters that no page may hold. Hardly any page holds one, which bytes tell ten times faster."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return _UNREADABLE.sub("", text)
    is_clean = len(raw.translate(None, _CONTROLS)) == len(raw)
    is_clean = is_clean and (raw.isascii() or not any(one in raw for one in _NONCHARACTERS))
    return text if is_clean else _UNREADABLE.sub("", text)


def _without_control(reference: re.Match[str]) -> str:
    """A numeric reference as it stands, or nothing where it means a control character: the parser lets those in, and
    no text with one can be moved within the tree (found by fuzzing)."""
    digits = (reference[1] or reference[2]).lstrip("0")[:8]
    code = int(digits or "0", 16 if reference[1] else 10)
    is_text = code in (9, 10, 13) or 31 < code < 0xD800 or 0xDFFF < code < 0xFFFE or 0xFFFF < code < 0x110000
    return reference[0] if is_text else " "


def _shortened(piece: str) -> str:
    """Text and one tag: an oversized tag keeps its name and loses its attributes; a script's text stays."""
    start = piece.rfind("<")
    if start < 0 or len(piece) - start <= MAX_TAG_CHARS:
        return piece
    name = _TAG_NAME.match(piece, start)
    return piece[:start] + (name.group() if name else "&lt;")


def tree(text: str) -> SafeTree | None:
    """The tree of a trimmed page, scripts taken out, or None where there is no element in it."""
    parser = HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, default_doctype=False
    )
    try:
        root = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return None
    count = _count(root, text)
    if count > MAX_ELEMENTS:
        _drop_rest(next(islice(root.iter(etree.Element), MAX_ELEMENTS - 1, None)))
    scripts = _take_scripts(root)
    for element in _OVERSIZED(root) if _IS_OVERSIZED(root) else ():
        if len(element.attrib) > MAX_ATTRIBUTES:
            element.attrib.clear()
        for child in (element, *element):
            child.tail = child.tail and _without_runs(child.tail)
        element.text = element.text and _without_runs(element.text)
    return SafeTree(
        root=root,
        scripts=tuple(pair for pair in scripts if pair[1]),
        is_rich=count <= MAX_RICH_ELEMENTS,
        was_cut=count > MAX_ELEMENTS,
        has_scripts=bool(scripts),
        has_password=any(element.get("type") == "password" for element in root.iter("input")),
        has_microdata="itemprop" in text.lower(),
    )


def _count(root: HtmlElement, text: str) -> int:
    """How many elements the page has; counted only where its tags are so many that it matters. The parser adds at most
    an element for each tag, and html, head and body."""
    at_most = 2 * text.count("<") + 3
    return at_most if at_most <= MAX_RICH_ELEMENTS else int(_COUNT(root))


def _drop_rest(last: HtmlElement) -> None:
    """Removes everything after ``last`` in document order."""
    for child in list(last):
        last.remove(child)
    element: HtmlElement | None = last
    while element is not None:
        parent = element.getparent()
        if parent is not None:
            after = element.getnext()
            while after is not None:
                parent.remove(after)
                after = element.getnext()
        element = parent


def _take_scripts(root: HtmlElement) -> list[tuple[str, str]]:
    """Removes dead elements, keeping the text after them; gives (type, text) of each script."""
    scripts = []
    for element in list(root.iter(*_DEAD)):
        if element.tag == "script":
            scripts.append(((element.get("type") or "").strip().lower(), element.text or ""))
        if element.getparent() is not None:
            element.drop_tree()
    return scripts


def _without_runs(value: str) -> str:
    """One space between words, and no word that is a long run of a few letters: nothing for a pattern to choke on."""
    return " ".join(
        word[:50] if len(word) > _LONG_WORD_CHARS and len(set(word)) < _FEW_LETTERS else word for word in value.split()
    )
