"""``coopwatch status``: how the service is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from monitor.alert import words
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.cli.stores import existing_store
from monitor.config import Settings
from monitor.model import Decision, Episode, Pause
from monitor.store import runner_lock
from monitor.store.views import Overview

# what holds a piece of news, as a sentence about those that wait
_HELD: Mapping[str, str] = {
    Decision.HELD: "over its hourly limit, for one message",
    Decision.PAUSED: "held by its absence",
    Decision.DIGEST: "for its next digest",
    Decision.NEAR: "near misses for its next digest",
}
NO_ALERT_LEAVES = "NO ALERT LEAVES THIS MACHINE"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("status", help="How the service is: feeds, work, deliveries, routes.")(status)


def status(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    with existing_store(settings) as store:
        overview = store.views.overview() if store else None
        pauses = store.people.pauses(datetime.now(UTC)) if store else ()
    away = {pause.route: pause for pause in pauses}
    lock = runner_lock(settings.database_url)
    runner = lock.holder() if lock else None
    if as_json:
        _print_json(settings, overview, runner, away)
    else:
        _print(settings, overview, runner, away)


def _print_json(settings: Settings, overview: Overview | None, runner: int | None, away: Mapping[str, Pause]) -> None:
    print_json(
        {
            "sends_nothing": settings.sends_nothing,
            "running": None if runner is None else runner != 0,
            "process": runner or None,
            "state_dir": str(settings.state_dir),
            "routes": [
                {
                    "name": route.name,
                    "channel": route.channel,
                    "mode": route.mode,
                    "language": route.language,
                    "away": away.get(route.name),
                }
                for route in settings.routes
            ],
            **(asdict(overview) if overview else {}),
        }
    )


def _print(settings: Settings, overview: Overview | None, runner: int | None, away: Mapping[str, Pause]) -> None:
    if settings.sends_nothing:
        say(f"{NO_ALERT_LEAVES}: no route sends mail or webhooks; alerts are files in {settings.alerts_dir}", bold=True)
    if runner is not None:
        say(f"service     {f'running (process {runner})' if runner else 'not running'}")
    say(f"state       {settings.state_dir}")
    held = overview.held if overview else {}
    for name in [route.name for route in settings.routes] + [name for name in held if name not in _names(settings)]:
        say(f"route       {_route(name, settings)}{_away(away.get(name))}{_held(held.get(name, {}))}")
    if overview is None:
        say("database    not made yet: start the service (coopwatch run) or run coopwatch once")
        return
    feeds = _counts(overview.feeds) if overview.feeds else "none yet: coopwatch feeds add ADDRESS"
    say(f"feeds       {feeds}{_when(overview.next_poll_at)}")
    say(f"entries     {_counts(overview.entries)}")
    say(f"articles    {_counts(overview.dispositions)}")
    say(f"stories     {overview.stories}")
    waiting = ""
    if overview.oldest_waiting_at:
        waiting = f"; the oldest waits since {overview.oldest_waiting_at:%Y-%m-%d %H:%M} UTC"
    say(f"deliveries  {_counts(overview.deliveries)}{waiting}")
    if overview.deliveries.get("dead"):
        say("            parked ones wait for you: coopwatch outbox list --state dead")
    _print_trouble(overview.trouble, overview.feeds)


def _names(settings: Settings) -> frozenset[str]:
    return frozenset(route.name for route in settings.routes)


def _route(name: str, settings: Settings) -> str:
    route = next((route for route in settings.routes if route.name == name), None)
    return f"{name}: {route.channel}, {route.mode}, {route.language}" if route else f"{name}: not configured any more"


def _away(pause: Pause | None) -> str:
    if pause is None:
        return ""
    instead = "" if pause.to == "digest" else f", {pause.to} stands in"
    return f"; AWAY until {pause.until:%Y-%m-%d %H:%M} UTC{instead}"


def _held(waiting: Mapping[str, int]) -> str:
    """What no message of a route carries yet, and what it waits for."""
    return "".join(f"; {number} {_HELD.get(decision, decision)}" for decision, number in waiting.items())


def _print_trouble(trouble: Sequence[Episode], feeds: Mapping[str, int]) -> None:
    """The open episodes in the words of their mails. Failing feeds become one only after a while."""
    if not trouble:
        failing = feeds.get("failing", 0)
        fail = f"{failing} of {sum(feeds.values())} feeds fail: coopwatch feeds list says why"
        say(f"health      {fail if failing else 'nothing is wrong'}")
        return
    said = words.load("en")
    for episode in trouble:
        title = said.text(f"watch.{episode.kind}.title", words=episode.words)
        say(f"ILL         {title} (since {episode.started_at:%Y-%m-%d %H:%M} UTC, {episode.kind})", bold=True)
    say("            what each means and what to do: docs/operate.md, Health")


def _counts(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "none"


def _when(moment: datetime | None) -> str:
    if moment is None:
        return ""
    wait_s = (moment - datetime.now(UTC)).total_seconds()
    if wait_s < 120:
        return "; one is due now" if wait_s <= 0 else f"; the next is due in {wait_s:.0f} s"
    return f"; the next is due in {wait_s / 60:.0f} min"
