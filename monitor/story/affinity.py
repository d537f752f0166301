"""How likely a report and a story tell of the same act: a sum of named terms, each a plain fact about both.

The weights were fitted on reports of 177 acts by dozens of outlets and rounded by hand (docs/decisions.md);
``bench`` can fit them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log

from monitor.model import Stage
from monitor.story.signature import OPEN_ENDED, Signature
from monitor.story.simhash import likeness

COPY = 0.90  # share of equal bits from which a body is a copy (see simhash)
SAME_REPORT_DAYS = 5
MEMORY_DAYS = 400
_RECENT_DAYS = 14
_FADING_DAYS = 380  # a story is still known on its first anniversary; from then on memory ends gently
_SINGLE_WORD = 0.7  # a thing named by one word ("tax") may be another of its kind, where there are others
_VAGUE = frozenset({"other"})  # the sector of what fits none


@dataclass(frozen=True, slots=True)
class Affinity:
    """The verdict on one pair: ``value`` is a log-odds, ``terms`` its parts by name, ``copy_of`` the article whose
    text it is."""

    value: float
    terms: tuple[tuple[str, float], ...]
    copy_of: str = ""


BIAS = -0.2
WEIGHTS: Mapping[str, float] = {
    "happened_again": -2.5,
    "told_alike_late": 0.6,
    "fading": -6,
    "principals_equal": 1.9,
    "principals_nested": 2.4,
    "principals_shared": 0.5,
    "principals_one": -2.0,
    "principals_clash": -3.5,
    "rivals_log": -1.1,
    "days_log": -1.2,
    "long_ago": 1.4,
    "within_2_days": 0.7,
    "copy": 5.0,
    "object_same": 3.0,
    "object_differs": -2.5,
    "package_and_single": -1.0,
    "package_and_single_late": -6.0,
    "thing_said": 0.3,
    "thing_unsaid": -3.2,
    "words_shared": 0.25,
    "words_share": 2.6,
    "words_none": -0.1,
    "other_language": 1.7,
    "other_language_late": -1.0,
    "marks_shared": 0.7,
    "type_differs": -0.5,
    "sector_same": 0.8,
    "sector_differs": -1.3,
    "topic_same": 0.9,
    "date_same": 1.5,
    "date_differs": -1.2,
}


def affinity(new: Signature, old: Signature, rarity: Mapping[str, float], rivals: int = 0) -> Affinity | None:
    """How likely the report ``new`` belongs to the story ``old``; None where it cannot (see ``features``)."""
    facts = features(new, old, rarity, rivals)
    if facts is None:
        return None
    terms = [(name, WEIGHTS[name] * value) for name, value in facts.items() if value and name in WEIGHTS]
    return Affinity(BIAS + sum(value for _, value in terms), tuple(terms), _original(new, old))


def rarities(new: Signature, others: Sequence[Signature]) -> Mapping[str, float]:
    """For each stem and mark of a report that some story holds: 1 where one holds it, falling to 0 where all do.

    Stories that share a report's principals tell of the same leaders and capitals; what sets them apart is what few
    of them say.
    """
    counts: Counter[str] = Counter()
    mine = {word for held in new.words.values() for word in held} | new.marks.keys()
    for other in others:
        said = {word for held in other.words.values() for word in held} | other.marks.keys()
        counts.update(mine & said)
    total = len(others) + 2
    return {word: max(0.0, min(1.0, log(total / (count + 1)) / log(total / 2))) for word, count in counts.items()}


def _original(new: Signature, old: Signature) -> str:
    mine = new.sources[0][1]
    return next((article_id for article_id, value in old.sources if likeness(mine, value) >= COPY), "")


def features(new: Signature, old: Signature, rarity: Mapping[str, float], rivals: int = 0) -> dict[str, float] | None:
    """The facts about a pair by name, or None where the two cannot be one act: no principal in common, or too long
    ago.

    ``rarity`` says for each stem and mark of the report how much it tells (1 = only one candidate holds it, 0 = all
    do).
    """
    days = _days(new.last_at, old.last_at)
    if days > MEMORY_DAYS:
        return None
    mine, theirs = frozenset(new.principals) - OPEN_ENDED, old.core()
    common = mine & theirs
    copy = max((likeness(new.sources[0][1], value) for _, value in old.sources), default=0.0)
    if not common and copy < COPY:
        return None
    if _are_other_pairs(mine, theirs) and not new.objects & old.objects:
        return None
    facts: dict[str, float] = {}
    facts[_sides(mine, theirs)] = 1
    facts["rivals_log"] = log(1 + rivals)
    facts["days_log"] = log(1 + days)
    facts["long_ago"] = float(days > _RECENT_DAYS)
    facts["within_2_days"] = float(days <= 2)
    if copy >= COPY and (mine <= theirs or theirs <= mine):
        # press offices tell many acts in the same words: what names another party is no copy
        facts["copy"] = 1
    facts |= _object_facts(new, old, days)
    facts |= _thing_facts(new, old, rarity, rivals)
    facts |= _word_facts(new, old, rarity, days)
    facts |= _coded_facts(new, old)
    if days > _RECENT_DAYS:
        alike = (facts.get(name, 0.0) for name in ("object_same", "thing_said", "words_share"))
        facts["told_alike_late"] = max(alike) * log(1 + days)
        facts["fading"] = max(0.0, (days - _FADING_DAYS) / (MEMORY_DAYS - _FADING_DAYS))
    return facts


def _are_other_pairs(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two states with each other stand against one of them with a third: two bilateral acts, in however like
    words a ministry tells them."""
    pairs = all(len(side) == 2 and not any("." in name for name in side) for side in (mine, theirs))
    return pairs and mine != theirs


def _sides(mine: frozenset[str], theirs: frozenset[str]) -> str:
    """How the principals of a report and of a story relate. Two acts of one state with different partners clash, even
    where an organisation is named beside them: reports of tax treaties all name the OECD."""
    if mine == theirs:
        return "principals_equal"
    states = {name for name in mine & theirs if "." not in name}
    if mine - theirs and theirs - mine:
        return "principals_shared" if len(states) >= 2 else "principals_clash"
    return "principals_nested" if len(mine & theirs) >= 2 else "principals_one"


def _object_facts(new: Signature, old: Signature, days: float) -> dict[str, float]:
    if new.package != old.package:
        return {"package_and_single_late" if days > SAME_REPORT_DAYS else "package_and_single": 1}
    if new.objects and old.objects:
        return {"object_same": 1} if new.objects & old.objects else {"object_differs": 1}
    return {}


def _thing_facts(new: Signature, old: Signature, rarity: Mapping[str, float], rivals: int) -> dict[str, float]:
    """Whether what the report calls the thing agreed is spoken of in the story, and the other way round."""
    mine = _flat(new.things, old.things)
    theirs = _flat(old.things, new.things)
    if not mine or not theirs:
        return {}
    told = old.said()
    said = {word for counts in new.words.values() for word in counts}
    there = sum(rarity.get(word, 1.0) * told.get(word, 0.0) for word in mine)
    here = sum(rarity.get(word, 1.0) for word in theirs if word in said)
    if max(there, here) < 0.5:
        # a single word may be but the place where it was signed
        return {"thing_unsaid": 1.0 if min(len(mine), len(theirs)) > 1 else 0.3}
    told_alike = min(1.0, max(there / len(mine), here / len(theirs)))
    return {"thing_said": told_alike if len(mine) > 1 or not rivals else _SINGLE_WORD * told_alike}


def _flat(things: Mapping[str, Mapping[str, int]], others: Mapping[str, Mapping[str, int]]) -> set[str]:
    return {word for lang, counts in things.items() if lang in others for word in counts}


def _word_facts(new: Signature, old: Signature, rarity: Mapping[str, float], days: float) -> dict[str, float]:
    mine = {word for counts in new.words.values() for word in counts}
    theirs = old.said()
    shared = sum(rarity.get(word, 1.0) * theirs[word] for word in mine if word in theirs)
    facts = {"words_shared": min(shared, 6.0), "words_one": min(shared, 1.0)}
    if any(lang in old.words for lang in new.words):
        usual = sum(weight >= 1 for weight in theirs.values())
        facts["words_share"] = shared / (min(len(mine), usual) or 1)
        facts["words_none"] = float(shared < 0.5)
    else:
        facts["other_language_late" if days > SAME_REPORT_DAYS else "other_language"] = 1
    facts["marks_shared"] = min(2.0, sum(rarity.get(mark, 1.0) for mark in new.marks.keys() & old.marks.keys()))
    return facts


def _coded_facts(new: Signature, old: Signature) -> dict[str, float]:
    facts: dict[str, float] = {}
    if new.types and old.types:
        facts["type_same" if new.types.keys() & old.types.keys() else "type_differs"] = 1
    mine, theirs = new.sectors.keys() - _VAGUE, old.sectors.keys() - _VAGUE
    if mine and theirs:
        facts["sector_same" if mine & theirs else "sector_differs"] = 1
    if new.topics & old.topics:
        facts["topic_same"] = 1
    if _happened_again(new, old):
        facts["happened_again"] = 1
    if new.dates and old.dates:
        apart = min(
            _days(f"{one}T00:00:00+00:00", f"{other}T00:00:00+00:00") for one in new.dates for other in old.dates
        )
        facts["date_same" if not apart else "date_differs"] = 1.0 if not apart else min(1.0, apart / 3)
    if new.concepts and old.concepts:
        facts["concepts_share"] = len(new.concepts & old.concepts) / len(new.concepts | old.concepts)
    return facts


def _happened_again(new: Signature, old: Signature) -> bool:
    """Whether the report dates a stage that the story reached long before: what was signed in spring is not signed
    today."""
    if not new.on or old.denied:
        return False
    on = f"{new.on}T12:00:00+00:00"
    return any(
        on > old.told[stage] and _days(on, old.told[stage]) > _RECENT_DAYS
        for stage in new.told
        if stage in old.told and stage != Stage.RENEWED
    )


def _days(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    return abs((datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds()) / 86400
