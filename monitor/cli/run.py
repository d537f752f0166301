"""``coopwatch run``: the service."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from monitor.app import Machine, open_machine
from monitor.cli.options import Config, read_settings
from monitor.cli.output import note, say
from monitor.cli.preparing import note_first_load
from monitor.cli.status import NO_ALERT_LEAVES
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.model import Delivery
from monitor.run import logs
from monitor.run.driver import Driver
from monitor.run.failpoints import arm
from monitor.run.keeping import Keeping
from monitor.run.notify import Notifier
from monitor.run.service import Chores, Service
from monitor.store.retention import RetentionStore

logger = logging.getLogger(__name__)

# After a long sleep overdue feeds are spread over at most this time.
SPREAD_S = 300.0


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("run", help="The service: poll, read, judge, group, deliver, until told to stop.")(run)


def run(config: Config = None) -> None:
    settings = read_settings(config)
    arm(os.environ.get("COOPWATCH_FAILPOINT", ""))
    writer = logs.LineWriter(logs.standard_error())
    logs.set_up(settings.log.level, settings.log.format, writer, person_watches=sys.stderr.isatty())
    try:
        asyncio.run(_run(settings, config, lambda: writer.dropped))
    finally:
        writer.close()


async def _run(settings: Settings, config: Path | None, dropped: Callable[[], int]) -> None:
    def shown(delivery: Delivery) -> None:
        if delivery.channel == "file" and delivery.body[:1] != b"{":
            say(f"ALERT  {delivery.subject}")

    if settings.sends_nothing:
        note(f"{NO_ALERT_LEAVES}: alerts are written to {settings.alerts_dir}")
    note_first_load(settings)
    async with open_machine(settings, clock=now, on_sent=shown) as machine:
        driver = machine.driver()
        service = Service(
            driver,
            chores(machine, config, _page(machine, driver, dropped)),
            Notifier(os.environ),
            clock=now,
            upkeep_every_s=settings.watch.check_every_s,
        )
        await service.run(note)
    note("coopwatch has stopped")


def chores(machine: Machine, config: Path | None, *background: Callable[[], Awaitable[None]]) -> Chores:
    """What the service needs of the machine besides its steps."""

    async def reload() -> None:
        try:
            await machine.reload(read_settings(config))
        except ConfigError as exc:
            machine.notes.refuse(exc)
            logger.error("reload refused, the old settings and rules stay in force: %s", exc)
            note(f"coopwatch: reload refused, the old settings and rules stay in force:\n{exc}")
            return
        machine.notes.accept()
        logger.info("reloaded ruleset=%s", machine.knowledge.ruleset.digest)
        note(f"coopwatch has reloaded: {machine.status()}")

    async def jumped(jump: timedelta) -> None:
        machine.notes.clock_jump_s = jump.total_seconds()
        if jump < timedelta(0):
            await machine.writer.call(machine.store.manners.shift, jump)
        else:
            await slept()

    async def slept() -> None:
        over_s = min(machine.settings.fetch.min_interval_s, SPREAD_S)
        await machine.writer.call(machine.store.manners.spread, now(), over_s, random.random)

    keeping = Keeping(RetentionStore(machine.store.database), machine.writer, now)

    async def upkeep() -> None:
        await machine.look_after()
        await keeping.look(machine.settings.keep)

    return Chores(
        reload=reload, upkeep=upkeep, jumped=jumped, slept=slept, status=machine.status, background=background
    )


def _page(machine: Machine, driver: Driver, dropped: Callable[[], int]) -> Callable[[], Awaitable[None]]:
    """Serves the operators' page; its libraries are loaded beside the work, so that nothing waits for them."""

    async def serve() -> None:
        if machine.settings.console.enabled:
            page = await asyncio.to_thread(importlib.import_module, "monitor.cli.page")
            await page.serve(machine, lambda: driver.totals, dropped, note)

    return serve


def now() -> datetime:
    """The clock of the service, in UTC."""
    return datetime.now(UTC)
