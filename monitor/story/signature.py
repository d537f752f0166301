"""What of an act outlives the texts: counted ids, stems, marks, dates and hashes, kept as JSON in
``Story.signature``.

Only this module reads and writes that JSON. A signature grows with the number of different things said of an act,
within fixed limits, never with the number of its reports.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType

from monitor.model import Announcement, Party, Report, Stage, Story
from monitor.story.meanings import is_meaning
from monitor.story.vocabulary import WORDLESS, Vocabulary
from monitor.story.words import marks, names, stems

VERSION = 1
_MAX_WORDS = 64  # stems kept for each language: a headline and a proving sentence hold about twenty
_MAX_MARKS = 24
_MAX_SOURCES = 40  # reports whose simhash and id are kept
_MAX_TITLES = 6
_MAX_SEEN = 200  # marks of reports: a report is placed again within hours, if ever
_LEAD_CHARS = 200  # a news agency's first sentence: who, what, with whom
_TELLING = ("sector.", "ini.")  # evidence whose words tell acts apart: what it is about
_SAYS_WHAT = (*_TELLING, "instrument.", "act.")
_INSTRUMENT = "instrument."
_OWN_ACCOUNT = frozenset({"university", "company", "research", "city", "region"})  # of a country one is not another
_NOTHING: Mapping[str, int] = MappingProxyType({})

# ids that stand for "whoever else joins"; they tell no act from another
OPEN_ENDED = frozenset({"many", "open"})


@dataclass(frozen=True, slots=True)
class Signature:
    """The memory of one act. Counts say how many reports named a thing."""

    principals: Mapping[str, int] = field(default_factory=dict)
    bodies: frozenset[str] = frozenset()  # country:id of the parties that act on their own account
    types: Mapping[str, int] = field(default_factory=dict)
    sectors: Mapping[str, int] = field(default_factory=dict)
    topics: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()  # ids that the rule set gave, never words
    concepts: frozenset[str] = frozenset()  # ids of the evidence
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # language -> stem -> reports
    things: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # language -> stem of the object -> reports
    names: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # language -> proper name in the object
    marks: Mapping[str, int] = field(default_factory=dict)
    deadlines: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()  # days of the event that a text spells out
    on: str = ""  # the day on which a single report says that it happened; not kept
    titles: tuple[tuple[str, str], ...] = ()  # language, title
    sources: tuple[tuple[str, int], ...] = ()  # article id, simhash; oldest first
    told: Mapping[str, str] = field(default_factory=dict)  # stage -> ISO time of the first report that may alert
    last_at: str = ""  # ISO time of the newest report
    package: bool = False
    reports: int = 0
    apart: frozenset[str] = frozenset()  # article ids that a person took out of this story
    denied: bool = False  # suspended, ended or denied, and not taken up since
    seen: tuple[str, ...] = ()  # marks of the reports placed here, so that placing one twice changes nothing
    known: Mapping[str, str] = field(default_factory=dict)  # stage -> ISO time since when mentions say it was reached


def principal(party: Party) -> str:
    """For whom a party acts: its state, else itself (an international organisation, ``many``, ``open``)."""
    return party.country or party.id


def principals(announcement: Announcement) -> tuple[str, ...]:
    """The distinct principals of an act, sorted."""
    return tuple(sorted({principal(party) for party in announcement.parties}))


def is_id(value: str) -> bool:
    """Whether an object is an id of the rule set rather than words of the text: ids hold a dot or an underscore and
    no space."""
    return (
        bool(value)
        and " " not in value
        and value.isascii()
        and value == value.lower()
        and ("." in value or "_" in value)
    )


def of_report(report: Report, *, headed: bool = True, text: str = "", vocabulary: Vocabulary = WORDLESS) -> Signature:
    """The signature of a single report. ``headed`` says that headline and first sentences are about this act,
    ``text`` is the article's cleaned text where the caller has it, ``vocabulary`` is the rule set's. Neither text nor
    headline is kept but for the headline of a tie-break."""
    said = report.announcement
    parties = frozenset(principals(said))
    named = _named(report, text)
    meanings = vocabulary.of(report.lang)
    names = _named(report, text, _SAYS_WHAT)  # "free trade agreement" is an instrument that says what it is about
    ignore = {*stems(named), *filter(is_meaning, stems(names, meanings=meanings))}

    def telling(words: str) -> Mapping[str, int]:
        return dict.fromkeys(sorted(set(stems(words, vocabulary.common, meanings, ignore)) - ignore), 1)

    besides = vocabulary.besides(report.lang)
    thing = "" if is_id(said.object) else besides.cut(said.object)
    spoken = f"{besides.cut(said.quote)} {thing}"
    if headed:
        spoken = f"{besides.cut(report.title)} {spoken} {besides.lead(text[:_LEAD_CHARS], said.quote)}"
    agreed = telling(thing)
    if not any(span.concept.startswith(_INSTRUMENT) for span in said.evidence):
        # with no instrument the words run on from a verb: only what is known to mean a thing names one
        agreed = _meant(agreed)
    named_things = _proper(thing, agreed, report.lang, vocabulary)
    dated = (
        len(said.event_date) == 10 and said.date_basis == "explicit"
    )  # "today" is the day of the copy, not of the act
    return Signature(
        principals=dict.fromkeys(sorted(parties), 1),
        bodies=frozenset(f"{party.country}:{party.id}" for party in said.parties if party.kind in _OWN_ACCOUNT),
        types={said.type.value: 1},
        sectors={sector.value: 1 for sector in said.sectors},
        topics=frozenset(said.topics),
        objects=frozenset({said.object} if is_id(said.object) else ()),
        concepts=frozenset(span.concept for span in said.evidence) - parties,
        words={report.lang or "?": telling(spoken)},
        things={report.lang or "?": agreed} if thing else {},
        names={report.lang or "?": named_things} if named_things else {},
        marks=dict.fromkeys(sorted(set(marks(spoken)) - set(marks(named))), 1),
        deadlines=frozenset({said.deadline} - {""}),
        dates=frozenset({said.event_date} if dated else ()),
        on=said.event_date if len(said.event_date) == 10 and said.date_basis in ("explicit", "relative") else "",
        titles=((report.lang, report.title),) if report.title and headed else (),
        sources=((report.article_id, report.simhash),),
        last_at=(report.published_at or report.seen_at).astimezone(UTC).isoformat(),
        package=said.count > 1,
        reports=1,
    )


def _meant(words: Mapping[str, int]) -> Mapping[str, int]:
    return {word: count for word, count in words.items() if is_meaning(word)}


def _proper(thing: str, agreed: Mapping[str, int], lang: str, vocabulary: Vocabulary) -> Mapping[str, int]:
    """What the object names: places, projects, blocks by their number; no states, and not where every noun has a capital."""
    found = {name for name in names(thing, vocabulary.nations) if name in agreed or name.startswith("#")}
    return {} if vocabulary.of(lang).compounds else dict.fromkeys(sorted(found), 1)


def _named(report: Report, text: str, but: tuple[str, ...] = _TELLING) -> str:
    """Names of parties and the words of act and instrument: what is compared by id is not compared by words as well."""
    fields = {"title": report.title, "text": text}
    found = [party.name for party in report.announcement.parties]
    for span in report.announcement.evidence:
        if not span.concept.startswith(but):
            found.append(fields.get(span.field, "")[span.start : span.end])
    return " ".join(found)


def joined(old: Signature, new: Signature) -> Signature:
    """The signature of a story after one more report. Counts add up; the rarest words go first when the limits are
    reached."""
    return Signature(
        principals=_sum(old.principals, new.principals),
        bodies=old.bodies | new.bodies,
        types=_sum(old.types, new.types),
        sectors=_sum(old.sectors, new.sectors),
        topics=old.topics | new.topics,
        objects=old.objects | new.objects,
        concepts=old.concepts | new.concepts,
        words=_by_language(old.words, new.words),
        things=_by_language(old.things, new.things),
        names=_by_language(old.names, new.names),
        marks=_sum(old.marks, new.marks, _MAX_MARKS),
        deadlines=old.deadlines | new.deadlines,
        dates=old.dates | new.dates,
        titles=tuple(dict.fromkeys((*old.titles, *new.titles)))[:_MAX_TITLES],
        sources=_newest({**dict(old.sources), **dict(new.sources)}),
        told=_earliest(old.told, new.told),
        last_at=max(old.last_at, new.last_at),
        package=old.package or new.package,
        reports=old.reports + new.reports,
        apart=old.apart | new.apart,
        denied=old.denied or new.denied,
        seen=tuple(dict.fromkeys((*old.seen, *new.seen)))[-_MAX_SEEN:],
        known=_earliest(old.known, new.known),
    )


def dump(signature: Signature) -> str:
    """JSON, short keys, the same bytes for the same signature; empty parts are left out."""
    parts: dict[str, object] = {
        "p": dict(signature.principals),
        "bodies": sorted(signature.bodies),
        "t": dict(signature.types),
        "s": dict(signature.sectors),
        "i": sorted(signature.topics),
        "o": sorted(signature.objects),
        "c": sorted(signature.concepts),
        "w": {lang: dict(counts) for lang, counts in signature.words.items()},
        "g": {lang: dict(counts) for lang, counts in signature.things.items()},
        "names": {lang: dict(counts) for lang, counts in signature.names.items()},
        "m": dict(signature.marks),
        "until": sorted(signature.deadlines),
        "d": sorted(signature.dates),
        "h": [list(title) for title in signature.titles],
        "a": [[article_id, f"{value:x}"] for article_id, value in signature.sources],
        "told": dict(signature.told),
        "last": signature.last_at,
        "package": signature.package,
        "n": signature.reports,
        "apart": sorted(signature.apart),
        "denied": signature.denied,
        "seen": list(signature.seen),
        "known": dict(signature.known),
    }
    kept = {"v": VERSION, **{key: value for key, value in parts.items() if value}}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=4096)
def load(text: str) -> Signature:
    """The signature that ``dump`` wrote; an empty one for an empty string. Remembered, since candidates come again
    and again."""
    if not text:
        return Signature()
    parts = json.loads(text)
    return Signature(
        principals=parts.get("p", {}),
        bodies=frozenset(parts.get("bodies", ())),
        types=parts.get("t", {}),
        sectors=parts.get("s", {}),
        topics=frozenset(parts.get("i", ())),
        objects=frozenset(parts.get("o", ())),
        concepts=frozenset(parts.get("c", ())),
        words=parts.get("w", {}),
        things=parts.get("g", {}),
        names=parts.get("names", {}),
        marks=parts.get("m", {}),
        deadlines=frozenset(parts.get("until", ())),
        dates=frozenset(parts.get("d", ())),
        titles=tuple((lang, title) for lang, title in parts.get("h", ())),
        sources=tuple((article_id, int(value, 16)) for article_id, value in parts.get("a", ())),
        told=parts.get("told", {}),
        last_at=parts.get("last", ""),
        package=parts.get("package", False),
        reports=parts.get("n", 0),
        apart=frozenset(parts.get("apart", ())),
        denied=parts.get("denied", False),
        seen=tuple(parts.get("seen", ())),
        known=parts.get("known", {}),
    )


def of_story(story: Story) -> Signature:
    """The memory that a story carries."""
    return load(story.signature)


def told_at(signature: Signature, stage: Stage) -> datetime | None:
    """When a report that may alert first reached ``stage``; None when none has."""
    value = signature.told.get(stage.value)
    return datetime.fromisoformat(value) if value else None


def _sum(one: Mapping[str, int], other: Mapping[str, int], limit: int = 0) -> Mapping[str, int]:
    total = Counter(one)
    total.update(other)
    ranked = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(sorted(ranked[:limit] if limit else ranked))


def _by_language(
    one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]
) -> Mapping[str, Mapping[str, int]]:
    return {
        lang: _sum(one.get(lang, _NOTHING), other.get(lang, _NOTHING), _MAX_WORDS) for lang in sorted({*one, *other})
    }


def _newest(sources: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    # the first report stays for ever: it is what later copies are copies of
    pairs: Iterable[tuple[str, int]] = sources.items()
    listed = tuple(pairs)
    return listed if len(listed) <= _MAX_SOURCES else (listed[0], *listed[-(_MAX_SOURCES - 1) :])


def _earliest(one: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
    return {name: min(times[name] for times in (one, other) if name in times) for name in sorted({*one, *other})}
