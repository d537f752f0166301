"""A letter as a mail: text and HTML parts under headers that mail programs thread, filter and never answer. Pure; the
bytes are made once and sent as they are at every try."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr

from monitor.alert import clean
from monitor.alert.headline import SUBJECT_LIMIT
from monitor.alert.letter import Letter
from monitor.alert.render import html, text

_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


class _Folding(EmailPolicy):
    """Python puts a value that just fits a line alone under its header's empty name ("Subject:", next line the text), which
    some readers show with a space before it and some filters take for an empty subject. Here it begins behind the name."""

    def fold_binary(self, name: str, value: str) -> bytes:
        folded = super().fold_binary(name, value)
        empty = f"{name}:\r\n ".encode("ascii")
        return f"{name}: ".encode("ascii") + folded[len(empty) :] if folded.startswith(empty) else folded


_POLICY = _Folding(linesep=SMTP.linesep)


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


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a mail; ``kind`` is its media type in two halves."""

    name: str
    kind: tuple[str, str]
    body: bytes


def render(letter: Letter, envelope: Envelope, now: datetime) -> bytes:
    """The whole message with CRLF line ends. The same arguments give the same bytes."""
    return render_document(letter.subject, text.render(letter), html.render(letter), (), envelope, now)


def render_document(
    subject: str, plain: str, page: str, attachments: Sequence[Attachment], envelope: Envelope, now: datetime
) -> bytes:
    """The same for any text with its HTML form, and files beside them."""
    message = _headed(subject, envelope, now)
    # quoted-printable: lines stay short whatever a title holds, and no server needs 8BITMIME
    message.set_content(plain, cte="quoted-printable")
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    for each in attachments:
        message.add_attachment(each.body, maintype=each.kind[0], subtype=each.kind[1], filename=each.name)
    # random by default: the same alert must give the same bytes
    for depth, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{envelope.delivery_id}" + (f".{depth}" if depth else ""))
    return message.as_bytes()


def _headed(subject: str, envelope: Envelope, now: datetime) -> EmailMessage:
    """A message with all its headers and nothing in it yet."""
    message = EmailMessage(policy=_POLICY)
    host = host_name(envelope.host)
    message["Message-ID"] = message_id(envelope.delivery_id, host)
    message["Date"] = format_datetime(now)
    message["From"] = _mailbox(envelope.sender)
    message["To"] = _mailbox(envelope.to)
    if envelope.reply_to:
        message["Reply-To"] = _mailbox(envelope.reply_to)
    message["Subject"] = clean.line(subject, SUBJECT_LIMIT)
    _thread(message, [message_id(each, host) for each in envelope.replies_to])
    # RFC 2919 and 3834: what this list is, and that no vacation responder should answer it
    message["List-Id"] = f"{clean.line(envelope.list_name, 60)} <{envelope.route}.coopwatch.{host}>".strip()
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange, which does not read RFC 3834
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{clean.line(envelope.unsubscribe)}>"
        if envelope.unsubscribe.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return message


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
