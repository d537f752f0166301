"""``coopwatch outbox``: what is queued, what was given up, and sending it again under its first id."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table, say
from monitor.cli.route import moment
from monitor.errors import ConfigError
from monitor.model import Delivery, DeliveryState, TargetState
from monitor.store import open_store
from monitor.store.curation import Action
from monitor.text import counted

ALL = 1_000_000
SHOWN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY, DeliveryState.DEAD)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Deliveries: queued, given up, sent again.")
    group.command("list", help="What is queued and what was given up, newest first.")(list_deliveries)
    group.command("retry", help="Send what was given up again, and what waits at once; under its first id.")(retry)
    group.command("replay", help="Send everything since a moment again, also what arrived, under its first id.")(replay)
    app.add_typer(group, name="outbox")


def list_deliveries(
    state: Annotated[list[DeliveryState] | None, typer.Option(help="Only these states.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    config: Config = None,
    as_json: Json = False,
) -> None:
    store = open_store(read_settings(config).database_url)
    try:
        found = store.views.deliveries(tuple(state or SHOWN), limit)
        resting = store.views.resting(datetime.now(UTC))
    finally:
        store.close()
    if as_json:
        print_json([_line(each) for each in found])
        return
    columns = ("id", "route", "to", "state", "tries", "due (UTC)", "subject", "answer")
    rows = [
        (each.id, each.route, each.target, each.state, each.attempts, each.due_at, each.subject, each.reason)
        for each in found
    ]
    asked = f"no delivery is {', '.join(state)}" if state else "nothing waits and nothing was given up"
    print_table("", columns, rows, none=f"{asked}; what arrived: coopwatch outbox list --state sent")
    for each in resting:
        say(_rest(each))


def _rest(target: TargetState) -> str:
    """Why nothing goes to a target now, and how to change that."""
    answer = f" ({target.answer})" if target.answer else ""
    if target.disabled or target.open_until is None:
        return (
            f"{target.route}: {target.target} said that it is gone{answer}: mend the route, then coopwatch outbox retry"
        )
    until = f"{target.open_until:%Y-%m-%d %H:%M} UTC"
    failed = counted(target.failures, "failure", "failures")
    why = f"is left alone until {until} after {failed} in a row{answer}"
    return f"{target.route}: {target.target} {why}; once mended: coopwatch outbox retry"


def _line(delivery: Delivery) -> dict[str, object]:
    names = (
        "id",
        "route",
        "channel",
        "target",
        "event",
        "state",
        "attempts",
        "created_at",
        "due_at",
        "subject",
        "reason",
    )
    return {name: getattr(delivery, name) for name in names}


def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Deliveries; none = all that were given up or wait.")] = None,
    config: Config = None,
) -> None:
    settings = read_settings(config)
    store = open_store(settings.database_url)
    try:
        held = [each.id for each in store.views.deliveries((DeliveryState.DEAD, DeliveryState.RETRY), ALL)]
        unknown = sorted(set(ids or ()) - set(held))
        if unknown:
            raise ConfigError(f"not among the deliveries that were given up or wait: {', '.join(unknown)}")
        by, one = getpass.getuser(), ids[0] if ids and len(ids) == 1 else ""
        now = datetime.now(UTC)
        number = store.curation.replay(ids or held, Action(by, "replay", "delivery", one), now)
        hastened = store.curation.hasten(ids or held, Action(by, "hasten", "delivery", one), now)
    finally:
        store.close()
    if hastened:
        say(f"{counted(hastened, 'delivery', 'deliveries')} due now")
    if number or not hastened:
        _say_queued(number)


def _say_queued(number: int) -> None:
    say(f"{counted(number, 'delivery', 'deliveries')} queued again" if number else "there is nothing to send again")


def replay(
    since: Annotated[str, typer.Option(help="2026-11-20 or 2026-11-20T08:00, local.")],
    route: Annotated[str, typer.Option(help="Only this route.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    config: Config = None,
) -> None:
    settings = read_settings(config)
    start = moment(since, ZoneInfo(settings.timezone))
    store = open_store(settings.database_url)
    try:
        ended = store.views.deliveries((DeliveryState.DEAD, DeliveryState.SENT), ALL)
        chosen = [each.id for each in ended if each.created_at >= start and route in ("", each.route)]
        if not (yes or typer.confirm(f"Send {counted(len(chosen), 'delivery', 'deliveries')} again?")):
            say("nothing was queued")
            return
        done = Action(getpass.getuser(), "replay", "delivery", "", f"since {start.isoformat()} {route}".strip())
        number = store.curation.replay(chosen, done, datetime.now(UTC), also_sent=True)
    finally:
        store.close()
    _say_queued(number)
