"""Messages that collect: the digest of a period, the overflow of an hour, the catch-up after an outage, the summary at
the end of a pause. Nothing that was collected is dropped: what gets no card gets a line with its link. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from monitor.alert import clean, compose, facts, headline
from monitor.alert.facts import Alert
from monitor.alert.letter import Card, Letter, Line, Reader, Row, Section
from monitor.alert.words import Words
from monitor.model import Change, Decision, Novelty, Owed, Report, Silence, Story, StoryChange, Why

CARDS_SHOWN = 12
NEAR_SHOWN = 10
_LINES = frozenset({Why.SOURCE, Why.STEP, Why.SOON})
_NOVELTY = {Why.NEW_STAGE: Novelty.NEW_STAGE, Why.UNSURE: Novelty.UNSURE}


class Kind(StrEnum):
    """Why stories are collected into one message instead of told singly."""

    DIGEST = "digest"
    OVERFLOW = "overflow"
    CATCHUP = "catchup"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news that waited, and its story as it is now."""

    owed: Owed
    story: Story


@dataclass(frozen=True, slots=True)
class Alive:
    """That the program runs: what it read in the period. ``health`` are its sentences about feeds and deliveries."""

    articles: int
    feeds: int
    health: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """What one collecting message tells. ``silences`` are those in force in the period, with what each muted."""

    since: datetime
    until: datetime
    items: tuple[Item, ...]
    silences: tuple[tuple[Silence, int], ...] = ()
    paused: int = 0
    alive: Alive | None = None


def letter(kind: Kind, period: Period, reader: Reader, limit: int = 0) -> Letter:
    """The letter of a period. ``limit`` is the hourly cap that an overflow message names."""
    words = reader.words
    news = _best_first(item for item in period.items if _is_news(item))
    lines = _best_first(item for item in period.items if _is_line(item))
    trial = _best_first(item for item in period.items if item.owed.why is Why.TRIAL)
    near = sorted((item for item in period.items if item.owed.decision is Decision.NEAR), key=lambda i: -i.story.score)
    counts = _counts(len(news), len(lines), len(near), words)
    day = words.day(period.until.astimezone(reader.zone).date().isoformat())
    sections = [
        _news(words.text("digest.new"), news, reader),
        _news(words.text("digest.followups"), lines, reader, cards=0),
        _news(words.text("digest.trial"), trial, reader, cards=0),
        _near(near, reader),
        _silenced(period, reader),
        _health(period, words),
    ]
    quiet = kind is Kind.DIGEST and not counts
    return Letter(
        language=words.language,
        subject=words.text("digest.quiet" if quiet else f"{kind}.subject", date=day, counts=counts),
        title=words.text(f"{kind}.title", date=day, limit=limit, route=reader.route),
        lead=_lead(kind, period, reader),
        contents=tuple(headline.marked(change_of(item), words) for item in news[:CARDS_SHOWN]) if len(news) > 1 else (),
        sections=tuple(section for section in sections if section.lines or section.cards),
        footer=compose.footer(reader),
    )


def _lead(kind: Kind, period: Period, reader: Reader) -> tuple[str, ...]:
    words = reader.words
    times = {"since": words.moment(period.since, reader.zone), "until": words.moment(period.until, reader.zone)}
    first = words.text("digest.period" if kind is Kind.DIGEST else f"{kind}.lead", **times)
    if period.alive is None:
        return (first,)
    if period.alive.articles == 0:
        return (first, words.text("digest.alive_none"))
    feeds = words.count("digest.feeds", period.alive.feeds)
    return first, words.count("digest.alive", period.alive.articles, feeds=feeds)


def _is_line(item: Item) -> bool:
    return item.owed.why in _LINES or item.owed.change == Change.MERGED


def _is_news(item: Item) -> bool:
    told = item.owed.decision in (Decision.DIGEST, Decision.HELD, Decision.PAUSED, Decision.IMMEDIATE)
    return told and not _is_line(item) and item.owed.why is not Why.TRIAL


def _best_first(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (-item.story.score, item.story.id))


def _counts(news: int, lines: int, near: int, words: Words) -> str:
    named = (("count.stories", news), ("count.followups", lines), ("count.near", near))
    return ", ".join(words.count(key, number) for key, number in named if number)


def _news(title: str, items: Sequence[Item], reader: Reader, cards: int = CARDS_SHOWN) -> Section:
    total = min(cards, len(items))
    shown = tuple(_card(item, reader, number, total) for number, item in enumerate(items[:cards], 1))
    lines = tuple(line_of(item, reader, reader.words.percent(item.story.score)) for item in items[cards:])
    return Section(title, lines if cards else tuple(line_of(item, reader) for item in items), shown)


def _near(items: Sequence[Item], reader: Reader) -> Section:
    words = reader.words
    lines = [line_of(item, reader, words.percent(item.story.score)) for item in items[:NEAR_SHOWN]]
    if len(items) > NEAR_SHOWN:
        lines.append(Line(words.count("digest.near_more", len(items) - NEAR_SHOWN)))
    return Section(words.text("digest.near"), tuple(lines))


def _silenced(period: Period, reader: Reader) -> Section:
    """What was muted and held back is counted and listed: a silence must not hide that it hides."""
    words = reader.words
    muted = [item for item in period.items if item.owed.decision is Decision.SILENCED]
    lines = []
    if muted:
        lines.append(Line(words.count("digest.silenced_count", len(muted))))
        lines += [line_of(item, reader) for item in muted[:NEAR_SHOWN]]
    if period.paused:
        lines.append(Line(words.count("digest.paused_count", period.paused)))
    for silence, number in period.silences:
        until = words.moment(silence.until, reader.zone)
        ended = words.text("digest.silence_ended") if silence.ended_at or silence.until <= period.until else ""
        note = "; ".join(part for part in (words.count("digest.silenced_count", number), ended) if part)
        text = words.text("digest.silence", author=silence.author, reason=clean.line(silence.reason, 200), until=until)
        lines.append(Line(text, note=note))
    return Section(words.text("digest.silenced"), tuple(lines))


def _health(period: Period, words: Words) -> Section:
    sentences = period.alive.health if period.alive else ()
    return Section(words.text("digest.health"), tuple(Line(clean.line(each, 400)) for each in sentences))


def change_of(item: Item) -> StoryChange:
    """The change that an owed piece of news stands for, from the story as it is now."""
    report = _report(item)
    novelty = _NOVELTY.get(item.owed.why, Novelty.KNOWN if item.owed.why in _LINES else Novelty.NEW)
    named = item.owed.change.partition(":")[0]
    change = Change(named) if named in set(Change) else None
    return StoryChange(item.story, novelty, report, change=change)


def _report(item: Item) -> Report:
    """The report that made the news; the best one where it is forgotten."""
    own = [report for report in item.story.reports if report.article_id == item.owed.article_id]
    announcing = [report for report in item.story.reports if report.reason is None] or list(item.story.reports)
    return own[0] if own else max(announcing, key=lambda report: report.announcement.score)


def _card(item: Item, reader: Reader, number: int, total: int) -> Card:
    """One of ``total`` stories: who and what, the proof, the source with its link, rule and score, and where to look closer.
    The nearest known act and a single source's independence are left out: a collection is read by headlines."""
    change, words = change_of(item), reader.words
    alert = Alert((change,), {}, late=item.owed.why is Why.LATE)
    card = compose.change_card(change, alert, reader, brief=True)
    left_out = {words.text("label.novelty")}
    if len(item.story.reports) < 2:
        left_out.add(words.text("label.independence"))
    after = [row for row in card.after if row.label not in left_out]
    kicker = f"{words.text('act.number', n=number, total=total)} · {card.kicker}" if total > 1 else card.kicker
    return replace(
        card, kicker=kicker, after=(*after, Row(words.text("label.story"), (compose.pointer(item.story, reader),)))
    )


def line_of(item: Item, reader: Reader, note: str = "") -> Line:
    """One piece of news in a line, with its link."""
    change = change_of(item)
    text = headline.marked(change, reader.words)
    if change.change is Change.MERGED:
        text = f"{text}: {reader.words.text('change.merged')}"
    elif item.owed.why in _LINES:
        text = f"{text}: {clean.line(change.report.feed_title, 80)}"
    return Line(text, clean.link(change.report.url) or clean.link(facts.link_of(item.story)), note)
