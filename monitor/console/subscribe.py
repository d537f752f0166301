"""What other programs subscribe to: the stories as Atom and as JSON Feed, the open calls as a calendar. Reading only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from monitor.alert import headline
from monitor.alert.render import feeds
from monitor.alert.render.feeds import FeedPlace
from monitor.console.backstage import Backstage
from monitor.model import Story
from monitor.store import desk
from monitor.story.calls import calendar, open_calls

ENTRIES = 50
LOOK_BACK = timedelta(days=400)  # as long as a story is remembered
_ATOM, _JSON, _ICS = "application/atom+xml", "application/feed+json", "text/calendar"


def router(behind: Backstage) -> APIRouter:
    """The three addresses. Feed readers and calendars log in with the API token as the password (Basic)."""
    found = APIRouter(prefix="/api", tags=["subscribe"])
    words = behind.words(behind.language)

    def newest() -> tuple[Story, ...]:
        with behind.database.read() as connection:
            stories = desk.newest_stories(connection, behind.threshold, ENTRIES)
        return tuple(sorted(stories, key=feeds.changed_at, reverse=True))

    @found.get(
        "/stories.atom", summary="The newest stories as an Atom feed", response_class=Response, responses=_kind(_ATOM)
    )
    def atom(request: Request) -> Response:
        return _answer(feeds.atom(newest(), _place(request), words, behind.clock()), _ATOM)

    @found.get(
        "/stories.json", summary="The newest stories as a JSON Feed", response_class=Response, responses=_kind(_JSON)
    )
    def json_feed(request: Request) -> Response:
        return _answer(feeds.json_feed(newest(), _place(request), words), _JSON)

    @found.get("/calls.ics", summary="The open calls as a calendar", response_class=Response, responses=_kind(_ICS))
    def calls() -> Response:
        now = behind.clock()
        with behind.database.read() as connection:
            stories = desk.stories_with_deadline(connection, now - LOOK_BACK)
        found = open_calls(stories, now.astimezone(ZoneInfo(behind.timezone)).date())
        titles = {call.story.id: headline.of_story(call.story, words) for call in found}
        return _answer(calendar(found, titles, now).encode("utf-8"), _ICS)

    return found


def _place(request: Request) -> FeedPlace:
    return FeedPlace(str(request.url.replace(query="")), str(request.base_url).rstrip("/"))


def _kind(media: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media: {}}}}


def _answer(body: bytes, media: str) -> Response:
    return Response(body, media_type=f"{media}; charset=utf-8")
