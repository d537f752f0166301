"""Under what an entry is stored and known again: guid, canonical link, title with text. Pure, and worked out once for
each entry of a document: folding and hashing the texts is the dearest part of taking them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from monitor.model import Entry
from monitor.sources.canonical import canonical, is_specific

_TELLING_CHARS = 80  # title and text shorter than this do not tell two entries apart
_WORD = re.compile(r"\w+")
# the same for the characters of ISO 8859-1, four times as fast: what is part of no word becomes a blank
_NARROW = bytes(sign if chr(sign).isalnum() or sign == ord("_") else ord(" ") for sign in range(256))
_URLISH = re.compile(r"https?://", re.I)


@dataclass(frozen=True, slots=True)
class Keyed:
    """An entry with all by which it can be known: ``keys`` are ``g:`` guid, ``l:`` canonical link, ``t:`` title and text
    where they tell; ``telling`` is its ``t:`` key in any case; ``text_hash`` changes when an edit changes what can be
    judged."""

    entry: Entry
    keys: tuple[str, ...]
    telling: str
    text_hash: str


def keyed(entries: Iterable[Entry]) -> tuple[Keyed, ...]:
    """Each entry with its keys."""
    return tuple(map(_keyed, entries))


def _keyed(entry: Entry) -> Keyed:
    telling = folded(f"{entry.title} {entry.summary or entry.content[:2000]}")
    telling_key = f"t:{_hash(telling)}"
    found = []
    if entry.guid:
        found.append(f"g:{_hash(_guid(entry.guid))}")
    if entry.url and is_specific(entry.url):
        found.append(f"l:{_hash(canonical(entry.url))}")
    if len(telling) >= _TELLING_CHARS or not found:
        found.append(telling_key)
    return Keyed(entry, tuple(found), telling_key, _hash("\n".join((entry.title, entry.summary, entry.content))))


def keys_of(entries: Iterable[Keyed]) -> tuple[str, ...]:
    """Every key under which the entries may be known, each once, for one lookup."""
    return tuple(dict.fromkeys(key for one in entries for key in (*one.keys, one.telling)))


def shared_keys(entries: Sequence[Keyed]) -> frozenset[str]:
    """Keys that entries with different titles share in one document: such a link points to a page, such a guid is the
    same for all. They tell no story from another."""
    met: dict[str, list[Keyed]] = {}
    for one in entries:
        for key in one.keys:
            if not key.startswith("t:"):
                met.setdefault(key, []).append(one)
    return frozenset(
        key for key, found in met.items() if len(found) > 1 and len({folded(one.entry.title) for one in found}) > 1
    )


def folded(text: str) -> str:
    """The words of a text in lower case, whatever stands between them."""
    text = text.casefold()
    try:
        narrow = text.encode("iso-8859-1")
    except UnicodeEncodeError:
        return " ".join(_WORD.findall(text))
    return " ".join(narrow.translate(_NARROW).decode("iso-8859-1").split())


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _guid(guid: str) -> str:
    return canonical(guid) or guid if _URLISH.match(guid) else guid
