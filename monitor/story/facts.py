"""The facts about a report and a story that may tell of the same act. Each is plain, has a name, and weighs what
``affinity`` says; none is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from monitor.story.outline import Outline
from monitor.story.things import RECENT_DAYS, SAME_REPORT_DAYS, about_the_thing

MEMORY_DAYS = 400
_FADING_DAYS = 380  # a story is still known on its first anniversary; from then on memory ends gently
_COPY_BITS = 6  # of 64 that differ: a share of .90 equal bits (see simhash)
# facts that speak for the same act, beside parties, days and words
SIGNS = frozenset(
    {"object_same", "copy", "thing_said", "thing_said_abroad", "meant_said", "marks_shared", "topic_same", "date_same"}
)
_SAYS_THE_SAME = ("object_same", "thing_said", "words_share")

Facts = dict[str, float]


def features(new: Outline, old: Outline, rarity: Mapping[str, float], rivals: int = 0) -> Facts | None:
    """The facts about a pair by name, or None where the two cannot be one act: no principal in common and no text, or
    too long ago.

    ``rarity`` says for each stem and mark of the report how much it tells (1 = only one candidate holds it, 0 = all
    do), ``rivals`` how many other stories of these principals there are: the more, the more a report must say to be
    one of them.
    """
    days = abs(new.last - old.last)
    copied = bool(new.hashes and copy_of(new, old))
    if days > MEMORY_DAYS or (not copied and new.sides.isdisjoint(old.core)):
        return None
    if _are_other_pairs(new.sides, old.core) and new.objects.isdisjoint(old.objects):
        return None
    facts: Facts = {_sides(new.sides, old.core): 1, "rivals_log": log(1 + rivals), "days_log": log(1 + days)}
    if copied and (new.sides <= old.core or old.core <= new.sides):
        # press offices tell many acts in the same words: what names another party is no copy
        facts["copy"] = 1
    if days <= 2:
        facts["within_2_days"] = 1
    _object(facts, new, old, days)
    facts |= about_the_thing(new, old, rarity, rivals)
    _words(facts, new, old, rarity, days)
    _coded(facts, new, old)
    _parties_alone(facts)
    if days > RECENT_DAYS:
        alike = max(facts.get(name, 0.0) for name in _SAYS_THE_SAME)
        facts["long_ago"] = 1
        if ("principals_nested" in facts or "principals_shared" in facts) and "object_same" not in facts:
            facts["sides_differ_late"] = 1
        facts["told_alike_late"] = alike * log(1 + days)
        facts["told_alike_abroad_late"] = facts.get("thing_said_abroad", 0.0) * log(1 + days)
        facts["fading"] = max(0.0, (days - _FADING_DAYS) / (MEMORY_DAYS - _FADING_DAYS))
    return facts


def _parties_alone(facts: Facts) -> None:
    """Where nothing is said on both sides and they are not of one field, parties and day are too little."""
    if not SIGNS.isdisjoint(facts):
        return
    if "words_none" in facts and "sector_differs" in facts:
        facts["parties_alone"] = 1
    elif "nothing_shared_abroad" in facts and "other_language" in facts and "sector_same" not in facts:
        facts["parties_alone_abroad"] = 1


def _are_other_pairs(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two states with each other stand against one of them with a third: two bilateral acts, in however like
    words a ministry tells them."""
    pairs = all(len(side) == 2 and not any("." in name for name in side) for side in (mine, theirs))
    return pairs and mine != theirs


def copy_of(new: Outline, old: Outline) -> str:
    """The article of the story whose text the report copies, or an empty string."""
    for mine, _ in new.hashes:
        for value, article_id in old.hashes:
            if (mine ^ value).bit_count() <= _COPY_BITS:
                return article_id
    return ""


def _sides(mine: frozenset[str], theirs: frozenset[str]) -> str:
    """How the principals of a report and of a story relate. Two acts of one state with different partners clash, even
    where an organisation is named beside them: reports of tax treaties all name the OECD."""
    if mine == theirs:
        return "principals_equal"
    shared = mine & theirs
    if mine > theirs or theirs > mine:
        return "principals_nested" if len(shared) >= 2 else "principals_one"
    return "principals_shared" if sum("." not in name for name in shared) >= 2 else "principals_clash"


def _object(facts: Facts, new: Outline, old: Outline, days: float) -> None:
    if new.package != old.package:
        facts["package_and_single_late" if days > SAME_REPORT_DAYS else "package_and_single"] = 1
    elif new.package and days > SAME_REPORT_DAYS:
        facts["package_of_another_day"] = 1  # the documents of the next visit, told in the same words
    elif new.objects and old.objects:
        facts["object_differs" if new.objects.isdisjoint(old.objects) else "object_same"] = 1


def _words(facts: Facts, new: Outline, old: Outline, rarity: Mapping[str, float], days: float) -> None:
    shared = sum(rarity.get(word, 1.0) * old.said[word] for word in new.said.keys() & old.said.keys())
    facts["words_shared"] = min(shared, 6.0)
    if new.languages.isdisjoint(old.languages):
        facts["other_language_late" if days > SAME_REPORT_DAYS else "other_language"] = 1
    else:
        facts["words_share"] = shared / (min(len(new.said), old.usual) or 1)
        if shared < 0.5:
            facts["words_none"] = 1
    marks = new.marks & old.marks
    if marks:
        facts["marks_shared"] = min(2.0, sum(rarity.get(mark, 1.0) for mark in marks))


def _coded(facts: Facts, new: Outline, old: Outline) -> None:
    if new.types and old.types and new.types.isdisjoint(old.types):
        facts["type_differs"] = 1
    if new.sectors and old.sectors:
        facts["sector_differs" if new.sectors.isdisjoint(old.sectors) else "sector_same"] = 1
    if not new.topics.isdisjoint(old.topics):
        facts["topic_same"] = 1
    if new.is_accession and not old.is_accession and not new.sides <= old.core:
        facts["joined_by_another"] = 1  # who joins an agreement later makes news of its own
    if new.deadlines and old.deadlines and new.deadlines.isdisjoint(old.deadlines) and not new.is_renewal:
        facts["deadlines_differ"] = 1  # two calls; one that is extended says so
    if new.bodies and old.bodies and _other_bodies(new.bodies, old.bodies):
        facts["bodies_differ"] = 1
    if _happened_again(new, old):
        facts["happened_again"] = 1
    if new.dates and old.dates:
        apart = min(abs(one - other) for one in new.dates for other in old.dates)
        facts["date_differs" if apart else "date_same"] = min(1.0, apart / 3) if apart else 1.0


def _other_bodies(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether for one country each side names bodies that act on their own account, and none is the same: Oxford is
    not Cambridge."""
    ours, others = ({one.partition(":")[0] for one in bodies} for bodies in (mine, theirs))
    shared = {one.partition(":")[0] for one in mine & theirs}
    return bool((ours & others) - shared)


def _happened_again(new: Outline, old: Outline) -> bool:
    """Whether the report dates a stage that the story reached days before: what was signed on Monday is not signed on
    the next."""
    if new.on is None or old.denied:
        return False
    return any(new.on - old.told[stage] > SAME_REPORT_DAYS for stage in new.told if stage in old.told)
