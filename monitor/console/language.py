"""Which language the page speaks to whom: what the person chose on the page, else the browser's wish, else the
configuration. Pure."""

from __future__ import annotations

from collections.abc import Sequence

COOKIE = "coopwatch_language"
NAMES = {"en": "English", "it": "Italiano"}  # each in itself: who needs the link reads no other
LIFETIME_S = 400 * 86_400  # the most that browsers keep a cookie


def language_for(chosen: str, accepted: str, offered: Sequence[str], otherwise: str) -> str:
    """One of ``offered`` (``otherwise`` is among them). ``chosen`` is the cookie's value, ``accepted`` the header
    Accept-Language (RFC 9110, 12.5.4): the heaviest that is offered, of equals the first; regions do not count."""
    if chosen in offered:
        return chosen
    wishes = [_wish(part) for part in accepted[:500].split(",")]
    liked = [wish for wish in wishes if wish[0] in offered and wish[1] > 0]
    return max(liked, key=lambda wish: wish[1])[0] if liked else otherwise


def cookie_line(language: str, *, secure: bool) -> str:
    """The Set-Cookie line that keeps a choice."""
    flags = "; Secure" if secure else ""
    return f"{COOKIE}={language}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LIFETIME_S}{flags}"


def _wish(part: str) -> tuple[str, float]:
    tag, _, parameter = part.partition(";")
    weight = parameter.strip().removeprefix("q=")
    is_number = weight.replace(".", "", 1).isdecimal() and weight.isascii()
    return tag.strip().lower().partition("-")[0], float(weight) if is_number else float(not parameter.strip())
