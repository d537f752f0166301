"""Stories by filters and words, and one story with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor.console import shown
from monitor.console.pages.base import Page, PageNumber, Pages, Text, midnight
from monitor.model import ActType, Reason, Sector, Stage
from monitor.store import desk
from monitor.store.desk import StoryFilter


def stories(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(
        request: Request,
        q: Text = "",
        principals: Text = "",
        type: Text = "",
        stage: Text = "",
        sector: Text = "",
        topic: Text = "",
        lang: Text = "",
        feed: Text = "",
        state: Text = "",
        since: Text = "",
        until: Text = "",
        page: PageNumber = 1,
    ) -> HTMLResponse:
        chosen = {
            "q": q, "principals": principals, "type": type, "stage": stage, "sector": sector, "topic": topic,
            "lang": lang, "feed": feed, "state": state, "since": since, "until": until,
        }  # fmt: skip
        with pages.behind.database.read() as connection:
            lines, more = desk.find_stories(connection, story_filter(chosen, tongue.zone), page=page)
            values = desk.choices(connection)
            feeds = desk.feed_titles(connection, values["feed"])
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
            f={**chosen, "more": bool(topic or lang or feed or since or until)},
            options=options,
            page=page,
            more=more,
            query=urlencode({key: value for key, value in chosen.items() if value}),
            quiet=tongue("stories.quiet") if pages.behind.sends_nothing else "",
        )

    return show


def story_filter(chosen: Mapping[str, str], zone: ZoneInfo) -> StoryFilter:
    """The filter that the form's fields ask for; what makes no sense is left out. Days are local."""
    since, until = shown.day_or_none(chosen["since"]), shown.day_or_none(chosen["until"])
    codes = chosen["principals"].replace(",", " ").split()[:6]
    return StoryFilter(
        words=chosen["q"],
        principals=tuple(code.upper() if len(code) == 2 else code for code in codes),
        type=chosen["type"],
        stage=chosen["stage"],
        sector=chosen["sector"],
        topic=chosen["topic"],
        lang=chosen["lang"],
        feed=chosen["feed"],
        state=chosen["state"],
        since=midnight(since, zone) if since else None,
        until=midnight(until + timedelta(days=1), zone) if until else None,
    )


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
