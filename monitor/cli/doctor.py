"""``coopwatch doctor``: is everything as the service needs it, and what to do where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from monitor.app import fetch_limits, host_name
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.cli.preparing import note_first_load
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.fetch.egress import Egress
from monitor.run.doctor import examine
from monitor.run.finding import Finding, Level, exit_code

_SIGN = {Level.OK: "ok      ", Level.WARNING: "warning ", Level.FAULT: "FAULT   "}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor", help="Look at configuration, rules, database, disk, clock and network; say what to do.")(run)


def run(
    config: Config = None,
    offline: Annotated[bool, typer.Option("--offline", help="Leave the network alone.")] = False,
    as_json: Json = False,
) -> None:
    findings = examine_config(config, offline=offline, quiet=as_json)
    code = exit_code(findings)
    if as_json:
        print_json({"findings": findings, "exit_code": code})
    elif code == 0:
        say("nothing stands in the service's way", bold=True)
    if code:
        raise typer.Exit(code)


def examine_config(config: Path | None, *, offline: bool, quiet: bool) -> tuple[Finding, ...]:
    """Every finding about a configuration, shown as it is made unless ``quiet``. Nothing is raised: a configuration that
    cannot be read is a finding too."""

    def tell(finding: Finding) -> None:
        if not quiet:
            show(finding)

    try:
        settings = read_settings(config)
    except ConfigError as exc:
        finding = Finding("configuration", Level.FAULT, str(exc), "edit the lines named", exc.exit_code)
        tell(finding)
        return (finding,)
    note_first_load(settings)
    return asyncio.run(_examine(settings, offline, tell))


async def _examine(settings: Settings, offline: bool, tell: Callable[[Finding], None]) -> tuple[Finding, ...]:
    return await examine(settings, Egress(fetch_limits(settings)), host_name(), offline=offline, tell=tell)


def show(finding: Finding) -> None:
    """One finding for people."""
    say(f"{_SIGN[finding.level]} {finding.part}: {finding.words}", bold=finding.level is Level.FAULT)
    if finding.advice:
        say(f"          -> {finding.advice}")
