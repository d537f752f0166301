"""What a route's targets are called: in the outbox, in logs and on the page. Addresses with tokens in them are secrets
and are named by their route instead."""

from __future__ import annotations

from monitor.alert import clean
from monitor.config import Channel, Route


def targets(route: Route) -> tuple[str, ...]:
    """One name per mailbox or endpoint of a route."""
    if route.channel is Channel.EMAIL:
        return route.to
    if route.channel is Channel.WEBHOOK and not route.url_secret.get_secret_value():
        return (clean.without_secrets(route.endpoint),)
    return (route.name,)


def sender_of(route: Route, host: str) -> str:
    """The From of a route's mails."""
    return route.sender or f"coopwatch <coopwatch@{host}>"
