"""Finds which entries of a feed are new before feedparser sees anything, by the fingerprints of those parsed before.

feedparser stays the parser of record and gets the document with only the unknown entries left in it. Any doubt about the
document (scan.py), its charset or its size, and the whole document is parsed.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from monitor.sources import charset
from monitor.sources.scan import fingerprint, scan, stretch

_SCAN_BYTES = 2 * 1024 * 1024  # larger ones go to the worker as they are


@dataclass(frozen=True, slots=True)
class Prescan:
    """``prints`` are the fingerprints of all entries; ``body`` is the document with the unknown ones only (the whole one
    in case of doubt, and then ``prints`` is empty). ``stretch`` marks its entries together, with how many they are; where it is
    that of the document before, nobody looked at each of them and ``prints`` is empty too."""

    body: bytes
    prints: tuple[bytes, ...] = ()
    skipped: int = 0
    fresh: int = 0
    stretch: str = ""

    @property
    def listed(self) -> int:
        """How many entries the document lists, where it was scanned."""
        return self.skipped + self.fresh

    @property
    def is_nothing_new(self) -> bool:
        """Whether every entry was parsed before, byte for byte."""
        return self.skipped > 0 and self.fresh == 0


def prescan(body: bytes, content_type: str, known: frozenset[bytes], limit: int, before: str = "") -> Prescan:
    """Cuts known entries out of a feed. Documents of more than ``limit`` entries are left whole: which of them count is
    decided where dates are read. ``before`` is the ``stretch`` of the last document, whose entries are all known."""
    if len(body) > _SCAN_BYTES:
        return Prescan(body)
    decoded = charset.decode(body, content_type)
    if decoded is None or decoded[1]:
        return Prescan(body)
    text = decoded[0]
    mark = stretch(text)
    count_before, _, mark_before = before.partition(":")
    if mark and mark == mark_before and int(count_before) <= limit:
        return Prescan(body, (), int(count_before), 0, before)
    cut = scan(text)
    if cut is None or not 0 < len(cut.blocks) <= limit:
        return Prescan(body)
    prints = tuple(fingerprint(block) for block in cut.blocks)
    fresh = [mark not in known for mark in prints]
    count, both = sum(fresh), f"{len(prints)}:{mark}" if mark else ""
    if count == len(fresh):
        return Prescan(body, prints, 0, count, both)
    # the mark tells the parser that this is UTF-8 now, whatever the declaration says
    left = codecs.BOM_UTF8 + cut.keeping(fresh).encode("utf-8", "surrogatepass")
    return Prescan(left, prints, len(fresh) - count, count, both)
