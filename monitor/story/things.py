"""Whether a report and a story speak of the same thing: what was agreed, as the text names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.story.meanings import is_meaning
from monitor.story.outline import Outline

SAME_REPORT_DAYS = 5
RECENT_DAYS = 14
_OTHER_THING_DAYS = 30  # later reports tell of the same thing in words of its life: works begun, a text signed
_SINGLE_WORD = 0.7  # a thing named by one word ("tax") may be another of its kind, where there are others
_SAID = 0.5  # of a word that only these two hold


def about_the_thing(new: Outline, old: Outline, rarity: Mapping[str, float], rivals: int) -> dict[str, float]:
    """The facts about the things of a report and a story, by name (see ``features``). Where no language is shared, only
    what both languages' words are known to mean can be compared; where one side's object is but "the pact", all that
    its words mean, which says less."""
    mine: Sequence[str] = [word for lang, words in new.things.items() if lang in old.things for word in words]
    theirs: Sequence[str] = [word for lang, words in old.things.items() if lang in new.things for word in words]
    abroad = not mine and not theirs
    if abroad:
        mine, theirs = new.things_meant, old.things_meant
    days = abs(new.last - old.last)
    facts: dict[str, float] = {}
    if days <= _OTHER_THING_DAYS:
        if new.things_meant and old.things_meant and _mean_other(mine, old) and _mean_other(theirs, new):
            facts["things_mean_other"] = 1.0
        if new.names and old.names and _are_named_otherwise(new, old):
            facts["names_differ"] = 1.0
    if abroad and new.things and old.things and new.said.keys().isdisjoint(old.said):
        facts["nothing_shared_abroad"] = 1.0  # parties and day alone: too little to be the same act
    if not mine or not theirs:
        return facts | _by_all_meanings(new, old, rarity)
    there = sum(rarity.get(word, 1.0) * old.said.get(word, 0.0) for word in mine)
    here = sum(rarity.get(word, 1.0) for word in theirs if word in new.said)
    where = "_abroad" if abroad else ""
    now = "" if days > SAME_REPORT_DAYS else "_now"
    meant = bool(new.things_meant and old.things_meant)
    if max(there, here) < _SAID and not (meant and _is_usual(mine, theirs, new, old, abroad=abroad)):
        single = "" if abroad or _is_telling(mine, theirs, new, old) else "_single"
        return facts | {f"thing_unsaid{single}{where}{now}": 1.0}
    shares = min(1.0, there / len(mine)), min(1.0, here / len(theirs))
    # soon, the shorter name suffices; weeks later what is named more exactly may be another thing of its kind
    alike = min(shares) if days > RECENT_DAYS else max(shares)
    facts[f"thing_said{where}"] = alike if abroad or len(mine) > 1 or not rivals else _SINGLE_WORD * alike
    if days <= _OTHER_THING_DAYS:
        # each side names what the other does not: sorghum and grapes, though both are in a protocol on quarantine
        both = max(_named_too(mine, old.said), _named_too(theirs, new.said)) if now else max(shares)
        facts[f"thing_apart{where}{now}"] = 1 - both
    return facts


def _are_named_otherwise(new: Outline, old: Outline) -> bool:
    """Whether in one language each object names what the other report never says: hospitals in Aswan and in Luxor, blocks
    12 and 47. Names are not compared across languages: each writes them in its way."""
    for lang in new.names.keys() & old.names.keys():
        mine, theirs = new.names[lang], old.names[lang]
        for ours, others, said in ((_places(mine), _places(theirs), True), (_numbers(mine), _numbers(theirs), False)):
            apart = ours.isdisjoint(old.said) and others.isdisjoint(new.said) if said else ours.isdisjoint(others)
            if ours and others and apart:
                return True
    return False


def _numbers(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.startswith("#"))


def _places(names: frozenset[str]) -> frozenset[str]:
    return names - _numbers(names)


def _named_too(words: Sequence[str], said: Mapping[str, float]) -> float:
    """The share of a thing's words that the other side says as well, usual between these parties or not."""
    return sum([said.get(word, 0.0) for word in words]) / len(words)


def _mean_other(words: Sequence[str], other: Outline) -> bool:
    """Whether a thing is known to mean what the other side never says: pipes and ports, though both name a standard."""
    return any(is_meaning(word) and word not in other.said for word in words)


def _is_usual(mine: Sequence[str], theirs: Sequence[str], new: Outline, old: Outline, *, abroad: bool) -> bool:
    """Whether the things are spoken of on both sides, be they ever so usual between these parties: one exercise of the same
    allies is not another for that. Within a language a meaning must be shared, across languages any is one."""
    if not abroad and not any(is_meaning(word) and word in theirs for word in mine):
        return False
    return any(word in old.said for word in mine) or any(word in new.said for word in theirs)


def _is_telling(mine: Sequence[str], theirs: Sequence[str], new: Outline, old: Outline) -> bool:
    """Whether both things are named well enough to be missed: a single word may be but the place where it was signed,
    unless it is known to mean a thing or nothing else is alike either."""
    named = all(len(words) > 1 or is_meaning(words[0]) for words in (mine, theirs))
    return named or new.said.keys().isdisjoint(old.said)


def _by_all_meanings(new: Outline, old: Outline, rarity: Mapping[str, float]) -> dict[str, float]:
    if not new.meant or not old.meant:
        return {}
    fewest = min(len(new.meant), len(old.meant))
    shared = sum(rarity.get(word, 1.0) * old.said.get(word, 0.0) for word in new.meant)
    return {"meant_said": min(1.0, shared / fewest)} if shared >= _SAID else {"meant_unsaid": min(2.0, fewest)}
