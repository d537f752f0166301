"""``coopwatch demo``: the real machinery on a little origin of its own, offline. Shows each alert as it arrives and
where its mail lies, and ends with why the other articles did not alert.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from itertools import dropwhile
from pathlib import Path
from typing import Annotated, Literal

import typer
import yaml

from monitor.alert import words
from monitor.alert.channels.file import file_name
from monitor.alert.words import Words
from monitor.app import open_machine
from monitor.cli.demo_site import DemoArticle, feeds_of, serve
from monitor.cli.output import print_table, say
from monitor.config import Settings, checkout, find_places, load
from monitor.model import Delivery, Disposition, Why
from monitor.run.once import run_once
from monitor.store.desk import Outcome, outcomes
from monitor.store.engine import Database
from monitor.text import counted

# Why a route sends nothing at once for an announcement, where the demo's articles can cause it.
_WHY = {
    Why.SOURCE: "nothing new: one more source of an act that was told",
    Why.ALREADY_TOLD: "nothing new: the act was told",
    Why.NOTHING_NEW: "nothing new: the act is known",
    Why.NEAR_MISS: "too doubtful: a near miss for the digest",
    Why.THRESHOLD: "too doubtful for this route",
}

_CONFIG = """\
state_dir = "state"
feeds_file = "feeds.yaml"
[fetch]
allow_private = ["{host}"]  # the demo's origin, and nothing else on this machine
host_delay = "0s"           # it is our own
[log]
level = "error"
[[routes]]
name = "demo"
channel = "file"
language = "{language}"
"""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo", help="One minute, offline: see what an alert is, and what does not become one.")(demo)


def demo(
    language: Annotated[Literal["en", "it"], typer.Option(help="Language of the mails: en or it.")] = "en",
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where to put the demo's files; default: a new temporary folder.")
    ] = None,
) -> None:
    began = time.monotonic()
    top = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="coopwatch-demo-"))
    top.mkdir(parents=True, exist_ok=True)
    with serve(_now()) as (base_url, articles):
        settings = _settings(top, base_url, articles, language)
        say(
            f"{base_url} serves {counted(len(feeds_of(articles)), 'feed')} with {counted(len(articles), 'article')}. "
            "Nothing leaves this machine."
        )
        say("The rest runs as in earnest: feeds polled, pages read, articles judged and grouped, mails written.")
        say("Loading the rules takes some seconds, because this folder has no cache of word forms yet.")
        say()
        ends, alerts = asyncio.run(_run(settings, [base_url + each.path for each in articles], began))
    _explain(articles, base_url, ends)
    say()
    say(
        f"{counted(alerts, 'alert')} from {counted(len(articles), 'article')} in {time.monotonic() - began:.0f} seconds.",
        bold=True,
    )
    say(f"Mails and events: {settings.alerts_dir}")
    say(f"Delete {top} when you have seen enough. The service on real feeds: make run, or coopwatch run")


def _settings(top: Path, base_url: str, articles: tuple[DemoArticle, ...], language: str) -> Settings:
    """The demo's own configuration, written where it can be read; the environment's settings do not count."""
    feeds = [
        {
            "url": base_url + feed.path,
            "title": feed.title,
            "language": feed.language,
            "country": feed.country,
            "kind": feed.kind,
        }
        for feed in feeds_of(articles)
    ]
    (top / "feeds.yaml").write_text(yaml.safe_dump({"feeds": feeds}, sort_keys=False), encoding="utf-8")
    config = top / "coopwatch.toml"
    config.write_text(_CONFIG.format(host=base_url.removeprefix("http://"), language=language), encoding="utf-8")
    return load(config, {}, places=find_places({}, top=checkout()))


async def _run(settings: Settings, urls: list[str], began: float) -> tuple[dict[str, Outcome], int]:
    """One round of all the work; the outcome of each article by its address, and how many alerts were written."""
    mails: list[Delivery] = []

    def show(delivery: Delivery) -> None:
        if delivery.body[:1] != b"{":  # the file channel writes each alert as a mail and as an event
            mails.append(delivery)
            _show(delivery, settings.alerts_dir, time.monotonic() - began)

    async with open_machine(settings, clock=_now, on_sent=show) as machine:
        await run_once(machine.driver(), machine.poll, machine.collect, _now)
        ends = await machine.writer.call(_outcomes, machine.store.database, urls)
    return ends, len(mails)


def _outcomes(database: Database, urls: list[str]) -> dict[str, Outcome]:
    with database.read() as connection:
        return outcomes(connection, urls)


def _explain(articles: tuple[DemoArticle, ...], base_url: str, ends: Mapping[str, Outcome]) -> None:
    """Every article with what it is there for, and why it was told or not. Nothing here is known beforehand."""
    named = words.load("en")
    rows = []
    for article in articles:
        outcome = ends.get(base_url + article.path)
        if outcome is None or not outcome.is_told:
            rows.append((article.title, article.shows, _why(outcome, named)))
    print_table("The others did not alert:", ("article", "what it is", "why not"), rows)


def _why(outcome: Outcome | None, named: Words) -> str:
    """Why an article did not alert, in a few words, from what the store keeps of it."""
    if outcome is None:
        return "its feed did not list it"
    if outcome.disposition is None:
        return "it was not judged"
    if outcome.disposition is Disposition.PARKED:
        return f"it was set aside: {outcome.reason}"
    if outcome.disposition is Disposition.ANNOUNCEMENT:
        named_whys = [why for _, _, why in outcome.decisions if why is not Why.MENTION]
        return ", ".join(dict.fromkeys(_WHY.get(why, why.value) for why in named_whys))
    reasons = outcome.judgement.reasons if outcome.judgement else ()
    return (
        ", ".join(named.text(f"reason.{reason}") for reason in reasons) or "no sentence reports an act of cooperation"
    )


def _show(delivery: Delivery, alerts_dir: Path, after_s: float) -> None:
    """One alert: its headline, the first lines of its mail, and the file."""
    say(f"ALERT after {after_s:.1f} s: {delivery.subject}", bold=True)
    for line in _first_lines(delivery.body):
        say(f"  {line}")
    say(f"  {alerts_dir / file_name(delivery)}")
    say()


def _first_lines(mail: bytes, most: int = 4) -> list[str]:
    """The first labelled blocks of a mail's text part, below its headline: who, what, when, proof."""
    part = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
    lines = part.get_content().splitlines() if part else []
    below = list(dropwhile(lambda line: not line.startswith("==="), lines))[1:]
    shown: list[str] = []
    for line in filter(str.strip, below):
        most -= not line.startswith(" ")
        if most < 0:
            break
        shown.append(line)
    return shown


def _now() -> datetime:
    return datetime.now(UTC)
