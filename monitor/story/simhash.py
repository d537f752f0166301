"""Simhash of a text: 64 bits that stay close when sentences are dropped, moved or added. Knows nothing of
announcements.

Near copies are told by the share of equal bits. Measured on 80 Italian bodies with sentences dropped at random:
with a tenth dropped the median share was .94, with three tenths .85; unrelated pairs lay at .58.
"""

from __future__ import annotations

import itertools
import re
from hashlib import blake2b

BITS = 64
# an article is known as a copy by its first thousand words; agency copies are cut at the end, not at the front
_MAX_CHARS = 6000
# fewer shingles than this make a hash that says little: a headline with a teaser is not a copy of another
_MIN_SHINGLES = 24
_WORD = re.compile(r"\w+")
_HAN = re.compile(r"[\u3400-\u9fff]")
# one lane of 16 bits for each bit of a byte, so that eight table look-ups count 64 bits at once
_LANES = tuple(sum(((byte >> bit) & 1) << (16 * bit) for bit in range(8)) for byte in range(256))


def simhash(text: str) -> int:
    """The 64-bit simhash of a body, 0 where the text is too short to tell copies by.

    Shingles are pairs of neighbouring words (of neighbouring signs where a text is Chinese), so that a sentence
    left out moves few bits. Pure: the same text gives the same number on every machine.
    """
    shingles = _shingles(text[:_MAX_CHARS].casefold())
    if len(shingles) < _MIN_SHINGLES:
        return 0
    counts = [0] * 8
    for shingle in shingles:
        digest = blake2b(shingle.encode(), digest_size=8).digest()
        for place, byte in enumerate(digest):
            counts[place] += _LANES[byte]
    half = len(shingles) / 2
    value = 0
    for place, lanes in enumerate(counts):
        for bit in range(8):
            if (lanes >> (16 * bit)) & 0xFFFF > half:
                value |= 1 << (8 * place + bit)
    return value or 1


def likeness(one: int, other: int) -> float:
    """The share of equal bits, 0 to 1; 0 where either hash is missing."""
    if not one or not other:
        return 0.0
    return 1.0 - (one ^ other).bit_count() / BITS


def _shingles(text: str) -> set[str]:
    words = _HAN.findall(text) if len(_HAN.findall(text)) > len(text) / 3 else _WORD.findall(text)
    return {f"{one} {two}" for one, two in itertools.pairwise(words)}
