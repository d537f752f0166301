"""Signed webhooks after the Standard Webhooks specification: same id and bytes at every try, a fresh timestamp, one
signature per secret while a secret is changed; 2xx alone is success, redirects are not followed, 410 ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from monitor.alert import clean
from monitor.alert.channels import Egress, Environment
from monitor.config import Route
from monitor.config import Settings as Configuration
from monitor.model import Delivery, HttpAnswer, HttpFailure, SendFault, SendResult

ANSWER_LIMIT = 300
# Client errors that may pass: timeout, conflict, too early, locked (gateways), too many requests.
_LATER = frozenset({408, 409, 423, 425, 429})
# Failures of the egress that a person must mend; every other kind is for later.
_FORBIDDEN = frozenset({"url", "scheme", "port", "refused_address"})
# Failures after which it is certain that nothing reached the other side.
_NOT_SENT = frozenset({"dns", "dns_temporary", "connect", "proxy", "tls"}) | _FORBIDDEN
_RETRY_AFTER_LIMIT_S = 172800.0  # two days: longer waits outlive the schedule


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to, and the secrets that sign (newest first)."""

    egress: Egress
    url: str = field(repr=False)
    secrets: tuple[SecretStr, ...] = ()
    deadline_s: float = 30.0

    @classmethod
    def of(cls, route: Route, settings: Configuration, environment: Environment) -> Settings:
        return cls(environment.egress, route.endpoint, route.secrets, settings.delivery.deadline_s)


async def send(settings: Settings, delivery: Delivery, now: datetime) -> SendResult:
    """Posts the delivery's bytes, signed at ``now``."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        **signed(settings.secrets, delivery.id, delivery.body, now),
    }
    answer = await settings.egress.post(settings.url, headers, delivery.body, settings.deadline_s)
    return _failed(answer) if isinstance(answer, HttpFailure) else read(answer, now)


def signed(secrets: tuple[SecretStr, ...], delivery_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The three headers of the specification."""
    text = body.decode("utf-8")
    stamp = now.astimezone(UTC)
    signatures = [Webhook(secret.get_secret_value()).sign(delivery_id, stamp, text) for secret in secrets]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(stamp.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def read(answer: HttpAnswer, now: datetime) -> SendResult:
    """What an endpoint's answer means for the delivery. 3xx is a failure for later: whoever moved the endpoint will
    find it in the outbox; following it could carry the event to a stranger."""
    words = clean.line(answer.body[:2000].decode("utf-8", "replace"), ANSWER_LIMIT - 10)
    said = f"{answer.status} {words}".strip()
    if 200 <= answer.status < 300:
        return SendResult(ok=True, answer=said)
    if answer.status == 410:
        return SendResult(ok=False, permanent=True, disable=True, fault=SendFault.GONE, answer=said)
    if answer.status in (401, 403, 407):
        return SendResult(ok=False, fault=SendFault.AUTH, answer=said)
    if 400 <= answer.status < 500 and answer.status not in _LATER:
        return SendResult(ok=False, permanent=True, fault=SendFault.REFUSED, answer=said)
    return SendResult(
        ok=False, retry_after_s=retry_after_s(answer.header("retry-after"), now), fault=SendFault.BUSY, answer=said
    )


def _failed(failure: HttpFailure) -> SendResult:
    forbidden = failure.kind in _FORBIDDEN
    fault = {"tls": SendFault.TLS, "deadline": SendFault.DEADLINE, "stalled": SendFault.DEADLINE}.get(failure.kind)
    return SendResult(
        ok=False,
        permanent=forbidden,
        doubtful=failure.kind not in _NOT_SENT,
        retry_after_s=failure.retry_after_s,
        fault=SendFault.FORBIDDEN if forbidden else fault or SendFault.CONNECT,
        answer=clean.line(f"{failure.kind}: {failure.detail}", ANSWER_LIMIT),
    )


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header (number or HTTP date), at most two days; None where it says nothing usable."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _RETRY_AFTER_LIMIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), _RETRY_AFTER_LIMIT_S)
