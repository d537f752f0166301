"""What one set of rules says otherwise than another of the same article. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor.model import Article, Judgement


class Kind(StrEnum):
    """``gained``: told now and not then; ``lost``: the other way round; ``changed``: told both times, but as another act."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One article of which something else would be told. ``then`` and ``now`` are in words."""

    kind: Kind
    article_id: str
    title: str
    url: str
    then: str
    now: str


def difference(article: Article, then: Judgement, now: Judgement) -> Difference | None:
    """How ``now`` differs from ``then`` for somebody who gets alerts; None where it tells the same."""
    if then.alert == now.alert and (not now.alert or _acts(then) == _acts(now)):
        return None
    kind = Kind.CHANGED if then.alert == now.alert else Kind.GAINED if now.alert else Kind.LOST
    return Difference(kind, article.id, article.title, article.url, _words(then), _words(now))


def _acts(judgement: Judgement) -> frozenset[tuple[str, ...]]:
    """What an alert says first: kind of act, stage, who with whom."""
    return frozenset(
        (said.type.value, said.stage.value, *sorted(party.id for party in said.parties))
        for said in judgement.announcements
    )


def _words(judgement: Judgement) -> str:
    if not judgement.announcements:
        return ", ".join([judgement.verdict.value, *judgement.reasons])
    best = judgement.announcements[0]
    sides = " + ".join(party.id for party in best.parties)
    return f"{best.type} {best.stage} {sides}, score {judgement.score:.2f}"
