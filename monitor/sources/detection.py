"""The text of bytes that say nothing about their charset, or the wrong thing: told by the bytes themselves."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

from monitor.sources.charset import GUESSED, SUPERSETS, decode

_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_DETECT_BYTES = 64 * 1024


def decode_any(body: bytes, content_type: str = "") -> tuple[str, tuple[str, ...]]:
    """The text of ``body`` and flags for what was odd, as ``decode`` gives them, guessed where it cannot tell."""
    said = decode(body, content_type)
    if said is not None:
        return said
    high = _HIGH_RUN.findall(body[:_DETECT_BYTES])
    if sum(map(len, high)) <= 2 * len(
        high
    ):  # lone accented letters: a western text; long runs are Cyrillic, Greek or CJK
        return body.decode("cp1252", "replace"), (GUESSED,)
    best = from_bytes(b" ".join(high)).best()  # markup would drown the letters that tell one alphabet's encodings apart
    codec = SUPERSETS.get(best.encoding, best.encoding) if best is not None else "cp1252"
    return body.decode(codec, "replace"), (GUESSED,)
