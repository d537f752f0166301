"""What came in place of a feed, and the error that says so. An error deletes nothing: it is not "no news"."""

from __future__ import annotations

import re
from enum import StrEnum

from monitor.errors import PermanentError


class NotAFeedKind(StrEnum):
    EMPTY = "empty"
    HTML = "html"
    LOGIN = "login"
    CONSENT = "consent"
    CHALLENGE = "challenge"
    ENTITIES = "entities"  # a DTD that defines entities: refused unread
    BOMB = "bomb"  # nested or attributed beyond any feed: would keep a parser busy for minutes
    BINARY = "binary"
    UNKNOWN = "unknown_format"
    NO_MATCH = "no_match"  # an HTML list whose selector finds nothing


class NotAFeed(PermanentError):
    """The body is not a feed. Nothing of it may be stored, its validators least of all."""

    def __init__(self, kind: NotAFeedKind, detail: str) -> None:
        self.kind, self.detail = kind, detail
        super().__init__(kind, detail)  # both arguments, so that it survives the way back from a worker process

    def __str__(self) -> str:
        return self.detail


_LOGIN = re.compile(r"<input[^>]{0,300}type\s*=\s*[\"']?password", re.I)
# Marks that vendors leave in the page itself: names of products and parameters, not words of a language.
_CHALLENGE = re.compile(
    r"challenge-platform|cf-chl|cf_chl|_cf_chl|turnstile|_incapsula_|datadome|px-captcha|hcaptcha|g-recaptcha|akam/|"
    r"aws-waf|ddos-guard|jschl|captcha-delivery",
    re.I,
)
_CONSENT = re.compile(
    r"onetrust|didomi|iubenda|sourcepoint|quantcast|usercentrics|cookiebot|trustarc|consentmanager|gdpr|tcfapi|"
    r"consent|cookies?\b|privacy",
    re.I,
)
_TEXT_BUTTON = re.compile(r"<button|type\s*=\s*[\"']?(?:submit|button)", re.I)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.I | re.S)
_WALL_CHARS = 3_000  # a page with more text than this is an ordinary page that mentions cookies somewhere
_LOOK_CHARS = 200_000


def name_page(text: str) -> NotAFeed:
    """Which sort of HTML page stands where a feed should be."""
    text = text[:_LOOK_CHARS]
    if _CHALLENGE.search(text):
        return NotAFeed(NotAFeedKind.CHALLENGE, "a bot challenge stands in place of the feed")
    if _LOGIN.search(text):
        return NotAFeed(NotAFeedKind.LOGIN, "a login page stands in place of the feed")
    if len(_MARKUP.sub("", text)) < _WALL_CHARS and _TEXT_BUTTON.search(text) and _CONSENT.search(text):
        return NotAFeed(NotAFeedKind.CONSENT, "a consent page stands in place of the feed")
    return NotAFeed(NotAFeedKind.HTML, "an HTML page stands in place of the feed")
