"""What people wrote and is in force, kept whole under its digest: so that each decision can be explained years later."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime

from pydantic import TypeAdapter

from monitor.alert.targets import targets
from monitor.config import Route, Settings
from monitor.rulebook import RuleSet, history, sources_of
from monitor.store.people import PeopleStore

logger = logging.getLogger(__name__)

RULES, ROUTES = "rules", "routes"
_ROUTES = TypeAdapter(tuple[Route, ...])
# addresses may hold tokens; ``targets`` names them without
_SECRET = {"url": True, "url_secret": True, "secrets": True}


def keep(people: PeopleStore, settings: Settings, routes: tuple[Route, ...], ruleset: RuleSet, now: datetime) -> None:
    """Keeps the rule set and the routes where the store does not have them yet, and the rules' files for ``rules revert``."""
    rules = ruleset.digest
    try:
        history.keep(settings.rules_dir, rules, len(ruleset.rules), settings.rules_history_dir, now)
    except OSError as exc:  # the way back is a convenience; the store below holds the text of every set
        logger.warning("rule set not kept for revert fault=%r", str(exc))
    if not people.has_ruleset(rules, RULES):
        people.keep_ruleset(rules, RULES, json.dumps(sources_of(settings.rules_dir), ensure_ascii=False).encode(), now)
    keep_routes(people, routes, now)


def keep_routes(people: PeopleStore, routes: tuple[Route, ...], now: datetime) -> None:
    """Keeps the routes where the store does not have them yet, and notes that they are in force."""
    body = routes_text(routes).encode()
    digest = _digest(body)
    if not people.has_ruleset(digest, ROUTES):
        people.keep_ruleset(digest, ROUTES, body, now)


def is_outdated(people: PeopleStore, routes: tuple[Route, ...]) -> bool:
    """Whether another configuration of routes was loaded since these were: by a machine that others have yet to follow."""
    newest = people.digest_in_force(ROUTES)
    return bool(newest) and newest != _digest(routes_text(routes).encode())


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def routes_text(routes: tuple[Route, ...]) -> str:
    """The routes as JSON, without secrets."""
    shown = json.loads(_ROUTES.dump_json(routes, by_alias=True, exclude={"__all__": _SECRET}))
    for route, values in zip(routes, shown, strict=True):
        values["targets"] = targets(route)
    return json.dumps(shown, ensure_ascii=False, sort_keys=True)
