"""Turns an alert into a letter in the route's language: who, what, when, the proof, the sources, how independent they
are, what is new, what else the article holds, why it was sent and how long it took. Pure."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

from monitor.alert import clean, facts, headline, newness
from monitor.alert.facts import Alert, Source
from monitor.alert.letter import Card, Letter, Line, Reader, Row
from monitor.alert.sourcing import TITLE_LIMIT, quote, source_line, sourced
from monitor.alert.words import Words
from monitor.model import Announcement, Mention, ReadMethod, Reason, Sector, Step, Story, StoryChange

# What is listed before "and N more": a mail is read in ten seconds, the rest stands on the page and in the webhook.
ALSO_SHOWN = 6
WHO_SHOWN = 12
# steps that say more than the stage does; "opened" beside "launched" says the same twice
_TELLING_STEPS = frozenset({Step.INITIALLED, Step.APPROVED, Step.RATIFIED, Step.IN_FORCE, Step.EXTENDED, Step.ENDED})
_TOLD_REASONS = frozenset({Reason.OLD, Reason.ANNIVERSARY, Reason.DENIED, Reason.SUSPENDED})
_ID = re.compile(r"[a-z]+[._-][\w.-]*")


def alert_letter(alert: Alert, reader: Reader, now: datetime) -> Letter:
    """The letter of one alert, told at ``now``."""
    several = len(alert.changes) > 1
    cards = tuple(
        change_card(change, alert, reader, number if several else 0) for number, change in enumerate(alert.changes, 1)
    )
    return Letter(
        language=reader.words.language,
        subject=headline.subject(alert, reader.words),
        title=_article_title(alert) if several else "",
        contents=tuple(card.title for card in cards) if several else (),
        cards=cards,
        common=_common(alert, reader, now),
        footer=footer(reader, alert.changes[0].story),
    )


def change_card(change: StoryChange, alert: Alert, reader: Reader, number: int = 0, *, brief: bool = False) -> Card:
    """One story of an alert. ``number`` > 0 marks the n-th act of a list; it and a brief card leave out what the
    headline says already."""
    words = reader.words
    announced = facts.proof(change)
    late = alert.late and facts.kind_of(change) == "new"
    kicker = words.text(f"change.{'late' if late else facts.kind_of(change)}")
    if number:
        kicker = f"{words.text('act.number', n=number, total=len(alert.changes))} · {kicker}"
    found = facts.sources(change.story)
    brief = brief or number > 0
    rows = [_who(change, words, brief), _what(change, alert, words, brief), _when(announced, words)]
    if announced.type == "call":
        rows.append(_deadline(change.story, words))
    after = [
        *([] if number and len(found) < 2 else sourced(change, found, reader, brief)),
        newness.row(change, alert, words, reader.zone),
        _why(change, alert, reader),
    ]
    return Card(
        title=headline.marked(change, words),
        kicker=kicker,
        tone=facts.tone(change),
        rows=tuple(row for row in rows if row.lines),
        quote=quote(announced, change.report.lang, words),
        proof_label=words.text("label.proof"),
        after=tuple(row for row in after if row.lines),
    )


def _article_title(alert: Alert) -> str:
    return clean.line(alert.report.title, TITLE_LIMIT)


def _who(change: StoryChange, words: Words, brief: bool) -> Row:
    names = list(dict.fromkeys(words.party(party) for party in change.story.parties))
    shown = ", ".join(names[:WHO_SHOWN])
    if len(names) > WHO_SHOWN:
        shown += " " + words.count("who.more", len(names) - WHO_SHOWN)
    claimed = change.report.announcement.claimed_by
    note = ""
    if claimed:
        side = next((words.party(party) for party in change.story.parties if party.id == claimed), "")
        note = f"{words.text('label.claim')}: {side or words.name_of(claimed) or clean.line(claimed, 80)}"
    is_said = brief and len(names) <= headline.PARTIES_SHOWN and not note
    return Row(words.text("label.who"), (Line(shown, note=note),) if shown and not is_said else ())


def _what(change: StoryChange, alert: Alert, words: Words, brief: bool) -> Row:
    story, announced = change.story, change.report.announcement
    act = words.count(f"act.{story.type}.{facts.stage_of(change)}", story.count)
    if announced.step in _TELLING_STEPS:
        act += f" ({words.text(f'step.{announced.step}')})"
    sectors = ", ".join(words.text(f"sector.{sector}") for sector in story.sectors if sector is not Sector.OTHER)
    lines = [] if brief and announced.step not in _TELLING_STEPS else [Line(act[:1].upper() + act[1:], note=sectors)]
    thing = thing_named(story.object or announced.object, words)
    if thing:
        lines.append(Line(words.text("what.object", object=thing)))
    package = alert.known.get(story.part_of)
    if package:
        lines.append(Line(words.text("what.part_of", headline=headline.of_story(package, words))))
    return Row(words.text("label.what"), tuple(lines))


def thing_named(thing: str, words: Words) -> str:
    """What was agreed: the rule set's name of it, else the article's own words; an id without a name is not shown."""
    named = words.name_of(thing) if len(thing) > 2 else ""
    return clean.line(named or ("" if _ID.fullmatch(thing) else thing), TITLE_LIMIT)


def _when(announced: Announcement, words: Words) -> Row:
    if not announced.event_date:
        return Row(words.text("label.when"), (Line(words.text("when.unknown")),))
    day = words.day(announced.event_date)
    key = f"when.{announced.date_basis}"
    return Row(words.text("label.when"), (Line(words.text(key, date=day) if words.has(key) else day),))


def _deadline(story: Story, words: Words) -> Row:
    known = words.text("deadline.known", date=words.day(story.deadline)) if story.deadline else ""
    return Row(words.text("label.deadline"), (Line(known or words.text("deadline.missing")),))


def _why(change: StoryChange, alert: Alert, reader: Reader) -> Row:
    words, announced = reader.words, change.report.announcement
    line = words.text(
        "why.line", rule=clean.line(announced.rule, 80), route=reader.route, score=words.percent(announced.score)
    )
    return Row(words.text("label.why"), (Line(line),))


def _common(alert: Alert, reader: Reader, now: datetime) -> tuple[Row, ...]:
    """What holds for the article as a whole: what else it says, and the times."""
    words = reader.words
    told = [change.report.announcement for change in alert.changes]
    also = [
        Line(words.text(f"also.{how}", headline=headline.of_announcement(other, words)))
        for how, others in (("beside", alert.beside), ("known", alert.others))
        for other in others
        if other not in told and (how == "known" or _act(other) not in {_act(each) for each in told})
    ]
    also += _mentioned(alert, words)
    also = list({line.text: line for line in also}.values())
    if len(also) > ALSO_SHOWN:
        also = [*also[:ALSO_SHOWN], Line(words.count("also.more", len(also) - ALSO_SHOWN))]
    first = alert.changes[0]
    article = source_line(Source(first.report, False, False), first.story, reader)
    lone = len(alert.changes) > 1
    rows = (
        Row(words.text("label.sources"), (article,) if lone else ()),
        Row(words.text("label.also"), tuple(also)),
        _times(alert, reader, now),
    )
    return tuple(row for row in rows if row.lines)


def _mentioned(alert: Alert, words: Words) -> list[Line]:
    """The refused reports of other acts: those of old, denied or suspended acts one by one (an operator may know them),
    the doubtful ones counted. The act that is told, in another sentence, is no other act."""
    said = {_act(change.report.announcement) for change in alert.changes} | {
        _act(other) for other in (*alert.others, *alert.beside)
    }
    others = {(_act(m.announcement), m.reason): m for m in alert.mentions if _act(m.announcement) not in said}
    shown = [m for m in others.values() if m.reason in _TOLD_REASONS or _is_known(m, words)]
    lines = [
        words.text(
            "also.mention",
            reason=words.text(f"reason.{m.reason}"),
            headline=headline.of_mention(m.announcement, words),
        )
        for m in shown
    ]
    doubtful = Counter(m.reason for m in others.values() if m not in shown)
    if doubtful:
        counted = ", ".join(f"{words.text(f'reason.{reason}')} ({n})" for reason, n in sorted(doubtful.items()))
        lines.append(words.text("also.doubtful", counted=counted))
    return [Line(line) for line in lines]


def _is_known(mention: Mention, words: Words) -> bool:
    return len(mention.announcement.object) > 2 and bool(words.name_of(mention.announcement.object))


def _act(found: Announcement) -> tuple[object, ...]:
    return frozenset(party.id for party in found.parties), found.type


def _times(alert: Alert, reader: Reader, now: datetime) -> Row:
    words, report, zone = reader.words, alert.report, reader.zone
    seen, told = words.moment(report.seen_at, zone), words.hour(now, zone)
    if report.published_at:
        published = words.moment(report.published_at, zone)
        lag = words.span((now - report.published_at).total_seconds())
        text = words.text("times.published", published=published, seen=seen, told=told, lag=lag)
    else:
        text = words.text("times.seen", seen=seen, told=told)
    lines = [Line(text, note=words.text("times.zone", zone=str(zone)))]
    if alert.method in (ReadMethod.SUMMARY, ReadMethod.TITLE):
        lines.append(Line(words.text("why.summary")))
    return Row(words.text("label.times"), tuple(lines))


def pointer(story: Story, reader: Reader) -> Line:
    """Where to look closer at one of many stories: its page where there is one, and the command that explains it."""
    command, page = f"coopwatch explain {story.id}", _page(story, reader)
    return Line(reader.words.text("footer.page"), page, note=command) if page else Line(command)


def _page(story: Story, reader: Reader) -> str:
    return clean.link(f"{reader.page_url}/stories/{story.id}") if reader.page_url else ""


def footer(reader: Reader, story: Story | None = None) -> tuple[Line, ...]:
    """The last lines: which route, how to ask why, where the page is. Links open pages; none acts when opened."""
    words = reader.words
    if story is None:
        first = Line(words.text("footer.route", route=reader.route))
    else:
        first = Line(words.text("footer.why", route=reader.route))
    lines = [first]
    if story is not None:
        lines.append(Line(f"coopwatch explain {story.id}"))  # alone on its line, to be copied whole
    page = _page(story, reader) if story else ""
    if page:
        lines.append(Line(words.text("footer.page"), page))
    if reader.unsubscribe:
        lines.append(Line(words.text("footer.unsubscribe", link=reader.unsubscribe)))
    return tuple(lines)
