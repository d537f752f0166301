"""What of a signature two acts are compared by, made ready once: sets, weights and times instead of counts and strings.

A great power's story is compared with every report of a year, so this is remembered with the signature's text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType

from monitor.model import Stage, Story
from monitor.story.meanings import is_meaning
from monitor.story.signature import OPEN_ENDED, Signature, load

_VAGUE = frozenset({"other"})  # the sector of what fits none
_RENEWS = "act.renew"
_JOINS = "act.join"
_NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outline:
    """One act as comparing sees it. Days are counted from the epoch, with fractions."""

    sides: frozenset[str]  # named principals
    core: frozenset[str]  # those that make the act
    bodies: frozenset[str]  # country:id
    languages: frozenset[str]
    said: Mapping[str, float]  # stem -> weight: 1 where a quarter of the reports say it
    usual: int  # stems of full weight
    things: Mapping[str, frozenset[str]]  # language -> stems of the thing agreed
    names: Mapping[str, frozenset[str]]  # language -> stems of what the object names
    things_meant: tuple[str, ...]  # what of them is known to mean the same in every language
    meant: tuple[str, ...]  # the same of what is said with full weight
    objects: frozenset[str]
    marks: frozenset[str]
    types: frozenset[str]
    sectors: frozenset[str]
    topics: frozenset[str]
    deadlines: frozenset[str]
    dates: tuple[float, ...]
    on: float | None  # the day that a single report says it happened on
    told: Mapping[str, float]  # stage -> day; renewals left out: they come again
    last: float
    package: bool
    denied: bool
    is_renewal: bool  # a report says that it is extended
    is_accession: bool  # a report says that somebody joins what others have
    is_told: bool
    hashes: tuple[tuple[int, str], ...]  # simhash, article id; oldest first
    seen: frozenset[str]
    articles: frozenset[str]
    apart: frozenset[str]


def outline(memory: Signature) -> Outline:
    """The outline of a signature."""
    said = _weights(memory)
    return Outline(
        sides=frozenset(memory.principals) - OPEN_ENDED,
        core=_core(memory),
        bodies=memory.bodies,
        languages=frozenset(memory.words),
        said=said,
        usual=sum(weight >= 1 for weight in said.values()),
        things={lang: frozenset(counts) for lang, counts in memory.things.items()},
        names={lang: frozenset(counts) for lang, counts in memory.names.items()},
        things_meant=tuple(word for counts in memory.things.values() for word in counts if is_meaning(word)),
        meant=tuple(word for word, weight in said.items() if weight >= 1 and is_meaning(word)),
        objects=memory.objects,
        marks=frozenset(memory.marks),
        types=frozenset(memory.types),
        sectors=frozenset(memory.sectors) - _VAGUE,
        topics=memory.topics,
        deadlines=memory.deadlines,
        dates=tuple(_day(named) for named in sorted(memory.dates)),
        on=_day(memory.on) if memory.on else None,
        told={stage: _time(at) for stage, at in memory.told.items() if stage != Stage.RENEWED},
        last=_time(memory.last_at) if memory.last_at else 0.0,
        package=memory.package,
        denied=memory.denied,
        is_renewal=_RENEWS in memory.concepts,
        is_accession=_JOINS in memory.concepts,
        is_told=bool(memory.told),
        hashes=tuple((value, article_id) for article_id, value in memory.sources if value),
        seen=frozenset(memory.seen),
        articles=frozenset(article_id for article_id, _ in memory.sources),
        apart=memory.apart,
    )


def of_story(story: Story) -> Outline:
    """The outline of what a story remembers."""
    return _remembered(story.signature)


@lru_cache(maxsize=8192)
def _remembered(text: str) -> Outline:
    return outline(load(text))


def _core(memory: Signature) -> frozenset[str]:
    """The principals that at least a third of the reports name: one careless report does not make a party. Two sides
    stay whatever is counted: a story of one principal would draw in every act of that state."""
    named = [(name, count) for name, count in memory.principals.items() if name not in OPEN_ENDED]
    ranked = sorted(named, key=lambda pair: (-pair[1], pair[0]))
    return frozenset(name for place, (name, count) in enumerate(ranked) if place < 2 or count * 3 >= memory.reports)


def _weights(memory: Signature) -> Mapping[str, float]:
    """Each stem with its weight. A story of a dozen reports holds many words that only one of them used."""
    if not memory.words:
        return _NONE
    total: Counter[str] = Counter()
    for counts in memory.words.values():
        total.update(counts)
    usual = max(1.0, memory.reports / 4)
    return {word: min(1.0, count / usual) for word, count in total.items()}


def _time(written: str) -> float:
    return datetime.fromisoformat(written).timestamp() / 86400


def _day(written: str) -> float:
    return float(date.fromisoformat(written).toordinal() - date(1970, 1, 1).toordinal()) + 0.5
