"""Short ways to write articles, announcements and judgements for the tests of monitor.story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.model import (
    ActType,
    Announcement,
    Article,
    Judgement,
    Mention,
    Party,
    Reason,
    Sector,
    Span,
    Stage,
    Verdict,
)

START = datetime(2026, 2, 5, 9, 0, tzinfo=UTC)


def party(name: str) -> Party:
    """A state where the id has two letters, else an organisation."""
    return Party(name, "state" if len(name) == 2 else "organisation", name if len(name) == 2 else None, name)


def said(
    sides: str,
    quote: str = "",
    *,
    stage: Stage = Stage.SIGNED,
    type: ActType = ActType.AGREEMENT,
    sector: Sector = Sector.ENERGY,
    thing: str = "",
    score: float = 0.8,
    count: int = 1,
    deadline: str = "",
    event_date: str = "",
    date_basis: str = "",
) -> Announcement:
    """An announcement; ``sides`` are party ids with blanks between them."""
    return Announcement(
        type=type,
        stage=stage,
        parties=tuple(party(name) for name in sides.split()),
        quote=quote,
        rule="test.rule",
        score=score,
        object=thing,
        count=count,
        sectors=(sector,),
        deadline=deadline,
        evidence=(Span(0, 0, "text", "instrument.agreement"),),
        event_date=event_date,
        date_basis=date_basis,
    )


def article(name: str, title: str, *, days: float = 0, text: str = "", lang: str = "en") -> Article:
    """An article published ``days`` after START."""
    at = START + timedelta(days=days)
    return Article(id=name, title=title, text=text or title, published_at=at, first_seen_at=at, language=lang)


def judged(
    *announcements: Announcement, mentions: tuple[tuple[Announcement, Reason], ...] = (), lang: str = "en"
) -> Judgement:
    """What the rules would have said."""
    return Judgement(
        lang=lang,
        verdict=Verdict.ANNOUNCEMENT if announcements else Verdict.CONTEXT,
        score=max((one.score for one in announcements), default=0.0),
        alert=any(one.score >= 0.5 for one in announcements),
        announcements=announcements,
        mentions=tuple(Mention(one, reason) for one, reason in mentions),
        reasons=tuple(reason for _, reason in mentions),
        ruleset="test",
    )
