"""Who may use the console: passwords, sessions, the rate of login attempts. Values and a small in-memory register; no HTTP.

Passwords are kept as ``scrypt$N$r$p$salt$hash`` (RFC 7914; N = 2**15 costs about 0.1 s here). Sessions live in memory: a
restart asks for the password again, and nothing on disk can be stolen to act as an operator.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

IDLE = timedelta(hours=12)  # a working day, lunch included
LIFETIME = timedelta(days=7)
LOGIN_WINDOW = timedelta(minutes=15)
LOGIN_ATTEMPTS = 10  # wrong passwords per window, over all addresses: there is one password
_N, _R, _P = 2**15, 8, 1
_MAXMEM = 64 * 1024 * 1024


def hash_password(password: str) -> str:
    """The line to put into ``console.password_file``."""
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MAXMEM)
    return f"scrypt${_N}${_R}${_P}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_matches(password: str, stored: str) -> bool:
    """True when ``password`` is the one that ``stored`` was made of; ``stored`` may also be a plain password."""
    parts = stored.split("$")
    if len(parts) == 6 and parts[0] == "scrypt":
        n, r, p = (int(part) for part in parts[1:4])
        salt, wanted = base64.b64decode(parts[4]), base64.b64decode(parts[5])
        got = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAXMEM)
        return hmac.compare_digest(got, wanted)
    return bool(stored) and hmac.compare_digest(password.encode(), stored.encode())


@dataclass(frozen=True, slots=True)
class Session:
    """One operator's stay. ``csrf`` must come back with every request that changes something."""

    user: str
    csrf: str
    opened_at: datetime
    seen_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now - self.seen_at > IDLE or now - self.opened_at > LIFETIME


class Sessions:
    """The open sessions by the hash of their cookie, and the recent wrong passwords."""

    def __init__(self) -> None:
        self._open: dict[bytes, Session] = {}
        self._wrong: deque[datetime] = deque(maxlen=LOGIN_ATTEMPTS)

    def open(self, user: str, now: datetime) -> tuple[str, Session]:
        """A new session and the cookie value that stands for it."""
        self._open = {key: session for key, session in self._open.items() if not session.is_over(now)}
        cookie = secrets.token_urlsafe(32)
        session = Session(user, secrets.token_urlsafe(24), now, now)
        self._open[_key(cookie)] = session
        return cookie, session

    def find(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie, its idle time begun anew; None when there is none or it is over."""
        session = self._open.get(_key(cookie))
        if session is None or session.is_over(now):
            self._open.pop(_key(cookie), None)
            return None
        self._open[_key(cookie)] = session = replace(session, seen_at=now)
        return session

    def close(self, cookie: str) -> None:
        self._open.pop(_key(cookie), None)

    def may_try(self, now: datetime) -> bool:
        """False while too many wrong passwords came in the last window."""
        return len(self._wrong) < LOGIN_ATTEMPTS or now - self._wrong[0] > LOGIN_WINDOW

    def note_wrong(self, now: datetime) -> None:
        self._wrong.append(now)


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
