"""``coopwatch check``: articles as JSON lines in, judgements as JSON lines out, one line at a time."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor import rulebook
from monitor.cli.articles import articles_in
from monitor.cli.options import Config, read_settings
from monitor.match import Matcher
from monitor.match.wire import judgement_object
from monitor.model import Announcement, Judgement, Novelty, StoryChange
from monitor.story import Memory, vocabulary_of

_TOLD = frozenset({Novelty.NEW, Novelty.NEW_STAGE, Novelty.UNSURE})


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check", help="Judge articles: JSON lines on standard input, judgements on standard output.")(check)


def check(
    config: Config = None,
    group: Annotated[bool, typer.Option("--group", help="Also say which story each announcement belongs to.")] = False,
) -> None:
    settings = read_settings(config)
    rules = rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir)
    matcher = Matcher(rules)
    now = datetime.now(UTC)
    memory = Memory(vocabulary_of(rules)) if group else None
    for article in articles_in(Path("-")):
        judgement = matcher.judge(article, now=now)
        line = judgement_object(article.id, judgement)
        if memory is not None:
            _add_stories(line, judgement, memory.place(article, judgement, article.published_at or now))
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _is_of(change: StoryChange, said: Announcement) -> bool:
    """Whether a change is what one announcement did; the story may know better at which stage (an extended call)."""
    told = change.report.announcement
    return change.report.reason is None and replace(told, stage=said.stage, step=said.step) == said


def _add_stories(line: dict[str, Any], judgement: Judgement, changes: tuple[StoryChange, ...]) -> None:
    """Adds story and novelty to each announcement; a known act alone does not alert again."""
    for told, announcement in zip(line["announcements"], judgement.announcements, strict=True):
        change = next((c for c in changes if _is_of(c, announcement)), None)
        told["story"] = change.story.id if change else None
        told["novelty"] = change.novelty.value if change else None
    for told, mention in zip(line["mentions"], judgement.mentions, strict=True):
        change = next((c for c in changes if c.report.announcement == mention.announcement and c.report.reason), None)
        told["story"] = change.story.id if change else None
        told["novelty"] = change.novelty.value if change and change.before else None
    line["story"] = line["announcements"][0]["story"] if line["announcements"] else None
    if line["announcements"]:
        line["alert"] = line["alert"] and any(a["novelty"] in _TOLD for a in line["announcements"])
