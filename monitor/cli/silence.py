"""``coopwatch silence``: mute with author, reason and an end; see first what would have been muted."""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.alert import digest, headline, silence, words
from monitor.alert.digest import Item
from monitor.alert.silence import Preview
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table, say
from monitor.cli.route import moment
from monitor.config import MatchClause, Settings
from monitor.errors import ConfigError
from monitor.model import Decision, Silence
from monitor.store import Store, open_store
from monitor.store.curation import Action
from monitor.store.desk.deliveries import silences
from monitor.store.desk.stories import judged
from monitor.store.people import add_silence
from monitor.text import counted

PREVIEW = timedelta(days=30)
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Mute alerts for at most 30 days.")
    group.command("add", help="Show what a silence would have muted in the last 30 days, then save it.")(add)
    group.command("list", help="The silences in force, and what each has muted.")(list_silences)
    group.command("end", help="End a silence now. What it muted is not sent afterwards.")(end)
    app.add_typer(group, name="silence")


def add(
    reason: Annotated[str, typer.Option(help="Why; the digest shows it.")],
    until: Annotated[str, typer.Option(help="Its end: 2026-12-01 or 2026-12-01T08:00, local; at most 30 days away.")],
    author: Annotated[str, typer.Option(help="Who; default: the user name.")] = "",
    pair: Annotated[list[str] | None, typer.Option(help="Both sides, such as IT-CN.")] = None,
    principal: Annotated[list[str] | None, typer.Option(help="A party: IT, org.un; !US leaves out.")] = None,
    sector: Annotated[list[str] | None, typer.Option(help="A sector, such as energy.")] = None,
    act_type: Annotated[list[str] | None, typer.Option("--type", help="A type of act, such as deal.")] = None,
    stage: Annotated[list[str] | None, typer.Option(help="A stage, such as announced.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="A topic of the rules (topics.yaml).")] = None,
    story: Annotated[list[str] | None, typer.Option(help="A story's id.")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="A feed's id or title.")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="A rule's id.")] = None,
    route: Annotated[list[str] | None, typer.Option(help="Only on this route; default: on all.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Save without asking.")] = False,
    config: Config = None,
) -> None:
    settings = read_settings(config)
    clause = _clause(
        {
            "pairs": [_pair(each) for each in pair or ()],
            "principals": principal,
            "sectors": sector,
            "types": act_type,
            "stages": stage,
            "topics": topic,
            "stories": story,
            "feeds": feed,
            "rules": rule,
        }
    )
    now = datetime.now(UTC)
    ends = moment(until, ZoneInfo(settings.timezone))
    made = silence.new(clause, author or getpass.getuser(), reason, now, ends, route or ())
    store = open_store(settings.database_url)
    try:
        _show(_preview(store, made, now))
        if not (yes or typer.confirm("Save it?")):
            say("nothing was saved")
            return
        key = add_silence(store.database, made)
        store.curation.note(Action(made.author, "silence", "silence", key, f"{made.clause} {made.reason}"), now)
    finally:
        store.close()
    say(f"silence {key} holds until {ends.astimezone(ZoneInfo(settings.timezone)):%Y-%m-%d %H:%M}")


def _clause(keys: dict[str, list[str] | list[tuple[str, str]] | None]) -> MatchClause:
    return silence.clause({key: values for key, values in keys.items() if values})


def _pair(text: str) -> tuple[str, str]:
    one, _, other = text.replace(":", "-", 1).partition("-")
    if not one or not other:
        raise ConfigError(f"--pair {text!r} needs two sides, such as IT-CN")
    return one, other


def _preview(store: Store, made: Silence, now: datetime) -> Preview:
    """What the last 30 days' alerts would have lost."""
    told = store.told.since(now - PREVIEW, (Decision.IMMEDIATE, Decision.DIGEST, Decision.HELD))
    told = tuple(each for each in told if each.owed.change == "")
    stories = store.stories.load({each.owed.story_id for each in told})
    changes = [
        digest.change_of(Item(each.owed, stories[each.owed.story_id]))
        for each in told
        if each.owed.story_id in stories and (not made.routes or each.owed.route in made.routes)
    ]
    with store.database.read() as connection:
        right = frozenset(key for key, said in judged(connection, list(stories)).items() if said == "right")
    return silence.preview(replace(made, routes=()), changes, right)


def _show(found: Preview) -> None:
    named = words.load("en")
    rows = [(story.opened_at, story.id, headline.of_story(story, named)) for story in found.muted[:SHOWN]]
    total = len(found.muted)
    say(
        f"In the last {PREVIEW.days} days it would have muted {counted(total, 'story', 'stories')}, "
        f"{found.judged_right} of them judged right."
    )
    if rows:
        print_table("", ("opened", "story", "headline"), rows)
    if total > SHOWN:
        say(f"and {total - SHOWN} more")


def list_silences(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    store = _open(settings)
    try:
        with store.database.read() as connection:
            found = silences(connection, datetime.now(UTC))
    finally:
        store.close()
    if as_json:
        print_json(found)
        return
    rows = [
        (each.id, each.author, each.reason, silence.words_of(each.clause), each.until, each.muted) for each in found
    ]
    none = "no silence is in force: coopwatch silence add --help"
    print_table("", ("id", "author", "reason", "mutes", "until (UTC)", "muted"), rows, none=none)


def end(
    silence_id: Annotated[int, typer.Argument(help="Its number in the list.")],
    author: Annotated[str, typer.Option(help="Who; default: the user name.")] = "",
    config: Config = None,
) -> None:
    settings = read_settings(config)
    store = _open(settings)
    try:
        done = Action(author or getpass.getuser(), "end_silence", "silence", str(silence_id))
        store.curation.end_silence(silence_id, done, datetime.now(UTC))
    finally:
        store.close()
    say(f"silence {silence_id} has ended; what it muted is not sent afterwards")


def _open(settings: Settings) -> Store:
    return open_store(settings.database_url)
