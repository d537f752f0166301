"""A letter as a mail: text and HTML parts under headers that mail programs thread, filter and never answer. Pure; the
bytes are made once and sent as they are at every try."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from monitor.alert import clean
from monitor.alert.headline import SUBJECT_LIMIT
from monitor.alert.letter import Letter
from monitor.alert.render import html, text

_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers of one mail need besides the letter. ``replies_to`` are delivery ids of earlier mails about the
    same stories to the same mailbox, oldest first; ``host`` is the right side of every Message-ID and List-Id."""

    delivery_id: str
    route: str
    sender: str
    to: str
    host: str
    replies_to: tuple[str, ...] = ()
    reply_to: str = ""
    unsubscribe: str = ""
    list_name: str = ""


def render(letter: Letter, envelope: Envelope, now: datetime) -> bytes:
    """The whole message with CRLF line ends. The same arguments give the same bytes."""
    message = EmailMessage(policy=SMTP)
    host = host_name(envelope.host)
    message["Message-ID"] = message_id(envelope.delivery_id, host)
    message["Date"] = format_datetime(now)
    message["From"] = _mailbox(envelope.sender)
    message["To"] = _mailbox(envelope.to)
    if envelope.reply_to:
        message["Reply-To"] = _mailbox(envelope.reply_to)
    message["Subject"] = clean.line(letter.subject, SUBJECT_LIMIT)
    _thread(message, [message_id(each, host) for each in envelope.replies_to])
    # RFC 2919 and 3834: what this list is, and that no vacation responder should answer it
    message["List-Id"] = f"{clean.line(envelope.list_name, 60)} <{envelope.route}.coopwatch.{host}>".strip()
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange, which does not read RFC 3834
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{clean.line(envelope.unsubscribe)}>"
        if envelope.unsubscribe.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    # quoted-printable: lines stay short whatever a title holds, and no server needs 8BITMIME
    message.set_content(text.render(letter), cte="quoted-printable")
    message.add_alternative(html.render(letter), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{envelope.delivery_id}")  # random by default: the same alert must give the same bytes
    return message.as_bytes()


def message_id(delivery_id: str, host: str) -> str:
    """Message-ID of a delivery: stable, so that a second copy after a doubtful answer is known as one."""
    return f"<{delivery_id}@{host_name(host)}>"


def host_name(host: str) -> str:
    """``host`` where it is a plain host name, else ``coopwatch.invalid``."""
    return host.lower() if _DOMAIN.fullmatch(host) else "coopwatch.invalid"


def _thread(message: EmailMessage, earlier: Sequence[str]) -> None:
    if earlier:
        message["In-Reply-To"] = earlier[-1]
        message["References"] = " ".join(dict.fromkeys([earlier[0], *earlier[-8:]]))


def _mailbox(written: str) -> Address:
    """A configured mailbox as a header value; a name in it is cleaned."""
    name, address = parseaddr(written)
    return Address(display_name=clean.line(name, 80), addr_spec=address or written)
