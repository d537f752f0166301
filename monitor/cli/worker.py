"""``coopwatch worker``: one worker of a fleet on PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from monitor.app import open_machine
from monitor.app.fleet import fleet_of
from monitor.cli.options import Config, read_settings
from monitor.cli.output import note
from monitor.cli.run import now
from monitor.config import Settings
from monitor.run import logs


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("worker", help="One of several machines on PostgreSQL: the same work as run, shared.")(worker)


def worker(
    config: Config = None,
    take_rules: Annotated[
        bool, typer.Option("--take-rules", help="Make this worker's rule set the one in force for all workers.")
    ] = False,
) -> None:
    settings = read_settings(config)
    writer = logs.LineWriter(logs.standard_error())
    logs.set_up(settings.log.level, settings.log.format, writer, person_watches=sys.stderr.isatty())
    try:
        asyncio.run(_work(settings, take_rules))
    finally:
        writer.close()


async def _work(settings: Settings, take_rules: bool) -> None:
    async with open_machine(settings, clock=now) as machine:
        fleet = fleet_of(machine, take_rules=take_rules)
        await fleet.run(note, machine.status)
    note("coopwatch has stopped")
