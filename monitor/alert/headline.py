"""The headline of a story in a route's language, composed from its coded fields (parties, act, stage, sectors): no
translation, so nothing in it can be more than the rules found."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.alert import clean, facts
from monitor.alert.facts import Alert
from monitor.alert.words import Words
from monitor.model import ActType, Announcement, Party, Sector, Stage, Story, StoryChange

SUBJECT_LIMIT = 150  # code points: mail clients show 60 to 100, and a 16 kB title once folded into 224 lines
PARTIES_SHOWN = 4
SECTORS_SHOWN = 2
_TAKEN_BACK = frozenset({"retracted", "suspended", "disputed"})


def of_story(story: Story, words: Words) -> str:
    """The headline of a story at its present stage."""
    return compose(story.parties, story.type, story.stage, story.sectors, story.object, story.count, words)


def of_change(change: StoryChange, words: Words) -> str:
    """The headline of what happened now: the story's act at the stage that this article reports."""
    story, stage = change.story, facts.stage_of(change)
    return compose(story.parties, story.type, stage, story.sectors, story.object, story.count, words)


def marked(change: StoryChange, words: Words) -> str:
    """The headline; of what is denied, suspended or disputed it does not say "signed" without that."""
    title, kind = of_change(change, words), facts.kind_of(change)
    return words.text(f"subject.{kind}", headline=title) if kind in _TAKEN_BACK else title


def of_announcement(found: Announcement, words: Words) -> str:
    """The headline of an announcement or mention that has no story to name."""
    return compose(found.parties, found.type, found.stage, found.sectors, found.object, found.count, words)


def of_mention(found: Announcement, words: Words) -> str:
    """A refused report: who and what kind of act, without a stage, which is what the refusal doubts."""
    named = party_list([party for party in found.parties if party.id != "open"], words)
    head = words.text("headline.plain", parties=named, act=words.text(f"type.{found.type}"))
    thing_name = clean.line(words.name_of(found.object), 90) if len(found.object) > 2 else ""
    return words.text("headline.object", headline=head, object=thing_name) if thing_name else head


def compose(
    parties: Sequence[Party],
    act: ActType,
    stage: Stage,
    sectors: Sequence[Sector],
    thing: str,
    count: int,
    words: Words,
) -> str:
    """ "Russia and China: joint body created (AI and digital)". The object is named where the rule set knows its name."""
    is_open = any(party.id == "open" for party in parties)
    named = party_list([party for party in parties if party.id != "open"], words)
    head = words.text("headline.plain", parties=named, act=words.count(f"act.{act}.{stage}", count))
    thing_name = clean.line(words.name_of(thing), 90) if len(thing) > 2 else ""
    if thing_name:
        head = words.text("headline.object", headline=head, object=thing_name)
    if is_open:
        head = words.text("headline.open", headline=head)
    shown = [words.text(f"sector.{sector}") for sector in sectors if sector is not Sector.OTHER][:SECTORS_SHOWN]
    return words.text("headline.sector", headline=head, sectors=", ".join(shown)) if shown else head


def party_list(parties: Sequence[Party], words: Words) -> str:
    """ "A, B, C and 5 more"; each name once."""
    names = list(dict.fromkeys(words.party(party) for party in parties))
    if not names:
        return words.text("headline.unknown")
    if len(names) > PARTIES_SHOWN:
        rest = words.count("who.more", len(names) - PARTIES_SHOWN + 1)
        return ", ".join(names[: PARTIES_SHOWN - 1]) + " " + rest
    return words.listed(names)


def subject(alert: Alert, words: Words) -> str:
    """The subject of an alert: the best story's headline, what kind of news it is unless it is new, how many more."""
    first = alert.changes[0]
    text = of_change(first, words)
    kind = "late" if alert.late and facts.kind_of(first) == "new" else facts.kind_of(first)
    if words.has(f"subject.{kind}"):
        text = words.text(f"subject.{kind}", headline=text)
    more = len(alert.changes) - 1
    if more:
        key = "subject.more.one" if more == 1 else "subject.more.many"
        tail = words.text(key, headline="", n=more)
        return clean.cut(text, SUBJECT_LIMIT - len(tail)) + tail
    return clean.cut(text, SUBJECT_LIMIT)
