"""Stories by filters and words, and one story with all that is known of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from monitor.alert import headline
from monitor.console import shown
from monitor.console.pages.base import Page, Pages, Text
from monitor.console.shown import Tongue
from monitor.console.wanted import Wanted
from monitor.model import ActType, Reason, Sector, Stage
from monitor.store import desk
from monitor.store.desk import StoryFile


def stories(pages: Pages) -> Page:
    def show(request: Request, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
        tongue = pages.tongue(request)
        with pages.behind.database.read() as connection:
            lines, more = desk.find_stories(connection, wanted.filter(tongue.zone), page=wanted.page)
            values = desk.choices(connection)
            feeds = desk.feed_titles(connection, values["feed"])
        chosen = wanted.fields()
        options = {
            "type": tongue.closed("type", list(ActType)),
            "stage": tongue.closed("stage", list(Stage)),
            "sector": tongue.closed("sector", list(Sector)),
            "state": tongue.closed("state", ("open", "wrong", "merged")),
            "topic": [(topic, topic) for topic in values["topic"]],
            "lang": [(code, tongue.words.tongue(code)) for code in values["lang"]],
            "feed": feeds,
        }
        return pages.render(
            request,
            "stories.html",
            "/",
            tongue("stories.title"),
            lines=[shown.story_line(line, tongue) for line in lines],
            f={**chosen, "more": any(chosen[key] for key in ("topic", "lang", "feed", "since", "until"))},
            options=options,
            page=wanted.page,
            more=more,
            query=urlencode({key: value for key, value in chosen.items() if value}),
            quiet=tongue("stories.quiet") if pages.behind.sends_nothing else "",
        )

    return show


def story(pages: Pages) -> Page:
    def show(request: Request, story_id: str, effect: Text = "") -> HTMLResponse:
        tongue = pages.tongue(request)
        with pages.behind.database.read() as connection:
            file = desk.story_file(connection, story_id)
            found = (
                _effects(connection, file, effect, tongue, pages.behind.clock())
                if file is not None and _is_share(effect)
                else []
            )
        if file is None:
            return pages.fault(request, tongue("error.not_found_words"), 404)
        judged = next((detail.split(" ", 1)[0] for _, _, kind, detail in reversed(file.actions) if kind == "judge"), "")
        page = shown.story_page(file, judged, tongue)
        page["effects"] = found
        reasons = tongue.closed("reason", list(Reason))
        return pages.render(request, "story.html", "/", str(page["headline"]), s=page, options={"reason": reasons})

    return show


def _effects(
    connection: Connection, file: StoryFile, threshold: str, tongue: Tongue, now: datetime
) -> list[dict[str, object]]:
    """What else a threshold just above this story's score, or its rule switched off, would have kept back."""
    story = file.story
    raised = desk.with_threshold(connection, story.id, float(threshold), now)
    effects = [(tongue.words.count("act.effect", raised.count, threshold=threshold), raised)]
    rule = next((report.announcement.rule for report in story.reports if report.reason is None), "")
    if rule:
        without = desk.without_rule(connection, story.id, rule, now)
        effects.append((tongue.words.count("act.effect_rule", without.count, rule=rule), without))
    return [
        {"words": words, "stories": [(each.id, headline.of_story(each, tongue.words)) for each in effect.newest]}
        for words, effect in effects
    ]


def _is_share(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and 0 <= float(text) <= 1
