"""``coopwatch status``: how the service is."""

from __future__ import annotations

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say

NO_ALERT_LEAVES = "NO ALERT LEAVES THIS MACHINE"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("status", help="How the service is: feeds, work, deliveries, routes.")(status)


def status(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    if as_json:
        print_json({"sends_nothing": settings.sends_nothing, "state_dir": str(settings.state_dir)})
        return
    if settings.sends_nothing:
        say(f"{NO_ALERT_LEAVES}: no route sends mail or webhooks; alerts are files in {settings.alerts_dir}", bold=True)
