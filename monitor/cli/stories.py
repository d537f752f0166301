"""``coopwatch stories``: what was found, story by story; a missed one is entered by hand."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import typer

from monitor import rulebook
from monitor.alert import published
from monitor.app import open_reach
from monitor.cli import curate
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table, say
from monitor.cli.stores import actor, existing_store, writing_store
from monitor.config import Settings
from monitor.config.values import duration_s
from monitor.errors import ConfigError
from monitor.match import Matcher
from monitor.model import Article, Stage, Story
from monitor.run.missed import enter_missed
from monitor.store import Store
from monitor.store.desk.stories import StoryFilter, find_stories, story_file
from monitor.story import vocabulary_of
from monitor.text import counted

stories = typer.Typer(no_args_is_help=True, help="What was found, story by story; a missed one is entered by hand.")
_PAGE = 200
_COLUMNS = ("id", "opened_at", "type", "stage", "parties", "object", "sectors", "score", "sources", "quote", "url")

Since = Annotated[str, typer.Option(help="Only those opened since then: 30d, 12h or 2026-01-31.", metavar="WHEN")]
Between = Annotated[str, typer.Option(help="Both sides take part: IT,CN.", metavar="A,B")]
AtStage = Annotated[Stage | None, typer.Option(help="Only those at this stage.")]
Words = Annotated[str, typer.Option(help="Words to look for.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    curate.add_to(stories)
    app.add_typer(stories, name="stories", help="What was found, story by story; a missed one is entered by hand.")


@stories.command("list", help="Stories, newest first.")
def list_stories(
    since: Since = "30d",
    between: Between = "",
    stage: AtStage = None,
    words: Words = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    with existing_store(settings) as store:
        found = every_story(store, _filter(since, between, stage.value if stage else "", words)) if store else iter(())
        chosen = [story for _, story in zip(range(limit), found, strict=False)]
    if as_json:
        print_json([published.story(story) for story in chosen])
        return
    print_table(
        counted(len(chosen), "story", "stories"),
        ("id", "opened", "who", "stage", "what", "score", "sources"),
        [
            (
                story.id,
                story.opened_at,
                ", ".join(party.id for party in story.parties),
                story.stage,
                story.object or story.type,
                f"{story.score:.2f}",
                len(story.reports),
            )
            for story in chosen
        ],
        none=_none_found(since, bool(between or stage or words)),
    )


@stories.command("show", help="One story with its sources, deliveries and what people did.")
def show(story_id: curate.StoryId, config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    with existing_store(settings) as store:
        file = None
        if store is not None:
            with store.database.read() as connection:
                file = story_file(connection, story_id)
    if file is None:
        raise ConfigError(f"there is no story {story_id}; see coopwatch stories list")
    if as_json:
        print_json({**published.story(file.story), "deliveries": file.deliveries, "actions": file.actions})
        return
    story = file.story
    say(f"{', '.join(party.name or party.id for party in story.parties)}: {story.object or story.type}", bold=True)
    say(
        f"{story.type}, {story.stage}, score {story.score:.2f}, {story.state}"
        + ("" if not story.deadline else f", deadline {story.deadline}")
    )
    print_table("", ("stage", "event", "first seen"), [(stage, day, at) for stage, day, at in story.stages])
    for report in story.reports:
        kind = f"mention ({report.reason})" if report.reason else report.announcement.stage
        say(
            f"\n{report.feed_title}, {report.published_at or report.seen_at:%Y-%m-%d %H:%M} UTC, {kind}: {report.title}"
        )
        say(f"  “{report.announcement.quote}”")
        say(f"  {report.url}")
    to_whom = ("route", "target", "event", "state", "why", "when")
    none = f"\ndeliveries: none; coopwatch route explain {story.id} says why"
    print_table("\ndeliveries", to_whom, file.deliveries, none=none)
    print_table("\nactions", ("when", "who", "what", "detail"), file.actions, none="\nactions: none")


@stories.command("export", help="All stories as JSON lines or CSV, oldest first.")
def export(
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="jsonl or csv.")] = "jsonl",
    since: Since = "",
    between: Between = "",
    config: Config = None,
) -> None:
    settings = read_settings(config)
    with existing_store(settings) as store:
        found = list(every_story(store, _filter(since, between, "", ""))) if store else []
    if form == "jsonl":
        for story in reversed(found):
            sys.stdout.write(json.dumps(published.story(story, sources=10_000), ensure_ascii=False) + "\n")
        return
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    writer.writerows(_csv_row(story) for story in reversed(found))


@stories.command("add", help="Enters an announcement that was missed. It is never told.")
def add(
    url: Annotated[str, typer.Argument(help="Address of the article.", metavar="URL")],
    missed: Annotated[str, typer.Option(help="Why it was missed, in your words.", metavar="REASON")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    now = datetime.now(UTC)
    article = asyncio.run(_read(settings, url, now))
    rules = rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir)
    with writing_store(settings) as store:
        story = enter_missed(
            store, Matcher(rules), article, note=missed, by=actor(), now=now, vocabulary=vocabulary_of(rules)
        )
    if as_json:
        print_json(published.story(story))
    else:
        say(f"entered as story {story.id}: {article.title}")


async def _read(settings: Settings, url: str, now: datetime) -> Article:
    async with open_reach(settings) as reach:
        return await reach.read_page(url, now)


def _filter(since: str, between: str, stage: str, words: str) -> StoryFilter:
    sides = tuple(side.strip() for side in between.split(",") if side.strip())
    return StoryFilter(words=words, principals=sides, stage=stage, since=moment(since) if since else None)


def moment(text: str) -> datetime:
    """``30d``, ``12h`` (ago) or a date, as an instant. Raises ConfigError."""
    try:
        if text[:4].isdigit() and "-" in text:
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        seconds = duration_s(text)
        assert isinstance(seconds, float)
        return datetime.now(UTC) - timedelta(seconds=seconds)
    except ValueError as exc:
        raise ConfigError(f"{text!r} is neither a duration such as 30d nor a date such as 2026-01-31") from exc


def every_story(store: Store, wanted: StoryFilter) -> Iterator[Story]:
    """The stories that pass, newest first, with their reports; those known in passing only are left out."""
    page, more = 1, True
    while more:
        with store.database.read() as connection:
            lines, more = find_stories(connection, wanted, page=page, size=_PAGE)
        whole = store.stories.load([line.story.id for line in lines])
        yield from (whole[line.story.id] for line in lines if not line.story.opened_by_mention)
        page += 1


def _none_found(since: str, is_filtered: bool) -> str:
    """What to do where no story is listed."""
    when = f" of the last {since}" if since and since[-1:].isalpha() else f" since {since}" if since else ""
    more = (
        "leave a filter out, or look further back with --since"
        if is_filtered
        else "look further back with --since 400d"
    )
    return f"no stories{when}: {more}; coopwatch status says what was read and judged"


def _csv_row(story: Story) -> tuple[Any, ...]:
    first = next((report for report in story.reports if report.reason is None), story.reports[0])
    cells = (
        story.id,
        story.opened_at.isoformat(),
        story.type,
        story.stage,
        " ".join(party.id for party in story.parties),
        story.object,
        " ".join(story.sectors),
        f"{story.score:.4f}",
        len(story.reports),
        first.announcement.quote,
        first.url,
    )
    # a cell that a spreadsheet would run as a formula is shown as text
    return tuple(f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell for cell in cells)
