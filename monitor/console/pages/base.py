"""What every page shares: templates, words, the frame around it, and the shapes of what a page may be asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import Connection

from monitor import __version__
from monitor.console import language
from monitor.console.backstage import Backstage
from monitor.console.shown import Tongue
from monitor.store import desk

FOLDER = Path(__file__).resolve().parent.parent
SECTIONS = (
    ("/", "nav.stories"),
    ("/relations", "nav.relations"),
    ("/sources", "nav.sources"),
    ("/rules", "nav.rules"),
    ("/deliveries", "nav.deliveries"),
    ("/quality", "nav.quality"),
)
Text = Annotated[str, Query(max_length=300)]
PageNumber = Annotated[int, Query(ge=1, le=2000)]
Page = Callable[..., HTMLResponse]

DONE_KEYS = frozenset({"act.done", "missed.done", "sources.added", "deliveries.replayed", "silences.ended"})


class Pages:
    """Renders templates with what every page needs."""

    def __init__(self, behind: Backstage) -> None:
        self.behind = behind
        self.zone = ZoneInfo(behind.timezone)
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def tongue(self, request: Request) -> Tongue:
        """What the page says to this person, in the language that fits."""
        chosen, accepted = request.cookies.get(language.COOKIE, ""), request.headers.get("accept-language", "")
        fitting = language.language_for(chosen, accepted, tuple(language.NAMES), self.behind.language)
        return Tongue(self.behind.words(fitting), self.zone)

    def render(
        self, request: Request, template: str, section: str, title: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """One page. ``section`` is the path of the menu entry it belongs to."""
        tongue = self.tongue(request)
        html = self._templates.get_template(template).render(
            t=tongue,
            words=tongue.words,
            languages=[(code, name) for code, name in language.NAMES.items() if code != tongue.words.language],
            here=_here(request, section),
            title=title,
            section=section,
            sections=SECTIONS,
            session=request.state.session,
            ruleset=self.behind.rules().digest,
            version=__version__,
            notice=values.pop("notice", "") or self._told(request),
            **values,
        )
        return HTMLResponse(html, status)

    def _told(self, request: Request) -> str:
        """The sentence that the action before this page left in the address, by its key only: nothing is echoed."""
        key = request.query_params.get("done", "")
        return self.tongue(request)(key) if key in DONE_KEYS else ""

    def score_of(self, connection: Connection, story_id: str) -> float | None:
        """The score of a story, for what a threshold there would change."""
        file = desk.story_file(connection, story_id)
        return file.story.score if file else None

    def fault(self, request: Request, words: str, status: int) -> HTMLResponse:
        """A page that says what went wrong."""
        key = "error.not_found" if status == 404 else "error.bad"
        return self.render(request, "message.html", "", self.tongue(request)(key), status=status, message=words)


def _here(request: Request, section: str) -> str:
    """Where a change of language leads back to: this page, or its section where it answered a form."""
    if request.method != "GET":
        return section or "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def figure(value: object, name: str, tint: str = "") -> dict[str, str]:
    return {"value": str(value), "name": name, "class": tint}
