"""``coopwatch explain``: why an article is, or is not, an announcement; then (what the service decided) and now (what
today's rules say)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from monitor import rulebook
from monitor.app import open_reach
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import plain, print_json, print_table, say
from monitor.cli.stores import existing_store
from monitor.cli.whynot import why_not
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.match import Matcher
from monitor.match.matcher import Trace
from monitor.match.wire import judgement_object
from monitor.model import Announcement, Article
from monitor.quality.labels import article_of
from monitor.store.trail import Trail
from monitor.text import counted

_REFUSED_SHOWN = 8
_TERMS_SHOWN = 8


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain", help="Why an article is, or is not, an announcement: then and now.")(explain)


def explain(
    name: Annotated[
        str,
        typer.Argument(
            help="Address, file (JSON line, text or HTML), or id of an article or story.", metavar="URL|FILE|ID"
        ),
    ],
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    now = datetime.now(UTC)
    with existing_store(settings) as store:
        trails = store.trails.find(name) if store else ()
    article = next((trail.article for trail in trails if trail.article), None) or _find(settings, name, now)
    rules = rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir)
    trace = Matcher(rules).explain(article, now=now)
    missing = why_not(trace, rules.weights)
    if as_json:
        print_json(
            {
                "then": [_as_json(trail) for trail in trails],
                "now": judgement_object(article.id, trace.judgement),
                "why_not": missing,
            }
        )
        return
    if not trails:
        say("The service never saw this article: no feed listed it.")
        say()
    for trail in trails:
        _show_then(trail)
    _show_now(trace, missing)


def _find(settings: Settings, name: str, now: datetime) -> Article:
    """The article of a file or an address that the store does not know."""
    if name.startswith(("http://", "https://")):
        return asyncio.run(_read_page(settings, name, now))
    path = Path(name)
    if not path.is_file():
        raise ConfigError(f"{name} is neither an address, nor a file, nor an id that the store knows")
    return asyncio.run(_read_file(settings, path, now))


async def _read_page(settings: Settings, url: str, now: datetime) -> Article:
    async with open_reach(settings) as reach:
        return await reach.read_page(url, now)


async def _read_file(settings: Settings, path: Path, now: datetime) -> Article:
    raw = path.read_bytes()
    text = raw.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        try:
            return article_of({"id": path.name, **json.loads(text.splitlines()[0])})
        except (ValueError, TypeError) as exc:
            raise ConfigError(f"{path}: not an article: {exc}") from exc
    if "<html" in text[:2000].lower() or "<!doctype" in text[:200].lower():
        async with open_reach(settings) as reach:
            page = await reach.reader.read(raw, content_type="text/html", url=path.as_uri(), now=now)
        return Article(path.name, page.title, page.text, page.published_at, page.date_only, language=page.language)
    title, _, rest = text.strip().partition("\n")
    return Article(path.name, title, rest.strip())


# ---------------------------------------------------------------------------------------------- then


def _show_then(trail: Trail) -> None:
    say(f"THEN  {trail.title}", bold=True)
    published = f", published {trail.published_at:%Y-%m-%d %H:%M} UTC" if trail.published_at else ", no date"
    say(f"listed    {trail.first_seen_at:%Y-%m-%d %H:%M:%S} UTC by {trail.feed_title} ({trail.feed_id}){published}")
    marks = [
        word
        for word, holds in (("too old to be told", trail.held), ("late", trail.late), ("imported", trail.quiet))
        if holds
    ]
    if marks or trail.edits:
        edited = [f"edited {counted(trail.edits, 'time')}"] if trail.edits else []
        say(f"marks     {', '.join([*marks, *edited])}")
    if trail.read_at is None:
        say(f"read      not yet ({counted(trail.attempts, 'try', 'tries')}): {trail.reason or 'waiting'}")
    else:
        wall = f", {trail.wall}" if trail.wall else ""
        say(f"read      {trail.read_at:%Y-%m-%d %H:%M:%S} UTC from its {trail.method}{wall}")
    for judged in trail.judged:
        judgement = judged.judgement
        reasons = f" ({', '.join(judgement.reasons)})" if judgement.reasons else ""
        verdict = f"{judgement.verdict}, score {judgement.score:.2f}{reasons}"
        say(f"judged    {judged.at:%Y-%m-%d %H:%M:%S} UTC {verdict}, rules {judgement.ruleset[:12]}")
    if not trail.judged:
        say(f"judged    {'never: ' + trail.reason if trail.disposition == 'parked' else 'not yet'}")
    for story in trail.stories:
        say(f"story     {story}")
    print_table(
        "",
        ("told?", "route", "stage", "why", "story"),
        [(one.decision, one.route, one.stage, one.why, one.story_id) for one in trail.said],
        none="told?     no route was asked: no announcement, or one that is never told (imported, entered by hand)",
    )
    print_table(
        "",
        ("sent", "to", "state", "answer"),
        [(one.ended_at or one.created_at, f"{one.route} {one.target}", one.state, one.reason) for one in trail.sent],
        none="sent      nothing" if trail.said else "",
    )
    say()


def _as_json(trail: Trail) -> dict[str, object]:
    values = asdict(trail)
    values["judged"] = [{"at": one.at, **judgement_object(str(trail.entry_id), one.judgement)} for one in trail.judged]
    return values


# ---------------------------------------------------------------------------------------------- now


def _show_now(trace: Trace, missing: Sequence[str]) -> None:
    judgement, article = trace.judgement, trace.reading.article
    say(
        f"NOW  {judgement.verdict}, score {judgement.score:.2f}, language {judgement.lang}, rules {judgement.ruleset[:12]}",
        bold=True,
    )
    if judgement.reasons:
        say(f"refused because: {', '.join(judgement.reasons)}")
    for number, line in enumerate(missing):
        say(f"{'why not:' if number == 0 else '':8} {line}")
    for announcement in judgement.announcements:
        _show_announcement(announcement)
    _show_text(trace, article)
    refused = [one for one in trace.scored if one.candidate.reason is not None][:_REFUSED_SHOWN]
    print_table(
        "tried and refused",
        ("rule", "reason", "score", "sentence"),
        [
            (
                one.candidate.frame.rule.id,
                one.candidate.reason,
                f"{one.probability:.2f}",
                trace.reading.whole[one.candidate.frame.part.start : one.candidate.frame.part.end][:160],
            )
            for one in refused
        ],
    )


def _show_announcement(said: Announcement) -> None:
    parties = ", ".join(f"{party.name or party.id} ({party.id})" for party in said.parties)
    say(f"  {said.type} {said.stage}: {parties}; score {said.score:.2f}, rule {said.rule}")
    say(f"  “{said.quote}”")
    terms = sorted(said.terms, key=lambda term: -abs(term[1]))[:_TERMS_SHOWN]
    if terms:
        say("  score made of: " + ", ".join(f"{name} {value:+.2f}" for name, value in terms))


def _show_text(trace: Trace, article: Article) -> None:
    """Title and text with the evidence underlined."""
    spans = [span for said in trace.judgement.announcements for span in said.evidence]
    for field, content in (("title", article.title), ("text", article.text)):
        shown = Text(plain(content))
        for span in spans:
            if span.field == field:
                shown.stylize("bold underline", span.start, span.end)
        if content:
            Console(highlight=False, emoji=False).print(shown)
            say()
