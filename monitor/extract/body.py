"""The text of an article out of a page's tree: three finders and the choice between them. Knows no phrases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass
from html import unescape

from lxml import etree
from lxml.html import HtmlElement, fragment_fromstring
from trafilatura import bare_extraction, xpaths
from trafilatura.settings import Extractor

from monitor.extract import lighter
from monitor.extract.guard import trim
from monitor.extract.head import squeezed

lighter.lighten(xpaths)

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
})  # fmt: skip
_SKIPPED = frozenset({
    "aside", "button", "figcaption", "figure", "footer", "form", "head", "header", "input", "label", "menu", "nav", "noscript",
    "option", "script", "select", "style", "textarea", "time", "video", "audio",
})  # fmt: skip
_NAMES_OF_EXTRAS = (
    "related", "correlat", "share", "social", "comment", "newsletter", "sidebar", "promo", "advert", "banner", "breadcrumb",
    "author", "caption", "gallery", "cookie", "tags", "toolbar", "subscribe", "paywall", "embed", "widget", "credit",
)  # fmt: skip
# of trafilatura's own list of elements that hold no text of an article (settings.MANUALLY_CLEANED), those with much in them
_FRAME = (
    "aside", "button", "datalist", "dialog", "figure", "footer", "head", "menu", "nav", "picture", "select", "video",
)  # fmt: skip
_MARKED_BODY = etree.XPath("descendant::*[@itemprop][contains(@itemprop, 'articleBody')]")
_MARKUP = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,15}[ />]")
# a text shorter than this is looked at twice
SHORT_CHARS = 600
_MIN_DECLARED_CHARS = 250
_MIN_PARAGRAPH_CHARS = 25
_LEAD_CHARS = 60
# share of a declared body's words that the extractor must have found not to be overruled
_MIN_COVER = 0.85


@dataclass(frozen=True, slots=True)
class Body:
    """The paragraphs of an article, one line each, and which finder found them."""

    paragraphs: tuple[str, ...]
    method: str

    @property
    def size_chars(self) -> int:
        return sum(map(len, self.paragraphs))


def find(root: HtmlElement, *, linked_body: str, description: str, is_rich: bool, has_microdata: bool = True) -> Body:
    """The best text of a page. ``linked_body`` is what JSON-LD holds, ``description`` the page's own summary;
    ``has_microdata`` False: no element names what it holds.

    Pages that are not ``is_rich`` (too many elements) are read by the linear finder only.
    """
    found = Body((), "")
    for manner in _MANNERS if is_rich else ():
        with _without_frame(root) if manner.fast else nullcontext():
            candidate = _by_trafilatura(root, manner)
        if candidate.size_chars > 1.5 * found.size_chars:
            found = candidate
        if found.size_chars >= SHORT_CHARS:
            break
    declared = _declared(_MARKED_BODY(root) if has_microdata else [], linked_body)
    if declared.size_chars >= _MIN_DECLARED_CHARS and _cover(declared, found) < _MIN_COVER:
        found = declared
    if found.size_chars < SHORT_CHARS:
        dense = by_density(root)
        if dense.size_chars > max(2 * found.size_chars, 200):
            found = dense
    return _with_lead(found, root, description)


def _options(*, fast: bool, tables: bool) -> Extractor:
    options = Extractor(output_format="python", comments=False, tables=tables, with_metadata=False, fast=fast)
    # without this the fast manner answers a short article with the text of the whole page
    options.min_extracted_size = 0 if fast else options.min_extracted_size
    return options


# Tried in this order until the text is no longer short. Fast and without tables first: on real pages that is as good
# as the full cascade (F1 .9545 to .9548; Italian .963, .9627) for three quarters of its time, and pages laid out in
# tables lose their frame (Chinese .889 to .967).
_MANNERS = (_options(fast=True, tables=False), _options(fast=False, tables=False), _options(fast=False, tables=True))


@contextmanager
def _without_frame(root: HtmlElement) -> Iterator[None]:
    """While the block lasts, the page is without the elements that trafilatura throws away in any case, but only after it
    has copied the page four times and searched it as often: they are half of a news page. Taken out and put back they cost
    a fifth of a copy of the page without them."""
    outer = [element for element in root.iter(*_FRAME) if next(element.iterancestors(*_FRAME), None) is None]
    taken = [_Taken.out_of(parent, element) for element in outer if (parent := element.getparent()) is not None]
    try:
        yield
    finally:
        for one in reversed(taken):
            one.put_back()


@dataclass(frozen=True, slots=True)
class _Taken:
    """An element that was taken out of its place: between ``text`` and the text after it, which stayed behind."""

    element: HtmlElement  # keeps its tail
    parent: HtmlElement
    before: HtmlElement | None
    text: str | None

    @classmethod
    def out_of(cls, parent: HtmlElement, element: HtmlElement) -> _Taken:
        before = element.getprevious()
        text = parent.text if before is None else before.tail
        parent.remove(element)
        if element.tail:
            _set_text(parent, before, f"{text or ''}{element.tail}")
        return cls(element, parent, before, text)

    def put_back(self) -> None:
        if self.before is None:
            self.parent.text = self.text
            self.parent.insert(0, self.element)
        else:
            self.before.tail = None
            self.before.addnext(self.element)
            self.before.tail = self.text


def _set_text(parent: HtmlElement, before: HtmlElement | None, text: str) -> None:
    """Sets the text in front of where an element of ``parent`` stands, behind ``before`` or at the beginning."""
    if before is None:
        parent.text = text
    else:
        before.tail = text


def _by_trafilatura(root: HtmlElement, options: Extractor) -> Body:
    # it works on a copy of the tree
    document = bare_extraction(root, options=copy(options))
    return Body(_paragraphs(getattr(document, "text", "") or ""), "trafilatura")


def _paragraphs(text: str) -> tuple[str, ...]:
    lines = (squeezed(line.strip().removeprefix("- ")) for line in text.splitlines())
    return tuple(line for line in lines if line)


def _declared(marked: list[HtmlElement], linked_body: str) -> Body:
    """The text that the publisher marks as the article's: microdata first, then JSON-LD."""
    bodies = [Body(tuple(_blocks(element)), "articleBody") for element in marked[:5]]
    best = max(bodies, key=lambda body: body.size_chars, default=Body((), ""))
    linked = Body(_from_markup(linked_body), "json-ld")
    return best if best.size_chars >= 0.5 * linked.size_chars else linked


def _from_markup(text: str) -> tuple[str, ...]:
    """The lines of a text that may hold markup, escaped once or twice, as JSON-LD often does."""
    text = unescape(unescape(text)) if "&" in text else text
    if not _MARKUP.search(text):
        return _paragraphs(text)
    try:
        return tuple(_blocks(fragment_fromstring(trim(text)[0], create_parent="div")))
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError, ValueError):
        return _paragraphs(text)


def _is_extra(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag in _SKIPPED:
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''}".lower()[:300]
    return any(word in names for word in _NAMES_OF_EXTRAS)


def _blocks(container: HtmlElement) -> Iterator[str]:
    """The lines of a container: a line ends where a block element begins or ends; extras are left out. Linear."""
    line: list[str] = []
    stack: list[tuple[HtmlElement, bool]] = [(container, True)]
    while stack:
        element, opens = stack.pop()
        is_block = element.tag in _BLOCKS or element.tag == "br"
        if is_block and line:
            yield from _line(line)
            line = []
        if opens:
            if element is not container and _is_extra(element):
                line.append(element.tail or "")
                continue
            line.append(element.text or "")
            stack.append((element, False))
            stack.extend((child, True) for child in reversed(element))
        elif element is not container:
            line.append(element.tail or "")
    yield from _line(line)


def _line(parts: list[str]) -> Iterator[str]:
    text = squeezed("".join(parts))
    if text:
        yield text


def _cover(declared: Body, found: Body) -> float:
    """The share of the declared text's characters that stand in paragraphs which the other finder has, too."""
    known = "\n".join(found.paragraphs)
    total = sum(len(text) for text in declared.paragraphs if len(text) >= _MIN_PARAGRAPH_CHARS)
    kept = sum(
        len(text) for text in declared.paragraphs if len(text) >= _MIN_PARAGRAPH_CHARS and text[:_LEAD_CHARS] in known
    )
    return kept / total if total else 1.0


def by_density(root: HtmlElement) -> Body:
    """The container whose own paragraphs hold the most running text, links and short lines not counted. Linear."""
    scores: dict[HtmlElement, float] = {}
    for element in root.iter("p", "td", "pre", "div", "section", "article", "li"):
        text = len(squeezed(" ".join(_own_text(element))))
        if text < _MIN_PARAGRAPH_CHARS:
            continue
        linked = sum(len(link.text or "") for link in element.iterchildren("a"))
        weight = max(0.0, text - 3.0 * linked)
        parent = element.getparent() if element.tag in ("p", "li", "pre") else element
        for distance in (1.0, 0.5, 0.25):
            if parent is None:
                break
            scores[parent] = scores.get(parent, 0.0) + weight * distance
            parent = parent.getparent()
    if not scores:
        return Body((), "")
    best = max(scores, key=lambda element: scores[element])
    return Body(tuple(_blocks(best)), "density")


def _own_text(element: HtmlElement) -> Iterator[str]:
    """Text that stands directly in an element or in inline elements right under it."""
    yield element.text or ""
    for child in element:
        if child.tag not in _BLOCKS and isinstance(child.tag, str):
            yield child.text or ""
        yield child.tail or ""


def _with_lead(found: Body, root: HtmlElement, description: str) -> Body:
    """Puts back a first paragraph that the finder lost, known by the page's own summary: it says who did what."""
    start = squeezed(description)[:_LEAD_CHARS].rstrip(".… ")
    if len(start) < 40 or not found.paragraphs or any(start in text for text in found.paragraphs):
        return found
    for element in root.iter("p", "div", "span", "strong"):
        if not (element.text or len(element)):
            continue
        text = squeezed(" ".join(_own_text(element)))
        if text.startswith(start) and len(text) < 1500:
            return Body((text, *found.paragraphs), found.method)
    return found
