"""Cuts a feed document into head, entries and tail by its tags alone, without parsing. Any doubt, and there is no scan:
then the whole document is parsed. Linear in the document's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

ROOT = re.compile(r"<(?:\w+:)?(rss|feed|RDF|rdf|urlset|sitemapindex|html)(?=[\s>/])", re.I)
_TAG_END = frozenset(" \t\r\n>")
_CLOSING = re.compile(r"\s*>")
_PAIRS = (("<!--", "-->"), ("<![CDATA[", "]]>"))


@dataclass(frozen=True, slots=True)
class Scan:
    """A document as ``head + entries with what stands between + tail``. ``blocks`` are the entries' own texts."""

    head: str
    blocks: tuple[str, ...]
    gaps: tuple[str, ...]  # what follows each block, up to the next; the last gap is the tail

    def keeping(self, kept: list[bool]) -> str:
        """The document with only those entries whose place in ``kept`` is True."""
        return self.head + "".join(
            (block if keep else "") + gap for block, gap, keep in zip(self.blocks, self.gaps, kept, strict=True)
        )


def fingerprint(block: str) -> bytes:
    """Eight bytes that stand for one entry's text, byte for byte."""
    return blake2b(block.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def stretch(text: str) -> str:
    """A mark of everything from a document's first entry to its last, for documents in which only what stands around the
    entries changes, as its build date does; empty where that is doubtful. Documents with the same mark have the same ``scan``
    blocks, when one of them has any."""
    root = ROOT.search(text)
    if root is None or root[1].lower() not in ("rss", "feed", "rdf"):
        return ""
    tag = "entry" if root[1].lower() == "feed" else "item"
    begin, end = text.find(f"<{tag}", root.end()), text.rfind(f"</{tag}")
    if not 0 <= begin < end:
        return ""
    head, tail = text[:begin], text[end:]
    if f"<{tag}" in tail or f"</{root[0][1:]}" not in tail or f"<{tag}/" in head or f"</{tag}" in head:
        return ""
    if not all(_is_balanced(part, list(_PAIRS)) for part in (head, tail)):
        return ""
    return blake2b(f"{root[0]}{text[begin:end]}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _is_balanced(text: str, pairs: list[tuple[str, str]]) -> bool:
    """Whether no comment or CDATA section begins in ``text`` without ending in it."""
    return all(text.count(opening) == text.count(closing) for opening, closing in pairs)


def scan(text: str) -> Scan | None:
    """Cuts an RSS, RDF or Atom document; None where anything about it is doubtful."""
    root = ROOT.search(text)
    if root is None or root[1].lower() not in ("rss", "feed", "rdf"):
        return None
    tag = "entry" if root[1].lower() == "feed" else "item"
    if f"<{tag}/" in text:
        return None
    closing = f"</{root[0][1:]}"
    bounds = _bounds(text, f"<{tag}", f"</{tag}", root.end())
    if bounds is None:
        return None
    starts, ends = [start for start, _ in bounds] + [len(text)], [end for _, end in bounds]
    head = text[: starts[0]]
    blocks = tuple(text[start:end] for start, end in bounds)
    gaps = tuple(text[end:start] for end, start in zip(ends, starts[1:], strict=True))
    tail = gaps[-1] if gaps else head
    pairs = [pair for pair in _PAIRS if pair[0] in text or pair[1] in text]
    if closing not in tail or not all(_is_balanced(part, pairs) for part in (head, *blocks, *gaps) if pairs):
        return None
    return Scan(head, blocks, gaps)


def _bounds(text: str, opening: str, closing: str, position: int) -> list[tuple[int, int]] | None:
    """Where each entry begins and ends; None where they nest, lack a tag or are cut."""
    found: list[tuple[int, int]] = []
    start = _find_tag(text, opening, position)
    while True:
        end = _find_tag(text, closing, position)
        if start < 0:
            return None if end >= 0 else found  # a closing tag behind the last entry has lost its opening one
        following = _find_tag(text, opening, start + len(opening))
        done = _CLOSING.match(text, end + len(closing)) if end >= start else None
        if done is None or 0 <= following < end:
            return None
        position = done.end()
        found.append((start, position))
        start = following


def _find_tag(text: str, opening: str, position: int) -> int:
    """The next place where a tag of exactly this name opens, or -1."""
    while True:
        position = text.find(opening, position)
        if position < 0 or text[position + len(opening) : position + len(opening) + 1] in _TAG_END:
            return position
        position += len(opening)
