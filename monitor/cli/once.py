"""``coopwatch once``: one round of all the work, for cron jobs and tests."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.app import open_machine
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import note, print_json, say
from monitor.cli.preparing import note_first_load
from monitor.cli.status import NO_ALERT_LEAVES
from monitor.config import Settings
from monitor.model import Delivery
from monitor.run.failpoints import arm
from monitor.run.once import Summary, run_once


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("once", help="Ask every due feed once, do all that follows, deliver, end.")(once)


PollsOnly = Annotated[bool, typer.Option("--polls-only", help="Ask the feeds; what they list is left to the next run.")]


def once(config: Config = None, as_json: Json = False, polls_only: PollsOnly = False) -> None:
    settings = read_settings(config)
    arm(os.environ.get("COOPWATCH_FAILPOINT", ""))
    if settings.sends_nothing and not as_json:
        note(f"{NO_ALERT_LEAVES}: alerts are written to {settings.alerts_dir}")
    note_first_load(settings)
    summary = asyncio.run(_once(settings, show=settings.sends_nothing and not as_json, polls_only=polls_only))
    if as_json:
        print_json(summary)
    else:
        _print(summary)


async def _once(settings: Settings, *, show: bool, polls_only: bool) -> Summary:
    def shown(delivery: Delivery) -> None:
        if show and delivery.body[:1] != b"{":
            say(f"ALERT  {delivery.subject}")

    async with open_machine(settings, clock=_now, on_sent=shown) as machine:
        return await run_once(machine.driver(polls_only=polls_only), machine.poll, machine.collect, _now)


def _now() -> datetime:
    return datetime.now(UTC)


def _print(summary: Summary) -> None:
    seconds = (summary.ended_at - summary.started_at).total_seconds()
    for step, counts in summary.steps.items():
        done = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in sorted(counts.items()) if number)
        say(f"{step:8} {done or 'nothing to do'}")
    say(f"done in {seconds:.1f} s")
