"""The pages: each reads one moment of the store through the desk and hands plain values to a template. Nothing here decides."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from monitor.console.pages import deliveries, quality, relations, rules, sources, stories
from monitor.console.pages.base import FOLDER, Pages


def router(pages: Pages) -> APIRouter:
    """Every page that reads."""
    found = APIRouter(include_in_schema=False)
    for path, page in (
        ("/", stories.stories),
        ("/stories/{story_id}", stories.story),
        ("/relations", relations.relations),
        ("/sources", sources.sources),
        ("/sources/{feed_id}", sources.source),
        ("/rules", rules.rules),
        ("/deliveries", deliveries.deliveries),
        ("/quality", quality.quality),
    ):
        found.get(path, response_class=HTMLResponse)(page(pages))
    return found


__all__ = ["FOLDER", "Pages", "router"]
