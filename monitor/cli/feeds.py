"""``coopwatch feeds``: what is watched, how each feed does, and changes to the list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.app import open_reach
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import note, print_json, print_table, progress, say
from monitor.cli.stores import actor, existing_store, writing_store
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.model import FeedSpec
from monitor.rulebook.feeds import Publisher, address_key, load_feeds, to_opml
from monitor.run.curator import FoundFeed
from monitor.run.reach import Outreach, add_feeds, remove_feed
from monitor.store.curation import Action
from monitor.store.feeds import feed_id_of
from monitor.store.views import FeedView
from monitor.text import counted

Name = Annotated[str, typer.Argument(help="The feed's id or address.", metavar="ID|URL")]
feeds = typer.Typer(no_args_is_help=True, help="What is watched, how each feed does, and changes to the list.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(feeds, name="feeds", help="What is watched, how each feed does, and changes to the list.")


@feeds.command("list", help="All feeds with their state in plain words.")
def list_feeds(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    listed = load_feeds(settings.feeds_file, settings.own_feeds_file)
    with existing_store(settings) as store:
        known = {view.feed_id: view for view in store.views.feeds()} if store else {}
    rows = [(spec, known.get(feed_id_of(spec.url))) for spec in listed if spec.enabled]
    if as_json:
        print_json([_as_json(spec, view) for spec, view in rows])
        return
    print_table(
        counted(len(rows), "feed"),
        ("id", "state", "last news", "title", "why"),
        [
            (
                feed_id_of(spec.url),
                view.state if view else "new",
                view.last_new_at if view else "",
                spec.title,
                _why(view),
            )
            for spec, view in rows
        ],
        none="no feeds yet: coopwatch feeds add ADDRESS looks for the feeds of a site",
    )


@feeds.command("show", help="One feed: its state and its last 30 polls in plain words.")
def show(name: Name, config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    with existing_store(settings) as store:
        view = _find(store.views.feeds() if store else (), name)
        polls = store.views.polls(view.feed_id) if store else ()
    if as_json:
        print_json({**asdict(view), "last_polls": [asdict(poll) for poll in polls]})
        return
    say(view.title or view.url, bold=True)
    say(f"id        {view.feed_id}")
    say(f"address   {view.url}" + (f" (listed as {view.listed_url})" if view.listed_url != view.url else ""))
    say(f"state     {_state(view)}")
    say(f"next poll {view.due_at:%Y-%m-%d %H:%M:%S} UTC, every {view.interval_s / 60:.0f} min or so")
    say(f"so far    {counted(view.polls, 'poll')}, {counted(view.entries, 'entry', 'entries')}")
    print_table(
        "",
        ("when (UTC)", "outcome", "s", "what"),
        [
            (poll.started_at.strftime("%m-%d %H:%M:%S"), poll.outcome, f"{poll.elapsed_s:.1f}", poll.words)
            for poll in polls
        ],
        none="not polled yet: coopwatch run does it, or coopwatch once",
    )


@feeds.command("add", help="Adds a feed. A site's address does: the feeds that its page names are looked for.")
def add(
    url: Annotated[str, typer.Argument(help="Address of a feed or of a site.", metavar="URL")],
    title: Annotated[str, typer.Option(help="Title; default: the feed's own.")] = "",
    language: Annotated[str, typer.Option(help="Language code, such as it.")] = "",
    country: Annotated[str, typer.Option(help="Country code, such as IT.")] = "",
    kind: Annotated[Publisher | None, typer.Option(help="What the publisher is.", show_choices=True)] = None,
    every: Annotated[bool, typer.Option("--all", help="All feeds that the page names, not only the first.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    found = asyncio.run(_discover(settings, url))
    wanted = found if every else found[:1]
    for other in found[len(wanted) :]:
        note(f"also there: {other.url} ({other.title})")
    specs = [FeedSpec(each.url, title or each.title, language, country, kind.value if kind else "") for each in wanted]
    add_feeds(settings.own_feeds_file, specs)
    _after_change(settings, "add", specs)
    if as_json:
        print_json([asdict(each) for each in wanted])
        return
    for each in wanted:
        say(f"added {each.url}: {title or each.title}, {counted(each.listed, 'entry', 'entries')} now")


@feeds.command("remove", help="Takes a feed off the list. What it brought stays.")
def remove(name: Name, config: Config = None) -> None:
    settings = read_settings(config)
    listed = load_feeds(settings.feeds_file, settings.own_feeds_file)
    spec = next((each for each in listed if name in (feed_id_of(each.url), each.url) and each.enabled), None)
    spec = spec or next((each for each in listed if address_key(each.url) == address_key(name) and each.enabled), None)
    if spec is None:
        raise ConfigError(f"no feed on the list is called {name}; see coopwatch feeds list")
    others = {address_key(each.url) for each in load_feeds(settings.feeds_file)}
    remove_feed(settings.own_feeds_file, spec.url, address_key(spec.url) in others)
    _after_change(settings, "remove", [spec])
    say(f"removed {spec.url}")


@feeds.command("import", help="Adds the feeds of an OPML or YAML file to the list.")
def import_file(
    file: Annotated[Path, typer.Argument(help="OPML or YAML.", metavar="FILE")], config: Config = None
) -> None:
    settings = read_settings(config)
    specs = load_feeds([file])
    new = add_feeds(settings.own_feeds_file, specs)
    _after_change(settings, "import", specs)
    say(f"{counted(len(specs), 'feed')} in {file}, {new} of them new on the list")


@feeds.command("export", help="Prints the list as OPML.")
def export(config: Config = None) -> None:
    settings = read_settings(config)
    listed = load_feeds(settings.feeds_file, settings.own_feeds_file)
    typer.echo(to_opml(spec for spec in listed if spec.enabled), nl=False)


@feeds.command(
    "check", help="Asks feeds once and says what comes, without storing anything; ends with 2 where one is BAD."
)
def check(
    urls: Annotated[
        list[str] | None, typer.Argument(help="Addresses; default: the whole list.", metavar="[URL]...")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    listed = load_feeds(settings.feeds_file, settings.own_feeds_file)
    wanted = urls or [spec.url for spec in listed if spec.enabled]
    results = asyncio.run(_check(settings, wanted))
    if as_json:
        print_json([{"url": url, "ok": ok, "words": words} for url, ok, words in results])
    else:
        rows = [("ok" if ok else "BAD", url, words) for url, ok, words in results]
        print_table("", ("", "address", "what comes"), rows, none="no feeds to ask: coopwatch feeds add ADDRESS")
    if not all(ok for _, ok, _ in results):
        raise typer.Exit(2)


async def _discover(settings: Settings, url: str) -> tuple[FoundFeed, ...]:
    async with open_reach(settings) as reach:
        return await reach.find_feeds(url if "://" in url else f"https://{url}")


async def _check(settings: Settings, urls: Sequence[str]) -> list[tuple[str, bool, str]]:
    gate = asyncio.Semaphore(settings.fetch.concurrency)

    async def one(reach: Outreach, url: str) -> tuple[str, bool, str]:
        async with gate:
            try:
                (found, *_) = await reach.find_feeds(url)
            except ConfigError as exc:
                return url, False, str(exc).removeprefix(f"{url}: ")
            return url, True, f"{found.format}, {counted(found.listed, 'entry', 'entries')}: {found.title}"

    async with open_reach(settings) as reach:
        tasks = [asyncio.create_task(one(reach, url)) for url in urls]
        return [await task for task in progress(tasks, len(tasks), "asking")]


def _after_change(settings: Settings, verb: str, specs: Sequence[FeedSpec]) -> None:
    """Makes the change known to the store and notes who made it; a running service looks at the file by itself."""
    listed = load_feeds(settings.feeds_file, settings.own_feeds_file)
    now = datetime.now(UTC)
    with writing_store(settings) as store:
        store.feeds.sync(listed, now, settings.fetch.min_interval_s)
        for spec in specs:
            store.curation.note(Action(actor(), verb, "feed", feed_id_of(spec.url), spec.url), now)


def _find(views: Sequence[FeedView], name: str) -> FeedView:
    found = next(
        (
            view
            for view in views
            if name in (view.feed_id, view.url, view.listed_url) or feed_id_of(name) == view.feed_id
        ),
        None,
    )
    if found is None:
        raise ConfigError(f"no feed is called {name}; see coopwatch feeds list")
    return found


def _state(view: FeedView) -> str:
    """The state and its reason, which often begins with the same word."""
    if not view.reason:
        return view.state
    return view.reason if view.reason.startswith(view.state) else f"{view.state}: {view.reason}"


def _why(view: FeedView | None) -> str:
    return "not polled yet" if view is None else view.reason


def _as_json(spec: FeedSpec, view: FeedView | None) -> dict[str, object]:
    return {"id": feed_id_of(spec.url), **asdict(spec), **({"state": view.state, "view": asdict(view)} if view else {})}
