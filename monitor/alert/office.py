"""What rendering needs of this installation: its words, names, host and page. Made once by the wiring; nothing here
decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from zoneinfo import ZoneInfo

from monitor.alert import words
from monitor.alert.compose import Reader
from monitor.alert.targets import sender_of
from monitor.alert.words import Names, Words
from monitor.config import Route


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

    def sender(self, route: Route) -> str:
        return sender_of(route, self.host)


def stable_id(*parts: str) -> str:
    """An id that is the same whenever the same thing is told again: the step that made it may run twice."""
    return "cw_" + sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def for_mailbox(message_id: str, mailbox: str) -> str:
    """The delivery of a message to one of several mailboxes."""
    return f"{message_id}.{sha256(mailbox.encode()).hexdigest()[:8]}"
