"""The row of a letter that says what is new: the stage before, what is taken back or corrected, the nearest known act, the
story that it may belong to. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.alert import clean, facts, headline
from monitor.alert.facts import Alert
from monitor.alert.letter import Line, Row
from monitor.alert.words import Words
from monitor.model import Change, Novelty, Story, StoryChange


def row(change: StoryChange, alert: Alert, words: Words, zone: ZoneInfo) -> Row:
    """What makes it new: what it was before, the nearest known act, or the story that it may belong to."""
    story = change.story
    lines: list[Line] = []
    kind = facts.kind_of(change)
    if change.novelty is Novelty.NEW_STAGE and change.before is not None and kind == "new_stage":
        before, after = change.before.stage, change.report.announcement.stage
        stages = {"before": words.text(f"stage.{before}"), "after": words.text(f"stage.{after}")}
        lines.append(Line(words.text("novelty.stage_reopened" if before == after else "novelty.stage", **stages)))
    elif words.has(f"novelty.{kind}") and kind != "unsure":
        lines += _moved(change, kind, words)
    if alert.late and change.report.published_at:
        day = words.day(change.report.published_at.astimezone(zone).date().isoformat())
        lines.append(Line(words.text("novelty.late", date=day)))
    twin = alert.known.get(story.may_belong_to)
    near = alert.known.get(story.nearest)
    if twin:
        lines.append(_named("novelty.unsure", twin, alert, words, zone))
    if near and near is not twin:
        lines.append(_named("novelty.nearest", near, alert, words, zone))
    if not lines and change.novelty is Novelty.NEW:
        lines.append(Line(words.text("novelty.first")))
    return Row(words.text("label.novelty"), tuple(lines))


def _moved(change: StoryChange, kind: str, words: Words) -> list[Line]:
    """What is taken back or corrected: in which way, and what was told."""
    # an article that takes its act back by silence proves nothing
    silent = change.change is Change.RETRACTED and not change.report.announcement.quote
    lines = [Line(words.text("novelty.taken_back" if silent else f"novelty.{kind}"))]
    if change.change is Change.CORRECTION and change.before is not None:
        lines.append(Line(words.text("novelty.told_so_far", headline=headline.of_story(change.before, words))))
    return lines


def _named(key: str, story: Story, alert: Alert, words: Words, zone: ZoneInfo) -> Line:
    """Another story by its headline and the day since which it is known, with its first source (not this article)."""
    date = words.day(story.opened_at.astimezone(zone).date().isoformat())
    link = clean.link(facts.link_of(story))
    text = words.text(key, headline=headline.of_story(story, words), date=date)
    return Line(text, link if link != clean.link(alert.report.url) else "")
