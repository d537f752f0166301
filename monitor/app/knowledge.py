"""What editors and operators wrote, loaded and checked, as the steps use it: rules, routes and their ways out."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from monitor import __version__
from monitor.alert import channels, words
from monitor.alert.channels import Environment, Send
from monitor.alert.office import Office
from monitor.config import Channel, FetchSettings, Route, Settings
from monitor.fetch import egress as fetching
from monitor.fetch.egress import Egress, Request
from monitor.match import Matcher
from monitor.model import HttpAnswer, HttpFailure
from monitor.rulebook import RuleSet
from monitor.run import examples
from monitor.run.match import Desk
from monitor.story import vocabulary_of

# What alerts go to while nothing is configured: .eml and .json files under the state directory.
FILES_ROUTE = Route(name="files", channel=Channel.FILE)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What editors and operators wrote, loaded and checked: rules, phrases, routes, ready to be used or swapped."""

    settings: Settings
    ruleset: RuleSet
    matcher: Matcher
    desk: Desk
    senders: Mapping[str, Send]
    names: Mapping[str, Mapping[str, str]]


class _Outgoing:
    """The way out for webhooks: an address that the operator wrote into a route is allowed for exactly that use."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline_s: float
    ) -> HttpAnswer | HttpFailure:
        said = tuple(headers.items())
        request = Request(url, headers=said, accept="*/*", allow=own_address(url), deadline_s=deadline_s)
        return await self._egress.post(request, body)


def own_address(url: str) -> frozenset[str]:
    """An address that the operator wrote, as an exception of the address guard."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return frozenset({f"[{host}]:{port}" if ":" in host else f"{host}:{port}"})


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """The routes in force: the configured ones, or files on this machine in the page's language."""
    return settings.routes or (replace(FILES_ROUTE, language=settings.console.language),)


def user_agent(contact: str) -> str:
    """How this program names itself to publishers."""
    return f"coopwatch/{__version__}" + (f" (+{contact})" if contact else "")


def fetch_limits(settings: Settings) -> fetching.Settings:
    """The limits of every fetch."""
    fetch: FetchSettings = settings.fetch
    return fetching.Settings(
        user_agent=user_agent(settings.contact),
        deadline_s=fetch.deadline_s,
        connect_s=fetch.connect_timeout_s,
        read_s=fetch.read_timeout_s,
        wire_bytes=fetch.max_wire_bytes,
        body_bytes=fetch.max_body_bytes,
        redirects=fetch.max_redirects,
        ports=frozenset(fetch.allow_ports),
        proxy=fetch.proxy,
    )


def learn(settings: Settings, outgoing: Egress) -> Knowledge:
    """Loads everything that people wrote. Raises ConfigError (RuleErrors) with every fault; nothing is changed then."""
    ruleset = examples.load_rules(settings)
    routes = routes_of(settings)
    names = ruleset.names(words.languages())
    office = Office.open(host_name(), settings.public_url, names)
    return Knowledge(
        settings=settings,
        ruleset=ruleset,
        matcher=Matcher(ruleset),
        desk=Desk(routes, office, vocabulary_of(ruleset)),
        senders={route.name: sender(route, settings, outgoing) for route in routes},
        names=names,
    )


def host_name() -> str:
    """This machine's name, as mail servers and Message-IDs see it."""
    return socket.gethostname() or "localhost"


def sender(route: Route, settings: Settings, outgoing: Egress) -> Send:
    """What sends a route's deliveries."""
    return channels.prepare(route, settings, Environment(_Outgoing(outgoing), host_name()))
