"""Stories by filters and words, and one story with all that is known of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from monitor.console import shown
from monitor.console.pages.base import Page, Pages, Text
from monitor.console.wanted import Wanted
from monitor.model import ActType, Reason, Sector, Stage
from monitor.store import desk


def stories(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
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
    tongue = pages.tongue

    def show(request: Request, story_id: str, effect: Text = "") -> HTMLResponse:
        with pages.behind.database.read() as connection:
            file = desk.story_file(connection, story_id)
            others = desk.quiet_at(connection, float(effect), pages.behind.clock()) if _is_share(effect) else None
        if file is None:
            return pages.fault(request, tongue("error.not_found_words"), 404)
        judged = next((detail.split(" ", 1)[0] for _, _, kind, detail in reversed(file.actions) if kind == "judge"), "")
        page = shown.story_page(file, judged, tongue)
        page["effect"] = tongue("act.effect", threshold=effect, n=others) if others is not None else ""
        reasons = tongue.closed("reason", list(Reason))
        return pages.render(request, "story.html", "/", str(page["headline"]), s=page, options={"reason": reasons})

    return show


def _is_share(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and 0 <= float(text) <= 1
