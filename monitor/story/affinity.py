"""How likely a report and a story tell of the same act: a sum of named facts, each with its weight.

The weights were fitted on real reports of 177 acts, official releases in four languages and look-alikes of our own, and
rounded by hand (docs/decisions.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from rapidfuzz import fuzz

from monitor.story.facts import SIGNS, copy_of, features
from monitor.story.outline import Outline
from monitor.story.signature import Signature

BIAS = 0.0
WEIGHTS: Mapping[str, float] = {
    "happened_again": -2.5,
    "told_alike_late": 0.62,
    "told_alike_abroad_late": 0.4,
    "fading": -6,
    "joined_by_another": -3.5,
    "principals_equal": 1.6,
    "principals_nested": 2.4,
    "principals_shared": -0.7,
    "principals_one": -2.0,
    "principals_clash": -3.5,
    "rivals_log": -1.1,
    "days_log": -1.3,
    "long_ago": 1.65,
    "sides_differ_late": -2.1,
    "within_2_days": 0.7,
    "copy": 5.0,
    "object_same": 3.0,
    "object_differs": -2.5,
    "package_and_single": -2.5,
    "package_and_single_late": -6.0,
    "package_of_another_day": -4.0,
    "thing_said": 0.3,
    "thing_unsaid": -3.2,
    "thing_unsaid_now": -4.5,
    "thing_unsaid_single": -2.2,
    "thing_unsaid_single_now": -1.0,
    "thing_said_abroad": 1.0,
    "thing_unsaid_abroad": -4.4,
    "thing_unsaid_abroad_now": -4.6,
    "meant_said": 0.5,
    "meant_unsaid": -0.7,
    "thing_apart": -5.5,
    "thing_apart_abroad": -3.8,
    "thing_apart_abroad_now": -3.8,
    "thing_apart_now": -3.0,
    "things_mean_other": -5.0,
    "nothing_shared_abroad": -2.0,
    "names_differ": -4.0,
    "deadlines_differ": -2.5,
    "words_shared": 0.25,
    "words_share": 2.6,
    "words_none": -0.1,
    "other_language": 1.7,
    "other_language_late": -1.0,
    "marks_shared": 0.7,
    "type_differs": -0.5,
    "sector_same": 1.0,
    "sector_differs": -1.3,
    "bodies_differ": -3.5,
    "parties_alone": -1.8,
    "parties_alone_abroad": -2.2,
    "topic_same": 0.5,
    "date_same": 1.5,
    "date_differs": -2.0,
}


_A_WORD = 0.5  # shared, that not all stories of these parties hold


@dataclass(frozen=True, slots=True)
class Affinity:
    """The verdict on one pair: ``value`` is a log-odds, ``facts`` what it is made of, ``copy_of`` the article whose text
    it is."""

    value: float
    facts: Mapping[str, float] = field(default_factory=dict)
    copy_of: str = ""

    @property
    def names_it(self) -> bool:
        """Whether anything but parties and days speaks for the same act."""
        return bool(SIGNS & self.facts.keys()) or self.facts.get("words_shared", 0.0) >= _A_WORD

    def terms(self) -> tuple[tuple[str, float], ...]:
        """What each fact adds to ``value``, by name."""
        return tuple((name, WEIGHTS[name] * amount) for name, amount in self.facts.items())


def affinity(new: Outline, old: Outline, rarity: Mapping[str, float], rivals: int = 0) -> Affinity | None:
    """How likely the report ``new`` belongs to the story ``old``; None where it cannot (see ``features``)."""
    facts = features(new, old, rarity, rivals)
    if facts is None:
        return None
    value = BIAS
    for name, amount in facts.items():
        value += WEIGHTS[name] * amount
    return Affinity(value, facts, copy_of(new, old) if new.hashes else "")


def rarities(new: Outline, others: Sequence[Outline]) -> Mapping[str, float]:
    """For each stem and mark of a report that some story holds: 1 where one holds it, falling to 0 where all do.

    Stories that share a report's principals tell of the same leaders and capitals; what sets them apart is what few
    of them say.
    """
    counts: Counter[str] = Counter()
    for other in others:
        for word in new.said.keys() & other.said.keys():
            counts[word] += 1
        for mark in new.marks & other.marks:
            counts[mark] += 1
    total = len(others) + 2
    return {word: max(0.0, min(1.0, log(total / (count + 1)) / log(total / 2))) for word, count in counts.items()}


def title_likeness(new: Signature, old: Signature) -> float:
    """How like the report's headline is to the story's likest one of the same language, 0 to 1: a tie-break, no more
    (alone it told real reports of one act apart from others with a precision of .53)."""
    pairs = ((mine, theirs) for lang, mine in new.titles for other, theirs in old.titles if other == lang)
    return max((fuzz.token_set_ratio(mine, theirs) / 100 for mine, theirs in pairs), default=0.0)
