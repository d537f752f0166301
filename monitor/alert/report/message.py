"""A report as a message: text and HTML in the mail itself, and the document to hand on as its attachment. Pure."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime

from monitor.alert import clean
from monitor.alert.drafts import Draft
from monitor.alert.office import Office, for_mailbox, stable_id
from monitor.alert.render import mail
from monitor.alert.report import formats
from monitor.alert.report.compose import Report
from monitor.alert.targets import targets
from monitor.config import Channel, Route
from monitor.model import EventType

DOCX = ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document")


def report_drafts(
    make: Callable[[], Report], route: Route, office: Office, now: datetime, key: str
) -> tuple[Draft, ...]:
    """One message to each mailbox of a route; ``key`` is the due time. ``make`` composes the report when the first draft is
    rendered."""
    message = stable_id(route.name, EventType.DIGEST.value, f"report:{key}")
    made: list[Report] = []

    def report() -> Report:
        if not made:
            made.append(make())
        return made[0]

    drafts = []
    for target in targets(route):
        delivery_id = for_mailbox(message, target) if route.channel is Channel.EMAIL else message
        body = _body(report, delivery_id, route, target, office, now)
        drafts.append(Draft(message, delivery_id, route, target, EventType.DIGEST, (), "", body))
    return tuple(drafts)


def _body(
    report: Callable[[], Report], delivery_id: str, route: Route, target: str, office: Office, now: datetime
) -> Callable[[], tuple[str, bytes]]:
    def body() -> tuple[str, bytes]:
        made = report()
        subject = clean.line(f"{made.title}. {made.period}", 160)
        envelope = office.envelope(route, target, delivery_id)
        document = mail.Attachment(f"coopwatch-{now:%Y-%m-%d}.docx", DOCX, _word_document(made))
        return subject, mail.render_document(
            subject, formats.markdown(made), formats.html(made), (document,), envelope, now
        )

    return body


def _word_document(report: Report) -> bytes:
    """python-docx is loaded when the first report is sent, not at the service's start."""
    document: bytes = importlib.import_module("monitor.alert.report.docx").render(report)
    return document
