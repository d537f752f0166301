"""What rendering needs of this installation: its words, names, host and page. Made once by the wiring; nothing here
decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from zoneinfo import ZoneInfo

from monitor.alert import words
from monitor.alert.letter import Reader
from monitor.alert.render.mail import Envelope
from monitor.alert.targets import sender_of
from monitor.alert.words import Names, Words
from monitor.config import Channel, Route


@dataclass(frozen=True, slots=True)
class Office:
    """``host`` is the right side of Message-IDs; ``page_url`` the operators' page where one is public."""

    host: str
    page_url: str = ""
    lexicon: Mapping[str, Words] = field(default_factory=dict)

    @classmethod
    def open(cls, host: str, page_url: str = "", names: Names | None = None, languages: Iterable[str] = ()) -> Office:
        """Reads the catalogues of ``languages`` (all there are, when none is named)."""
        wanted = tuple(languages) or words.languages()
        return cls(host, page_url, {language: words.load(language, names) for language in wanted})

    def reader(self, route: Route) -> Reader:
        return Reader(
            route.name, self.lexicon[route.language], ZoneInfo(route.timezone), self.page_url, route.unsubscribe
        )

    def envelope(self, route: Route, target: str, delivery_id: str, replies_to: tuple[str, ...] = ()) -> Envelope:
        """The headers' part of a mail on a route. Channels that keep mails as files have no mailbox and no thread."""
        is_mail = route.channel is Channel.EMAIL
        return Envelope(
            delivery_id=delivery_id,
            route=route.name,
            sender=self.sender(route),
            to=target if is_mail else self.sender(route),
            host=self.host,
            replies_to=replies_to if is_mail else (),
            reply_to=route.reply_to,
            unsubscribe=route.unsubscribe,
            list_name=self.lexicon[route.language].text("list.name", route=route.name),
        )

    def sender(self, route: Route) -> str:
        return sender_of(route, self.host)


def stable_id(*parts: str) -> str:
    """An id that is the same whenever the same thing is told again: the step that made it may run twice."""
    return "cw_" + sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def for_mailbox(message_id: str, mailbox: str) -> str:
    """The delivery of a message to one of several mailboxes."""
    return f"{message_id}.{sha256(mailbox.encode()).hexdigest()[:8]}"
