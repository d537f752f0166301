"""Simhash of a text: 64 bits that stay close when sentences are dropped, moved or added. Knows nothing of
announcements.

Near copies are told by the share of equal bits. Measured on real Italian bodies with a tenth of the sentences dropped at
random: median .92, six in ten at .90 and above. Of 80,000 pairs of different texts of one language seven lay there: twice
the same article, and releases on tax treaties that differ in the other state's name only.
"""

from __future__ import annotations

import itertools
import re
from hashlib import blake2b

BITS = 64
# an article is known as a copy by its first thousand words; agency copies are cut at the end, not at the front
_MAX_CHARS = 6000
# fewer features than this make a hash that says little: a headline with a teaser is not a copy of another
_MIN_FEATURES = 24
_WORD = re.compile(r"\w{4,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
# one lane of 16 bits for each bit of a byte, so that eight table look-ups count 64 bits at once
_LANES = tuple(sum(((byte >> bit) & 1) << (16 * bit) for bit in range(8)) for byte in range(256))


def simhash(text: str) -> int:
    """The 64-bit simhash of a body, 0 where the text is too short to tell copies by.

    Features are the different words of four letters and more (pairs of neighbouring signs where a text is Chinese), so
    that a sentence left out or moved changes few bits. Pure: the same text gives the same number on every machine.
    """
    features = _features(text[:_MAX_CHARS].casefold())
    if len(features) < _MIN_FEATURES:
        return 0
    counts = [0] * 8
    for feature in features:
        digest = blake2b(feature.encode(), digest_size=8).digest()
        for place, byte in enumerate(digest):
            counts[place] += _LANES[byte]
    half = len(features) / 2
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


def _features(text: str) -> set[str]:
    han = _HAN.findall(text)
    if len(han) > len(text) / 3:
        return {one + two for one, two in itertools.pairwise(han)}
    return set(_WORD.findall(text))
