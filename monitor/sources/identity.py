"""Which listed entries are new, edited or known: pure decisions by guid, canonical link, and title with content.

Any one of the three may change from poll to poll (guids that are numbers of the day, tracking parameters, a corrected
title), and any one may be reused for another story. An entry is known when its link is, when its guid is and it is not
plainly another story, or when its title and text are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from monitor.model import Entry
from monitor.sources.canonical import canonical, is_specific

EDITS_MAX = 24  # of one entry that are judged again; what changes oftener is churn (lemon24/reader's limit)
_FUTURE = timedelta(hours=1)  # a date further ahead than this is no date
_TELLING_CHARS = 80  # title and text shorter than this do not tell two entries apart
_MASS_SHARE, _MASS_MIN = 0.5, 10
_HEADLINE_WORDS, _COMMON_SHARE = 4, 0.15
_GAP_MIN = 3  # entries a document must list before the lack of a known one says anything
_WORD = re.compile(r"\w+")
_URLISH = re.compile(r"https?://", re.I)


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


class FeedTime(StrEnum):
    """How the age of a feed's new entries is counted (contract 6)."""

    FIRST = "first"  # the first good poll
    RETURN = "return"  # the first one after a retirement
    KNOWN = "known"


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


@dataclass(frozen=True, slots=True)
class Age:
    """The age rule's inputs. ``max_age_s`` 0 = no limit; ``last_ok_at`` is this feed's last good poll."""

    max_age_s: float
    feed_time: FeedTime
    last_ok_at: datetime | None = None


def text_hash(entry: Entry) -> str:
    """Changes when an edit changes what can be judged."""
    return _hash("\n".join((entry.title, entry.summary, entry.content)))


def keys(entry: Entry) -> tuple[str, ...]:
    """Under what an entry is stored and looked up: ``g:`` guid, ``l:`` canonical link, ``t:`` title and text."""
    found = []
    if entry.guid:
        found.append(f"g:{_hash(_guid(entry.guid))}")
    if entry.url and is_specific(entry.url):
        found.append(f"l:{_hash(canonical(entry.url))}")
    if len(_telling(entry)) >= _TELLING_CHARS or not found:
        found.append(_telling_key(entry))
    return tuple(found)


def _telling(entry: Entry) -> str:
    return _folded(f"{entry.title} {entry.summary or entry.content[:2000]}")


def _telling_key(entry: Entry) -> str:
    return f"t:{_hash(_telling(entry))}"


def keys_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Every key under which the entries may be known, each once, for one lookup."""
    return tuple(dict.fromkeys(key for entry in entries for key in (*keys(entry), _telling_key(entry))))


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _guid(guid: str) -> str:
    return canonical(guid) or guid if _URLISH.match(guid) else guid


def _folded(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def dated(entry: Entry, now: datetime) -> Entry:
    """The entry with a date that can be true: one more than an hour ahead is dropped, so that first sight counts."""
    if entry.published_at is not None and entry.published_at > now + _FUTURE and not _is_today(entry, now):
        return replace(entry, published_at=None, date_only=False)
    return entry


def _is_today(entry: Entry, now: datetime) -> bool:
    # a date without a time may be "tomorrow" in UTC's eyes already
    return entry.date_only and entry.published_at is not None and entry.published_at <= now + timedelta(hours=14)


def take_in(
    entries: Sequence[Entry], known: Mapping[str, Known], *, now: datetime, age: Age, skipped: int = 0
) -> Intake:
    """Sorts a document's entries. ``known`` maps keys to what the store knows; ``skipped`` counts known entries that were
    cut out before parsing, and that count as known."""
    shared = _shared_keys(entries)
    lookup: dict[str, Known] = dict(known)
    new: list[Taken] = []
    edited: list[Taken] = []
    seen: dict[str, int] = {}
    met_ids: set[int] = set()
    counts: Counter[str] = Counter()
    for entry in entries:
        entry = dated(entry, now)
        if not _says_something(entry):
            counts["refused"] += 1
            continue
        own = tuple(key for key in keys(entry) if key not in shared) or (_telling_key(entry),)
        found = _match(entry, own, lookup)
        if found is None:
            if all(key in lookup for key in own):
                # its guid leads to another story: without a key of its own it would be new at every poll
                own = (*own, _telling_key(entry))
            taken = Taken(entry, own, text_hash(entry), _order_at(entry, now))
            here = _Here(len(new), taken)
            # a key that led to another entry (a guid used again) now leads here, within this document too
            lookup |= dict.fromkeys(own, here)
            new.append(taken)
        elif isinstance(found, _Here) or found.entry_id in met_ids:
            counts["repeated"] += 1
        else:
            met_ids.add(found.entry_id)
            seen |= dict.fromkeys(own, found.entry_id)
            changed = found.text_hash != text_hash(entry)
            if changed and found.edits < EDITS_MAX:
                edited.append(Taken(entry, own, text_hash(entry), _order_at(entry, now), entry_id=found.entry_id))
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


def _shared_keys(entries: Sequence[Entry]) -> frozenset[str]:
    """Keys that entries with different titles share in one document: such a link points to a page, such a guid is the
    same for all. They tell no story from another."""
    titles: dict[str, set[str]] = {}
    for entry in filter(_says_something, entries):
        for key in keys(entry):
            if not key.startswith("t:"):
                titles.setdefault(key, set()).add(_folded(entry.title))
    return frozenset(key for key, found in titles.items() if len(found) > 1)


def _match(entry: Entry, own: tuple[str, ...], lookup: Mapping[str, Known]) -> Known | None:
    """The known entry that this one is, by link, then guid, then title and text."""
    by_kind = {key[0]: found for key in own if (found := lookup.get(key)) is not None}
    link, guid = by_kind.get("l"), by_kind.get("g")
    same = link is not None and guid is not None and link.entry_id == guid.entry_id
    if link is not None and (same or not _shares_no_word(entry.title, link.title)):
        return link
    if guid is not None and not _is_another_story(entry, guid):
        return guid
    if link is not None or not any(key.startswith("l:") for key in own):
        return lookup.get(_telling_key(entry))  # nothing better tells this entry: even a short title must do
    return by_kind.get("t")


def _shares_no_word(one: str, other: str) -> bool:
    """Whether two headlines of some length have nothing in common: then a link is a page that changes, not a story.
    Documents whose known entries were cut out do not show by themselves that all entries share a link."""
    ours, theirs = set(_folded(one).split()), set(_folded(other).split())
    if min(len(ours), len(theirs)) < _HEADLINE_WORDS:
        return False
    return len(ours & theirs) <= _COMMON_SHARE * len(ours | theirs)


def _is_another_story(entry: Entry, known: Known) -> bool:
    """Whether a guid was used again: another link and another title. Without a link the title must differ wholly."""
    ours, theirs = set(_folded(entry.title).split()), set(_folded(known.title).split())
    if ours == theirs:
        return False
    if entry.url and known.url and is_specific(entry.url) and is_specific(known.url):
        return canonical(entry.url) != canonical(known.url)
    return False


def _order_at(entry: Entry, now: datetime) -> datetime:
    return min(entry.published_at, now) if entry.published_at else now


def _published_until(entry: Entry) -> datetime | None:
    """When an entry was published at the latest: a date without a time counts to the end of its day."""
    if entry.published_at is None:
        return None
    return entry.published_at + timedelta(days=1) if entry.date_only else entry.published_at


def _limit(now: datetime, age: Age) -> timedelta:
    """How old an entry may be; stretched by the time since the last good poll, for that is our delay, not its."""
    limit = timedelta(seconds=age.max_age_s)
    if age.feed_time != FeedTime.KNOWN or age.last_ok_at is None:
        return limit
    return limit + max(now - age.last_ok_at, timedelta(0))


def _is_old(taken: Taken, now: datetime, age: Age) -> bool:
    until = _published_until(taken.entry)
    return age.max_age_s > 0 and until is not None and now - until > _limit(now, age)


def _is_mass(new: Sequence[Taken], met: int, now: datetime, age: Age) -> bool:
    """Whether a known feed lists its past as new: many at once, and most of them old."""
    if age.feed_time != FeedTime.KNOWN or len(new) < max(_MASS_MIN, _MASS_SHARE * (len(new) + met)):
        return False
    reference = replace(age, max_age_s=age.max_age_s or 86400.0)
    return 2 * sum(_is_old(taken, now, reference) for taken in new) > len(new)


def _aged(taken: Taken, now: datetime, age: Age, mass: bool) -> Taken:
    """Contract 6: on a first poll, a return and a mass reappearance what is old is held back from immediate alerts; on a
    known feed the age counts from the first sight, and what is dated earlier is marked late."""
    if not _is_old(taken, now, age):
        return taken
    if age.feed_time != FeedTime.KNOWN or mass:
        return replace(taken, held=True)
    return replace(taken, late=True)
