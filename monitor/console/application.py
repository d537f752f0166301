"""The console as one ASGI application: gate, pages, verbs, API, health and metrics."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from monitor import __version__
from monitor.console import api, doing, pages, subscribe
from monitor.console.backstage import Backstage
from monitor.console.gate import Access, Gate
from monitor.errors import StoreError


def build(behind: Backstage, access: Access) -> FastAPI:
    """The application; every request passes the gate first."""
    app = FastAPI(
        title="coopwatch",
        version=__version__,
        description="Stories, feeds, deliveries and quality of this coopwatch, as the operators' page shows them.",
        docs_url=None,  # its scripts come from elsewhere, which the page's policy forbids; /openapi.json is served
        redoc_url=None,
    )
    shown = pages.Pages(behind)
    app.mount("/static", StaticFiles(directory=pages.FOLDER / "static"), name="static")
    app.include_router(pages.router(shown))
    app.include_router(doing.router(shown, access))
    app.include_router(subscribe.router(behind))  # before /api/stories/{story_id}
    app.include_router(api.router(behind))
    _signs_of_life(app, behind)
    _faults(app, shown)
    app.add_middleware(Gate, access=access, clock=behind.clock)
    return app


def _signs_of_life(app: FastAPI, behind: Backstage) -> None:
    @app.get("/healthz", include_in_schema=False)
    def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> Response:
        ready, words = behind.health()
        return PlainTextResponse(words + "\n", 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(behind.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _faults(app: FastAPI, shown: pages.Pages) -> None:
    """Errors as people (a page) or programs (JSON) expect them; nothing of the inside is told."""

    def answer(request: Request, words: str, status: int) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": words}, status)
        if getattr(request.state, "session", None) is None:
            return PlainTextResponse(words, status)
        return shown.fault(request, words, status)

    @app.exception_handler(HTTPException)
    def refused(request: Request, exc: HTTPException) -> Response:
        words = shown.tongue(request)("error.not_found_words") if exc.status_code == 404 else str(exc.detail)
        return answer(request, words, exc.status_code)

    @app.exception_handler(RequestValidationError)
    def senseless(request: Request, exc: RequestValidationError) -> Response:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'][1:])}: {error['msg']}" for error in exc.errors()
        )
        return answer(request, faults, 422)

    @app.exception_handler(StoreError)
    def store_away(request: Request, exc: StoreError) -> Response:
        return answer(request, str(exc), 503)
