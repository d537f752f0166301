"""Which listed entries are new, edited or known: pure decisions by guid, canonical link, and title with content.

Any one of the three may change from poll to poll (guids that are numbers of the day, tracking parameters, a corrected
title), and any one may be reused for another story. An entry is known when its link is, when its guid is and it is not
plainly another story, or when its title and text are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitor.model import Entry
from monitor.sources.age import Age, FeedTime, dated, is_old
from monitor.sources.canonical import canonical, is_specific
from monitor.sources.keys import Keyed, folded, shared_keys

EDITS_MAX = 24  # of one entry that are judged again; what changes oftener is churn (lemon24/reader's limit)
_MASS_SHARE, _MASS_MIN = 0.5, 10
_HEADLINE_WORDS, _COMMON_SHARE = 4, 0.15
_GAP_MIN = 3  # entries a document must list before the lack of a known one says anything


class Known(Protocol):
    """What the store knows of an entry that one of the keys leads to."""

    @property
    def entry_id(self) -> int: ...
    @property
    def text_hash(self) -> str: ...
    @property
    def edits(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A new or edited entry, ready to be stored. ``held``: too old to be told at once; ``late``: told, but marked."""

    entry: Entry
    keys: tuple[str, ...]
    text_hash: str
    order_at: datetime
    held: bool = False
    late: bool = False
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What a document gives. listed = new + edited + known + repeated + refused (+ what was left out before)."""

    new: tuple[Taken, ...] = ()
    edited: tuple[Taken, ...] = ()
    seen: tuple[tuple[str, int], ...] = ()  # every key of known entries, with their id
    known: int = 0
    repeated: int = 0  # listed twice in one document
    refused: int = 0  # neither title nor text
    gap: bool = False  # nothing listed was known: entries may have been missed
    mass: bool = False  # a known feed lists old entries as new


def take_in(
    entries: Sequence[Keyed], known: Mapping[str, Known], *, now: datetime, age: Age, skipped: int = 0
) -> Intake:
    """Sorts a document's entries. ``known`` maps keys to what the store knows; ``skipped`` counts known entries that were
    cut out before parsing, and that count as known."""
    shared = shared_keys([one for one in entries if _says_something(one.entry)])
    lookup: dict[str, Known] = dict(known)
    new: list[Taken] = []
    edited: list[Taken] = []
    seen: dict[str, int] = {}
    met_ids: set[int] = set()
    counts: Counter[str] = Counter()
    for one in entries:
        entry = dated(one.entry, now)
        if not _says_something(entry):
            counts["refused"] += 1
            continue
        own = tuple(key for key in one.keys if key not in shared) or (one.telling,)
        found = _match(one, own, lookup)
        if found is None:
            if all(key in lookup for key in own):
                # its guid leads to another story: without a key of its own it would be new at every poll
                own = (*own, one.telling)
            taken = Taken(entry, own, one.text_hash, _order_at(entry, now))
            here = _Here(len(new), taken)
            # a key that led to another entry (a guid used again) now leads here, within this document too
            lookup |= dict.fromkeys(own, here)
            new.append(taken)
        elif isinstance(found, _Here) or found.entry_id in met_ids:
            counts["repeated"] += 1
        else:
            met_ids.add(found.entry_id)
            seen |= dict.fromkeys(own, found.entry_id)
            if found.text_hash != one.text_hash and found.edits < EDITS_MAX:
                edited.append(Taken(entry, own, one.text_hash, _order_at(entry, now), entry_id=found.entry_id))
            else:
                counts["known"] += 1
    met = len(edited) + counts["known"] + skipped
    mass = _is_mass(new, met, now, age)
    return Intake(
        new=tuple(_aged(taken, now, age, mass) for taken in new),
        edited=tuple(edited),
        seen=tuple(seen.items()),
        known=counts["known"] + skipped,
        repeated=counts["repeated"],
        refused=counts["refused"],
        gap=age.feed_time == FeedTime.KNOWN and met == 0 and len(new) >= _GAP_MIN and not mass,
        mass=mass,
    )


@dataclass(frozen=True, slots=True)
class _Here:
    """An entry of the same document, as something known."""

    place: int
    taken: Taken

    @property
    def entry_id(self) -> int:
        return -1 - self.place

    @property
    def text_hash(self) -> str:
        return self.taken.text_hash

    @property
    def edits(self) -> int:
        return 0

    @property
    def title(self) -> str:
        return self.taken.entry.title

    @property
    def url(self) -> str:
        return self.taken.entry.url


def _says_something(entry: Entry) -> bool:
    return bool(entry.title or entry.summary or entry.content)


def _match(one: Keyed, own: tuple[str, ...], lookup: Mapping[str, Known]) -> Known | None:
    """The known entry that this one is, by link, then guid, then title and text."""
    if one.telling not in lookup and not any(key in lookup for key in own):
        return None
    by_kind = {key[0]: found for key in own if (found := lookup.get(key)) is not None}
    link, guid = by_kind.get("l"), by_kind.get("g")
    same = link is not None and guid is not None and link.entry_id == guid.entry_id
    if link is not None and (same or not _shares_no_word(one.entry.title, link.title)):
        return link
    if guid is not None and not _is_another_story(one.entry, guid):
        return guid
    if link is not None or not any(key.startswith("l:") for key in own):
        return lookup.get(one.telling)  # nothing better tells this entry: even a short title must do
    return by_kind.get("t")


def _shares_no_word(one: str, other: str) -> bool:
    """Whether two headlines of some length have nothing in common: then a link is a page that changes, not a story.
    Documents whose known entries were cut out do not show by themselves that all entries share a link."""
    ours, theirs = set(folded(one).split()), set(folded(other).split())
    if min(len(ours), len(theirs)) < _HEADLINE_WORDS:
        return False
    return len(ours & theirs) <= _COMMON_SHARE * len(ours | theirs)


def _is_another_story(entry: Entry, known: Known) -> bool:
    """Whether a guid was used again: another link and another title. Without a link the title must differ wholly."""
    ours, theirs = set(folded(entry.title).split()), set(folded(known.title).split())
    if ours == theirs:
        return False
    if entry.url and known.url and is_specific(entry.url) and is_specific(known.url):
        return canonical(entry.url) != canonical(known.url)
    return False


def _order_at(entry: Entry, now: datetime) -> datetime:
    return min(entry.published_at, now) if entry.published_at else now


def _is_mass(new: Sequence[Taken], met: int, now: datetime, age: Age) -> bool:
    """Whether a known feed lists its past as new: many at once, and most of them old."""
    if age.feed_time != FeedTime.KNOWN or len(new) < max(_MASS_MIN, _MASS_SHARE * (len(new) + met)):
        return False
    reference = replace(age, max_age_s=age.max_age_s or 86400.0)
    return 2 * sum(is_old(taken.entry, now, reference) for taken in new) > len(new)


def _aged(taken: Taken, now: datetime, age: Age, mass: bool) -> Taken:
    """Contract 6: on a first poll, a return and a mass reappearance what is old is held back from immediate alerts; on a
    known feed the age counts from the first sight, and what is dated earlier is marked late."""
    if not is_old(taken.entry, now, age):
        return taken
    held = age.feed_time != FeedTime.KNOWN or mass
    # written out: ``replace`` takes four times as long, thirty times a first fetch
    return Taken(taken.entry, taken.keys, taken.text_hash, taken.order_at, held, not held, taken.entry_id)
