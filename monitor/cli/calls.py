"""``coopwatch calls``: the calls that are open, nearest deadline first, as a list or as a calendar."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from monitor import rulebook
from monitor.alert import headline, published, words
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table
from monitor.cli.stores import existing_store
from monitor.cli.stories import every_story
from monitor.errors import ConfigError
from monitor.store.desk.stories import StoryFilter
from monitor.story.calls import calendar, open_calls
from monitor.text import counted

_LOOK_BACK = timedelta(days=400)  # as long as a story is remembered


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("calls", help="Calls that are open, nearest deadline first; as a calendar with --ics.")(calls)


def calls(
    ics: Annotated[bool, typer.Option("--ics", help="An iCalendar to subscribe to, on standard output.")] = False,
    language: Annotated[str, typer.Option(help="Of the headlines.")] = "it",
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    now = datetime.now(UTC)
    if language not in words.languages():
        raise ConfigError(f"--language {language}: there are {', '.join(words.languages())}")
    rules = rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir)
    catalogue = words.load(language, rules.names(words.languages()))
    with existing_store(settings) as store:
        stories = list(every_story(store, StoryFilter(since=now - _LOOK_BACK))) if store else []
    found = open_calls(stories, now.date())
    titles = {call.story.id: headline.of_story(call.story, catalogue) for call in found}
    if ics:
        sys.stdout.write(calendar(found, titles, now))
    elif as_json:
        print_json([{**published.story(call.story), "days_left": call.days_left} for call in found])
    else:
        print_table(
            counted(len(found), "open call"),
            ("deadline", "days left", "call", "id"),
            [
                (
                    call.deadline or "not known",
                    "" if call.days_left is None else call.days_left,
                    titles[call.story.id],
                    call.story.id,
                )
                for call in found
            ],
            none="no open calls: what is told as a call for projects stands here until its deadline",
        )
