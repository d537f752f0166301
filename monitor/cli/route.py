"""``coopwatch route``: test a route, ask why a story went where it went, arrange an absence."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.alert import digest, notice, policy
from monitor.alert.office import Office
from monitor.alert.policy import Circumstances, Standing
from monitor.app import fetch_limits, host_name, routes_of, sender
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table, say
from monitor.config import Route, Settings
from monitor.errors import ConfigError
from monitor.fetch.egress import Egress
from monitor.model import Decision, Delivery, Owed, Pause, SendResult, Story, Why
from monitor.store import Store, open_store
from monitor.store.collecting import DISMISS
from monitor.store.curation import Action
from monitor.store.people import pause_route

Name = Annotated[str, typer.Argument(help="The route's name in the configuration.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Test a route, ask why it was told, pause it.")
    group.command("list", help="The routes, what they wait for, who is away.")(list_routes)
    group.command("test", help="Send a marked test message now and print the answer.")(send_test)
    group.command("explain", help="Who was told a story, who was not, and why; what would be decided today.")(explain)
    group.command("pause", help="An absence: alerts wait for the return, or go to another route.")(pause)
    group.command("resume", help="End an absence now; what waited comes in one summary.")(resume)
    group.command("dismiss", help="No more reminders of a call, on one route or on all.")(dismiss)
    app.add_typer(group, name="route")


def list_routes(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    now = _now()
    store = open_store(settings.database_url)
    try:
        pauses = {pause.route: pause for pause in store.people.pauses(now)}
        rows = [
            _row(route, pauses.get(route.name), len(store.told.waiting(route.name))) for route in routes_of(settings)
        ]
    finally:
        store.close()
    if as_json:
        print_json(rows)
    else:
        print_table("", ("route", "channel", "mode", "to", "waiting", "away"), [tuple(row.values()) for row in rows])


def _row(route: Route, pause: Pause | None, waiting: int) -> dict[str, object]:
    away = f"until {pause.until:%Y-%m-%d %H:%M} UTC, to {pause.to}" if pause else ""
    to = ", ".join(route.to) or route.name
    return {
        "route": route.name,
        "channel": route.channel.value,
        "mode": route.mode.value,
        "to": to,
        "waiting": waiting,
        "away": away,
    }


def send_test(name: Name, config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    route = _route(settings, name)
    results = asyncio.run(test_route(route, settings))
    if as_json:
        print_json([{"target": sent.target, **_result(result)} for sent, result in results])
    for sent, result in () if as_json else results:
        say(f"{sent.target}: {'accepted' if result.ok else 'FAILED'}: {result.answer or '-'}")
    if not all(result.ok for _, result in results):
        raise typer.Exit(1)


async def test_route(route: Route, settings: Settings) -> list[tuple[Delivery, SendResult]]:
    now = _now()
    office = Office.open(host_name(), settings.public_url)
    send = sender(route, settings, Egress(fetch_limits(settings)))
    deliveries = [draft.render(now) for draft in notice.test_drafts(route, office, now)]
    return [(delivery, await send(delivery, now)) for delivery in deliveries]


def _result(result: SendResult) -> dict[str, object]:
    return {"ok": result.ok, "fault": result.fault, "answer": result.answer}


def explain(
    story: Annotated[str, typer.Argument(help="The story's id.")], config: Config = None, as_json: Json = False
) -> None:
    settings = read_settings(config)
    store = open_store(settings.database_url)
    try:
        found = store.stories.load([story]).get(story)
        if found is None:
            raise ConfigError(f"there is no story {story!r}")
        then = store.told.decisions(story)
        today = _today(found, settings, store)
    finally:
        store.close()
    if as_json:
        print_json({"story": story, "then": [{"at": at, **_owed(owed)} for at, owed in then], "today": today})
        return
    rows = [(at, owed.route, owed.stage, owed.decision, owed.why, owed.detail or owed.change) for at, owed in then]
    none = "Decided then: nothing, no route was asked (imported, entered by hand, or known from a mention only)"
    print_table("Decided then", ("when", "route", "stage", "decision", "why", "detail"), rows, none=none)
    say()
    print_table(
        "If it came today, untold",
        ("route", "decision", "why"),
        [(row["route"], row["decision"], row["why"]) for row in today],
        none="If it came today, untold: nobody would be told, the story holds no report",
    )


def _today(found: Story, settings: Settings, store: Store) -> list[dict[str, object]]:
    """What the routes of today would owe for this story if nobody had been told yet."""
    now = _now()
    if not found.reports:
        return []
    report = max(found.reports, key=lambda each: (each.reason is None, each.announcement.score))
    owed = Owed("", found.id, found.stage, "", Decision.NOT, Why.NEW, report.article_id)
    change = replace(digest.change_of(digest.Item(owed, found)), report=report)
    around = Circumstances(now, store.people.silences(now))
    return [_owed(each) for each in policy.decide((change,), [Standing(r) for r in routes_of(settings)], around)]


def _owed(owed: Owed) -> dict[str, object]:
    return {
        "route": owed.route,
        "stage": owed.stage.value,
        "decision": owed.decision.value,
        "why": owed.why.value,
        "detail": owed.detail,
    }


def pause(
    name: Name,
    until: Annotated[str, typer.Option(help="First day back (2026-08-31) or a time (2026-08-31T08:00), local.")],
    to: Annotated[
        str, typer.Option(help="Another route that stands in, or digest: one summary at the end.")
    ] = "digest",
    by: Annotated[str, typer.Option("--author", help="Who arranges it.")] = "",
    config: Config = None,
) -> None:
    settings = read_settings(config)
    route, now = _route(settings, name), _now()
    if to != "digest":
        _route(settings, to)
    if to == name:
        raise ConfigError(f"route {name} cannot stand in for itself")
    ends = moment(until, ZoneInfo(route.timezone))
    if ends <= now:
        raise ConfigError(f"--until {until} is past")
    _store_pause(settings, Pause(name, now, ends, to, by or getpass.getuser()), "pause", now)
    where = "what comes waits for one summary at the return" if to == "digest" else f"its alerts go to {to}"
    say(f"{name} is away until {ends.astimezone(ZoneInfo(route.timezone)):%Y-%m-%d %H:%M}; {where}")


def resume(name: Name, config: Config = None) -> None:
    settings = read_settings(config)
    _route(settings, name)
    now = _now()
    _store_pause(settings, Pause(name, now, now, "digest", getpass.getuser()), "resume", now)
    say(f"{name} is back; what waited comes in one summary")


def dismiss(
    story: Annotated[str, typer.Argument(help="The call's story.")],
    route: Annotated[str, typer.Option(help="Only on this route; default: on all.")] = "",
    config: Config = None,
) -> None:
    settings = read_settings(config)
    if route:
        _route(settings, route)
    store = open_store(settings.database_url)
    try:
        if story not in store.stories.load([story]):
            raise ConfigError(f"there is no story {story!r}")
        store.curation.note(Action(getpass.getuser(), DISMISS, "story", story, route), _now())
    finally:
        store.close()
    say(f"no more reminders of {story}" + (f" on {route}" if route else ""))


def _store_pause(settings: Settings, value: Pause, kind: str, now: datetime) -> None:
    store = open_store(settings.database_url)
    try:
        pause_route(store.database, value)
        detail = f"{value.to} until {value.until.isoformat()}"
        store.curation.note(Action(value.author, kind, "route", value.route, detail), now)
    finally:
        store.close()


def moment(text: str, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local day or time, ISO 8601; a day begins at midnight. ConfigError for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError(f"{text!r} is not a date such as 2026-08-31 or 2026-08-31T08:00") from exc
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _route(settings: Settings, name: str) -> Route:
    found = {route.name: route for route in routes_of(settings)}
    if name not in found:
        raise ConfigError(f"there is no route {name!r}; there are: {', '.join(found)}")
    return found[name]


def _now() -> datetime:
    return datetime.now(UTC)
