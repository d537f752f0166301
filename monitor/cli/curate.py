"""What operators mend by hand from the command line: ``stories merge | split | judge | deadline``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer

from monitor.cli.options import Config, read_settings
from monitor.cli.output import say
from monitor.cli.stores import actor, writing_store
from monitor.errors import ConfigError
from monitor.model import Reason
from monitor.run.curator import Curator, Reach
from monitor.store import Store

StoryId = Annotated[str, typer.Argument(metavar="ID", help="The story, as stories list shows it.")]


def add_to(stories: typer.Typer) -> None:
    """Adds the commands to the group ``stories``."""
    stories.command("merge", help="Two stories that are one act: ID ends in INTO.")(merge)
    stories.command("split", help="Takes the reports of articles out into a story of their own.")(split)
    stories.command("judge", help="Says that a story was right, wrong, old, or a duplicate of another.")(judge)
    stories.command("deadline", help="Enters the deadline of a call.")(deadline)


def merge(
    story_id: StoryId, into: Annotated[str, typer.Argument(metavar="INTO", help="What remains.")], config: Config = None
) -> None:
    with writing_store(read_settings(config)) as store:
        _curator(store).merge(story_id, into, by=actor())
    say(f"story {story_id} is now part of {into}")


def split(
    story_id: StoryId,
    article: Annotated[
        str, typer.Argument(metavar="URL", help="The article's address, as stories show prints it, or its id.")
    ],
    config: Config = None,
) -> None:
    with writing_store(read_settings(config)) as store:
        taken = _curator(store).split(story_id, _article_id(store, story_id, article), by=actor())
    say(f"{article} is now story {taken}")


def judge(
    story_id: StoryId,
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help="right, wrong, old or duplicate.")],
    reason: Annotated[
        str, typer.Option(help="Why it is wrong: a reason of the closed list (one_party, purchase ...).")
    ] = "",
    other: Annotated[str, typer.Option("--of", help="The story it is a duplicate of.", metavar="ID")] = "",
    config: Config = None,
) -> None:
    if verdict == "wrong" and not reason:
        raise ConfigError(f"say why it is wrong: --reason with one of {', '.join(Reason)}")
    with writing_store(read_settings(config)) as store:
        _curator(store).judge(story_id, verdict, reason=reason, other=other, by=actor())
    say(f"story {story_id}: {verdict}")


def deadline(
    story_id: StoryId,
    day: Annotated[str, typer.Argument(metavar="DAY", help="2026-01-31.")],
    config: Config = None,
) -> None:
    with writing_store(read_settings(config)) as store:
        _curator(store).set_deadline(story_id, day, by=actor())
    say(f"story {story_id}: deadline {day}")


def _article_id(store: Store, story_id: str, named: str) -> str:
    """The id of the article of a story that ``named`` means: its address, or already its id."""
    story = store.stories.load([story_id]).get(story_id)
    reports = story.reports if story else ()
    return next((report.article_id for report in reports if report.url == named), named)


def _curator(store: Store) -> Curator:
    return Curator(store, lambda: datetime.now(UTC), Reach(_far, _far, _far, _far))


def _far(*_: str) -> NoReturn:
    raise AssertionError("no command here leaves the machine")
