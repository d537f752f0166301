"""Mail over SMTP: one connection per delivery, one recipient each, under one deadline. Never sends a password, nor falls
back to a connection, in clear."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

import aiosmtplib

from monitor.alert import clean
from monitor.alert.channels import Environment
from monitor.alert.targets import sender_of
from monitor.config import Route, Smtp
from monitor.config import Settings as Configuration
from monitor.model import Delivery, SendFault, SendResult

ANSWER_LIMIT = 300
# Greylisters often say how long to wait, in words only ("try again in 300 seconds", Postgrey, Exim): a hint within reason.
_WAIT = re.compile(r"(?:in|after)\s+(\d{1,5})\s*(s|sec|second|m|min|minute)", re.IGNORECASE)
_WAIT_LIMIT_S = 3600.0
# 530 login required, 534 and 538 mechanism too weak, 535 wrong: a person must act, so the mail waits (RFC 4954 6).
_AUTH_CODES = frozenset({530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and as whom. ``sender`` is the envelope's sender too: bounces go there."""

    smtp: Smtp
    sender: str
    helo: str
    deadline_s: float = 60.0

    @classmethod
    def of(cls, route: Route, settings: Configuration, environment: Environment) -> Settings:
        """The settings of a mail route; configuration has checked that one of the two names a server."""
        smtp = route.smtp or settings.smtp
        assert smtp is not None
        return cls(smtp, sender_of(route, environment.host), environment.host, smtp.timeout_s)


async def probe(settings: Settings) -> SendResult:
    """Connects, secures and logs in as ``send`` would, and sends nothing."""

    async def greet(progress: _Progress) -> SendResult:
        return await _open(settings, progress) or SendResult(ok=True, answer="ready")

    return await _in_time(settings.deadline_s, greet)


async def send(settings: Settings, delivery: Delivery, now: datetime) -> SendResult:
    """One mail to ``delivery.target``. 4xx and lost connections are for later, 5xx dead for this recipient; a break
    between the message's last dot and the answer is doubtful: it may have arrived. ``now`` is not used: the bytes
    carry their date."""
    return await _in_time(settings.deadline_s, lambda progress: _converse(settings, delivery, progress))


async def _in_time(deadline_s: float, talk: Callable[[_Progress], Awaitable[SendResult]]) -> SendResult:
    """What came of a conversation with the server: its own answer, or what broke it."""
    progress = _Progress()
    try:
        async with asyncio.timeout(deadline_s):
            return await talk(progress)
    except aiosmtplib.SMTPResponseException as exc:
        return _answered(exc)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as exc:
        return _broken(exc, progress)
    finally:
        progress.close()


class _Progress:
    """How far a conversation came; closes the connection however it ended."""

    def __init__(self) -> None:
        self.sending = False
        self.client: aiosmtplib.SMTP | None = None

    def close(self) -> None:
        if self.client is not None:
            self.client.close()


async def _open(settings: Settings, progress: _Progress) -> SendResult | None:
    """A connection that may send; a result where it must not go on."""
    smtp = settings.smtp
    client = progress.client = aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.tls,
        start_tls=False,  # below, where the refusal can be told from other faults
        tls_context=_tls(smtp.ca_file) if smtp.tls or smtp.starttls != "none" else None,
        local_hostname=settings.helo,  # the default looks the own name up, which may hang
        timeout=smtp.timeout_s,
    )
    await client.connect()
    await client.ehlo()
    fault = await _secure(client, smtp)
    if fault is not None:
        return fault
    if smtp.username:
        await client.login(smtp.username, smtp.password.get_secret_value())
    return None


async def _converse(settings: Settings, delivery: Delivery, progress: _Progress) -> SendResult:
    fault = await _open(settings, progress)
    if fault is not None:
        return fault
    client = progress.client
    assert client is not None
    await client.mail(parseaddr(settings.sender)[1])
    await client.rcpt(parseaddr(delivery.target)[1])
    progress.sending = True
    answer = await client.data(delivery.body)
    progress.sending = False
    client.close()  # no QUIT: the server has the mail, and a QUIT that hangs would make it doubtful again
    return SendResult(ok=True, answer=_said(answer.code, answer.message))


async def _secure(client: aiosmtplib.SMTP, smtp: Smtp) -> SendResult | None:
    """Raises the connection to TLS as configured; a result where it must not go on."""
    if smtp.tls or smtp.starttls == "none":
        return None
    if client.supports_extension("starttls"):
        await client.starttls()
        await client.ehlo()
        return None
    if smtp.starttls == "required" or smtp.username:
        return SendResult(
            ok=False, fault=SendFault.TLS, answer="the server offers no STARTTLS; nothing was sent in clear"
        )
    return None


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def _answered(exc: aiosmtplib.SMTPResponseException) -> SendResult:
    """What the server's own words mean. A refusal at connection or greeting concerns the server, not this mail."""
    said = _said(exc.code, exc.message)
    if isinstance(exc, aiosmtplib.SMTPAuthenticationError) or exc.code in _AUTH_CODES:
        return SendResult(ok=False, fault=SendFault.AUTH, answer=said)
    early = isinstance(exc, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError)
    if 500 <= exc.code < 600 and not early:
        return SendResult(ok=False, permanent=True, fault=SendFault.REFUSED, answer=said)
    return SendResult(ok=False, retry_after_s=_wait_s(exc.message), fault=SendFault.BUSY, answer=said)


def _broken(exc: Exception, progress: _Progress) -> SendResult:
    """The conversation broke off. Certificate faults come wrapped, so causes are looked through."""
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        fault = SendFault.TLS
    elif isinstance(exc, TimeoutError):
        fault = SendFault.DEADLINE
    else:
        fault = SendFault.CONNECT
    words = str(cause or exc) or "no answer within the deadline"
    if isinstance(exc, aiosmtplib.SMTPException) and "authentication" in words.lower():
        fault = SendFault.AUTH
    return SendResult(ok=False, doubtful=progress.sending, fault=fault, answer=clean.line(words, ANSWER_LIMIT))


def _wait_s(message: str) -> float | None:
    found = _WAIT.search(message)
    if found is None:
        return None
    return min(_WAIT_LIMIT_S, int(found[1]) * (60.0 if found[2][0].lower() == "m" else 1.0))


def _said(code: int, message: str) -> str:
    return clean.line(f"{code} {message}", ANSWER_LIMIT)
