"""The rows of a letter that say how we know: the proving sentence, the sources, how independent they are. Pure."""

from __future__ import annotations

from dataclasses import replace

from monitor.alert import clean, facts
from monitor.alert.facts import Source
from monitor.alert.letter import Line, Quote, Reader, Row
from monitor.alert.words import Words
from monitor.model import Announcement, Story, StoryChange

# What is listed before "and N more": a mail is read in ten seconds, the rest stands on the page and in the webhook.
SOURCES_SHOWN = 8
SOURCES_SHOWN_IN_LIST = 2
QUOTE_LIMIT = 900
TITLE_LIMIT = 200
_QUOTE_MARKS = '«“„"「『‹‘'  # a sentence that begins with one is not put between another pair


def quote(announced: Announcement, language: str, words: Words) -> Quote | None:
    """The proving sentence, never translated; its language is named where the reader's is another."""
    text = clean.line(announced.quote, QUOTE_LIMIT)
    if not text:
        return None
    foreign = bool(language) and language.split("-")[0] != words.language
    note = words.text("proof.language", language=words.tongue(language)) if foreign else ""
    marked = text if text[0] in _QUOTE_MARKS else words.text("proof.quote", quote=text)
    return Quote(marked, language, note)


def sourced(change: StoryChange, found: tuple[Source, ...], reader: Reader, brief: bool) -> list[Row]:
    """The sources and how independent they are (of an act that is off nobody asks that any more). The acts of one article
    leave them to the end when it is the only one."""
    shown = SOURCES_SHOWN_IN_LIST if brief else SOURCES_SHOWN
    off = facts.is_withdrawal(change)
    return [_sources(change, found, reader, shown), *([] if off else [_independence(found, reader.words)])]


def _sources(change: StoryChange, found: tuple[Source, ...], reader: Reader, shown: int) -> Row:
    """The article of this alert first, as it reads now, then the earliest others."""
    words = reader.words
    mine = change.report.article_id
    own = [replace(source, report=change.report) for source in found if source.report.article_id == mine]
    first = own or [Source(change.report, False, False)]
    rest = [source for source in found if source.report.article_id != mine]
    ordered = first[:1] + rest
    lines = [source_line(source, change.story, reader) for source in ordered[:shown]]
    if len(ordered) > shown:
        lines.append(Line(words.count("sources.more", len(ordered) - shown)))
    return Row(words.text("label.sources"), tuple(lines))


def source_line(source: Source, story: Story, reader: Reader) -> Line:
    """Publisher, time and title of a report; its address; what weakens it."""
    words, report = reader.words, source.report
    told = report.published_at
    at = words.moment(told, reader.zone) if told else words.text("source.no_date")
    name = clean.line(report.feed_title, 80)
    url = clean.link(report.url)
    notes = []
    if source.is_copy:
        notes.append(words.text("source.copy"))
    if source.is_party:
        party = next((words.party(p) for p in story.parties if report.publisher_party in (p.id, p.country)), "")
        notes.append(words.text("source.party", party=party))
    if not url:
        notes.append(words.text("source.no_link"))
    head = ", ".join(part for part in (name, at) if part)
    return Line(clean.line(report.title, TITLE_LIMIT), url, "; ".join(notes), head)


def _independence(found: tuple[Source, ...], words: Words) -> Row:
    counted = facts.independence(found)
    parts = [words.count("independence.sources", counted.independent)]
    if counted.copies:
        parts.append(words.count("independence.copies", counted.copies))
    if counted.parties:
        parts.append(words.count("independence.parties", counted.parties))
    return Row(words.text("label.independence"), (Line(", ".join(parts)),) if found else ())
