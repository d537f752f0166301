"""Cuts a feed document into head, entries and tail by its tags alone, without parsing. Any doubt, and there is no scan:
then the whole document is parsed. Linear in the document's length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, pairwise

ROOT = re.compile(r"<(?:\w+:)?(rss|feed|RDF|rdf|urlset|sitemapindex|html)(?=[\s>/])", re.I)
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
    if not all(_is_balanced(part) for part in (head, tail)):
        return ""
    return blake2b(f"{root[0]}{text[begin:end]}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _is_balanced(text: str) -> bool:
    """Whether no comment or CDATA section begins in ``text`` without ending in it."""
    return all(text.count(opening) == text.count(closing) for opening, closing in _PAIRS)


def scan(text: str) -> Scan | None:
    """Cuts an RSS, RDF or Atom document; None where anything about it is doubtful."""
    root = ROOT.search(text)
    if root is None or root[1].lower() not in ("rss", "feed", "rdf"):
        return None
    tag = "entry" if root[1].lower() == "feed" else "item"
    if f"<{tag}/" in text:
        return None
    closing = f"</{root[0][1:]}"
    bounds = _bounds(text, tag, root.end())
    if bounds is None:
        return None
    edges = [0, *chain.from_iterable(bounds), len(text)]
    if closing not in text[edges[-2] :] or not _is_whole(text, edges):
        return None
    parts = [text[begin:end] for begin, end in pairwise(edges)]
    return Scan(parts[0], tuple(parts[1::2]), tuple(parts[2::2]))


def _is_whole(text: str, edges: list[int]) -> bool:
    """Whether every part between two edges is balanced. Looks for the marks instead of through the parts, which are many; no
    mark lies across an edge, since parts begin at ``<`` and end behind ``>``."""
    for pair in _PAIRS:
        left_open: Counter[int] = Counter()
        for mark, change in zip(pair, (1, -1), strict=True):
            place = text.find(mark)
            while place >= 0:
                left_open[bisect_right(edges, place)] += change
                place = text.find(mark, place + len(mark))
        if any(left_open.values()):
            return False
    return True


@lru_cache(maxsize=4)
def _tags(tag: str) -> re.Pattern[str]:
    """An entry's opening tag, or its closing one (1) with its end (2)."""
    return re.compile(rf"<(?:{tag}|(/{tag}))(?=[ \t\r\n>])(?(1)(\s*>)?)")


def _bounds(text: str, tag: str, position: int) -> list[tuple[int, int]] | None:
    """Where each entry begins and ends; None where they nest, lack a tag or are cut."""
    found: list[tuple[int, int]] = []
    start = -1
    for match in _tags(tag).finditer(text, position):
        closes, end = match.groups()
        if (start < 0) is (closes is not None) or (closes is not None and end is None):
            return None
        if closes is None:
            start = match.start()
        else:
            found.append((start, match.end()))
            start = -1
    return found if start < 0 else None
