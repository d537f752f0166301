"""Which of the known stories a report is likest to. Decides nothing: ``placing`` says what follows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.model import Story
from monitor.story import outline as outlines
from monitor.story import signature as memory_of
from monitor.story.affinity import Affinity, affinity, rarities, title_likeness
from monitor.story.facts import copy_of
from monitor.story.outline import Outline
from monitor.story.signature import Signature

_TIE: Final = 0.3  # log-odds nearer than this say nothing about which of two stories it is


@dataclass(frozen=True, slots=True)
class Match:
    """A story that a report may belong to. ``is_same`` says that this very report is in it already."""

    story: Story
    affinity: Affinity
    is_same: bool = False


def nearest(
    article_id: str, mark: str, memory: Signature, stories: Sequence[Story], edited: Collection[str] = ()
) -> Match | None:
    """The likeliest story for the report of one article, or None where it can be none of them. ``mark`` is the
    report's; ``edited`` are stories that an earlier version of the article told: this one may name other parties."""
    new = outlines.outline(memory)
    known = [pair for pair in ((story, outlines.of_story(story)) for story in stories) if _may_be(new, mark, pair[1])]
    rarity = rarities(new, [old for _, old in known])
    rivals = sum(_is_rival(new, old) for _, old in known)
    found: list[Match] = []
    for story, old in known:
        if mark in old.seen:
            return Match(story, Affinity(0.0), is_same=True)
        if article_id in old.apart:
            continue
        if article_id in old.articles and _is_another(new, old) and not (story.id in edited and _is_nested(new, old)):
            continue
        likeness = affinity(new, old, rarity, rivals - _is_rival(new, old))
        if likeness is not None:
            found.append(Match(story, likeness))
    return _pick(memory, found)


def _may_be(new: Outline, mark: str, old: Outline) -> bool:
    return not new.sides.isdisjoint(old.core) or mark in old.seen or bool(new.hashes and copy_of(new, old))


def _is_rival(new: Outline, old: Outline) -> bool:
    """Whether a story is another act that these principals may be reported with: one that was worth telling."""
    return old.is_told and len(new.sides & old.core) > 1


def _is_another(new: Outline, old: Outline) -> bool:
    """Whether two acts that one article tells of are two: other parties, another thing that the rule set knows, or a
    package and one of the acts in it."""
    return new.package != old.package or bool(new.objects - old.objects) or new.sides != old.sides


def _is_nested(new: Outline, old: Outline) -> bool:
    return new.package == old.package and (new.sides <= old.sides or old.sides <= new.sides)


def _pick(memory: Signature, found: Sequence[Match]) -> Match | None:
    """The likeliest; of several about as likely the one with the likest headline, then the oldest. Ids settle what is
    left, so that the order of the candidates never matters."""
    best = max((match.affinity.value for match in found), default=0.0)
    close = [match for match in found if match.affinity.value >= best - _TIE]
    if len(close) > 1:
        titles = [title_likeness(memory, memory_of.of_story(match.story)) for match in close]
        close = [match for match, title in zip(close, titles, strict=True) if title == max(titles)]
    return min(close, key=lambda match: (-match.affinity.value, match.story.opened_at, match.story.id), default=None)
