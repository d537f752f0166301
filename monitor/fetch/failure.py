"""The closed list of ways in which a fetch fails, and the exception that carries one inside this package."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Why no usable answer came. The value is what ``model.HttpFailure.kind`` holds."""

    URL = "url"  # not an address at all
    SCHEME = "scheme"
    PORT = "port"
    REFUSED_ADDRESS = "refused_address"  # the guard: private, loopback, multicast ...
    DNS = "dns"  # the name does not exist
    DNS_TEMPORARY = "dns_temporary"  # the resolver did not know right now
    CONNECT = "connect"
    PROXY = "proxy"
    TLS = "tls"
    STALLED = "stalled"  # no byte for the read timeout
    DEADLINE = "deadline"  # bytes came, but the whole took too long
    PROTOCOL = "protocol"  # what came is not HTTP
    RESET = "reset"
    CUT = "cut"  # the body ended before its end
    TOO_LARGE = "too_large"
    CODING = "coding"
    REDIRECTS = "redirects"
    COOKIE_WALL = "cookie_wall"
    ROBOTS = "robots"


# Failures of which it is certain that the request never reached the other side: a hook may count them as not delivered.
BEFORE_SENDING = frozenset(
    {
        FailureKind.URL,
        FailureKind.SCHEME,
        FailureKind.PORT,
        FailureKind.REFUSED_ADDRESS,
        FailureKind.DNS,
        FailureKind.DNS_TEMPORARY,
        FailureKind.CONNECT,
        FailureKind.PROXY,
        FailureKind.TLS,
        FailureKind.ROBOTS,
    }
)


class FetchFailed(Exception):
    """One fetch ended without an answer. Never leaves ``monitor.fetch``."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        self.kind, self.detail = kind, detail
        super().__init__(f"{kind}: {detail}")
