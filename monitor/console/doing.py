"""What operators do from the page: each form posts here, one verb is called, and the browser is sent back (303) so that a
reload does nothing twice. The gate has checked session and token before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from monitor.config import MatchClause
from monitor.console import shown
from monitor.console.auth import LIFETIME, password_matches
from monitor.console.days import day_or_none
from monitor.console.gate import Access, cookie_header
from monitor.console.language import NAMES, cookie_line
from monitor.console.pages.base import Pages
from monitor.console.pages.rules import rules_page
from monitor.console.shown import Tongue
from monitor.errors import ConfigError, PermanentError, TransientError
from monitor.model import Article, Judgement

Short = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=400_000)]


def router(pages: Pages, access: Access) -> APIRouter:
    """Login, logout and every verb."""
    found = APIRouter(include_in_schema=False)
    _entrance(found, pages, access)
    _stories(found, pages)
    _upkeep(found, pages)
    _playground(found, pages)
    return found


def _entrance(found: APIRouter, pages: Pages, access: Access) -> None:
    def form(request: Request, wrong: str = "", status: int = 200) -> HTMLResponse:
        """``wrong``: the key of the sentence that says what was."""
        tongue = pages.tongue(request)
        said = tongue(wrong) if wrong else ""
        return pages.render(request, "login.html", "", tongue("login.title"), wrong=said, status=status)

    @found.get("/login")
    def ask(request: Request) -> HTMLResponse:
        return form(request)

    @found.post("/login")
    def enter(request: Request, password: Short) -> Response:
        now = datetime.now(UTC)
        if not access.sessions.may_try(now):
            return form(request, "login.wait", 429)
        if not password_matches(password, pages.behind.password()):
            access.sessions.note_wrong(now)
            return form(request, "login.wrong", 403)
        cookie, _ = access.sessions.open("operator", now)
        header = cookie_header(cookie, secure=access.secure_cookie, max_age_s=int(LIFETIME.total_seconds()))
        return RedirectResponse("/", 303, {"set-cookie": header})

    @found.post("/logout")
    def leave(request: Request) -> Response:
        access.sessions.close(request.state.cookie)
        return RedirectResponse(
            "/login", 303, {"set-cookie": cookie_header("", secure=access.secure_cookie, max_age_s=0)}
        )

    @found.post("/language")
    def speak(language: Short, to: Short = "/") -> Response:
        chosen = language if language in NAMES else pages.behind.language
        return RedirectResponse(local_path(to), 303, {"set-cookie": cookie_line(chosen, secure=access.secure_cookie)})


def local_path(wished: str) -> str:
    """``wished`` where it is a path of this site, else its front page: a form's field may hold anything."""
    plain = wished.isprintable() and "\\" not in wished
    return wished if plain and wished.startswith("/") and not wished.startswith("//") else "/"


def _back(path: str, done: str, **more: str) -> Response:
    return RedirectResponse(f"{path}?{urlencode({'done': done, **more})}", 303)


def _tried(pages: Pages, request: Request, verb: Callable[[], Response]) -> Response:
    """The verb's answer, or a page with the sentence why it was refused."""
    try:
        return verb()
    except (ConfigError, PermanentError, TransientError) as exc:
        return pages.fault(request, str(exc), 400)


def _stories(found: APIRouter, pages: Pages) -> None:
    verbs = pages.behind.verbs

    @found.post("/stories/{story_id}/judge")
    def judge(request: Request, story_id: str, verdict: Short, reason: Short = "", other: Short = "") -> Response:
        def verb() -> Response:
            verbs.judge(story_id, verdict, reason=reason, other=other, by=request.state.session.user)
            with pages.behind.database.read() as connection:
                score = pages.score_of(connection, story_id)
            more = {"effect": f"{score:.2f}"} if verdict == "wrong" and score is not None else {}
            return _back(f"/stories/{story_id}", "act.done", **more)

        return _tried(pages, request, verb)

    @found.post("/stories/{story_id}/merge")
    def merge(request: Request, story_id: str, other: Short) -> Response:
        def verb() -> Response:
            verbs.merge(story_id, other.strip(), by=request.state.session.user)
            return _back(f"/stories/{other.strip()}", "act.done")

        return _tried(pages, request, verb)

    @found.post("/stories/{story_id}/split")
    def split(request: Request, story_id: str, article: Short) -> Response:
        def verb() -> Response:
            return _back(f"/stories/{verbs.split(story_id, article, by=request.state.session.user)}", "act.done")

        return _tried(pages, request, verb)

    @found.post("/stories/{story_id}/deadline")
    def deadline(request: Request, story_id: str, deadline: Short) -> Response:
        def verb() -> Response:
            if day_or_none(deadline) is None:
                raise ConfigError(f"{deadline!r} is not a day; write it as 2026-01-31")
            verbs.set_deadline(story_id, deadline, by=request.state.session.user)
            return _back(f"/stories/{story_id}", "act.done")

        return _tried(pages, request, verb)

    @found.post("/stories/{story_id}/silence")
    def silence(request: Request, story_id: str, days: Annotated[int, Form(ge=1, le=30)], reason: Short) -> Response:
        def verb() -> Response:
            clause = MatchClause(stories=(story_id,))
            verbs.silence(clause, days=days, reason=reason, by=request.state.session.user)
            return _back(f"/stories/{story_id}", "act.done")

        return _tried(pages, request, verb)

    @found.post("/missed")
    def missed(request: Request, url: Short, note: Short) -> Response:
        def verb() -> Response:
            return _back(f"/stories/{verbs.missed(url, note=note, by=request.state.session.user)}", "missed.done")

        return _tried(pages, request, verb)


def _upkeep(found: APIRouter, pages: Pages) -> None:
    verbs = pages.behind.verbs

    @found.post("/deliveries/{delivery_id}/replay")
    def replay(request: Request, delivery_id: str) -> Response:
        def verb() -> Response:
            verbs.replay(delivery_id, by=request.state.session.user)
            return _back("/deliveries", "deliveries.replayed")

        return _tried(pages, request, verb)

    @found.post("/silences/{silence_id}/end")
    def end_silence(request: Request, silence_id: int) -> Response:
        def verb() -> Response:
            verbs.end_silence(silence_id, by=request.state.session.user)
            return _back("/deliveries", "silences.ended")

        return _tried(pages, request, verb)

    @found.post("/sources/preview")
    def preview(request: Request, url: Short) -> Response:
        def verb() -> Response:
            tongue, feeds = pages.tongue(request), verbs.preview_feed(url.strip())
            fault = "" if feeds else tongue("sources.none_found")
            return pages.render(
                request, "preview.html", "/sources", tongue("sources.preview"), found=feeds, fault=fault
            )

        return _tried(pages, request, verb)

    @found.post("/sources/add")
    def add(request: Request, url: Short, title: Short = "") -> Response:
        def verb() -> Response:
            verbs.add_feed(url, title, by=request.state.session.user)
            return _back("/sources", "sources.added")

        return _tried(pages, request, verb)

    @found.post("/sources/{feed_id}/pause")
    def pause(request: Request, feed_id: str, reason: Short) -> Response:
        def verb() -> Response:
            verbs.pause_feed(feed_id, reason=reason, by=request.state.session.user)
            return _back(f"/sources/{feed_id}", "act.done")

        return _tried(pages, request, verb)

    @found.post("/sources/{feed_id}/resume")
    def resume(request: Request, feed_id: str) -> Response:
        def verb() -> Response:
            verbs.resume_feed(feed_id, by=request.state.session.user)
            return _back(f"/sources/{feed_id}", "act.done")

        return _tried(pages, request, verb)

    @found.post("/quality/label")
    def label(request: Request, article: Short, label: Short) -> Response:
        def verb() -> Response:
            verbs.label(article, label, by=request.state.session.user)
            return _back("/quality", "act.done")

        return _tried(pages, request, verb)


def _playground(found: APIRouter, pages: Pages) -> None:
    @found.post("/rules/try")
    def attempt(request: Request, title: Short = "", text: Long = "", url: Short = "") -> Response:
        tried = {"title": title, "text": text, "url": url}
        if not (title.strip() or text.strip() or url.strip()):
            return rules_page(pages, request, tried=tried, fault=pages.tongue(request)("rules.empty"), status=400)
        try:
            article = (
                pages.behind.verbs.read_page(url.strip())
                if url.strip()
                else Article(id="try", title=title.strip(), text=text, published_at=pages.behind.clock())
            )
        except (ConfigError, PermanentError, TransientError) as exc:
            return rules_page(pages, request, tried=tried, fault=str(exc), status=400)
        found_here = outcome(article, pages.behind.judge(article), pages.tongue(request))
        return rules_page(pages, request, tried=tried, outcome=found_here)


def outcome(article: Article, judged: Judgement, tongue: Tongue) -> dict[str, Any]:
    """A judgement in sentences, with its evidence marked in the text."""
    lines = [
        tongue(
            "rules.outcome",
            type=tongue(f"type.{each.type}"),
            stage=tongue(f"stage.{each.stage}"),
            parties=", ".join(tongue.words.party(party) for party in each.parties),
            score=f"{each.score:.2f}",
            rule=each.rule,
        )
        + f" — {each.quote}"
        for each in judged.announcements
    ]
    lines += [
        tongue("rules.refused", reason=tongue(f"reason.{each.reason}"), quote=each.announcement.quote)
        for each in judged.mentions
    ]
    lines = lines or [tongue("rules.nothing")]
    spans = [
        (span.start, span.end)
        for each in (*judged.announcements, *(mention.announcement for mention in judged.mentions))
        for span in each.evidence
        if span.field == "text"
    ]
    return {
        "verdict": tongue(f"verdict.{judged.verdict}"),
        "score": f"{judged.score:.2f}",
        "lines": lines,
        "pieces": shown.pieces(article.text or article.title, spans if article.text else []),
    }
