"""The address guard: which addresses of a host a fetch may connect to. All answers are checked, the checked ones connected."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from monitor.fetch import address
from monitor.fetch.failure import FailureKind, FetchFailed

Resolver = Callable[[str, int], Awaitable[tuple[str, ...]]]

_MAX_ADDRESSES = 4  # of a name's answers are tried, in the resolver's order


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """Every address of a name, as the system's resolver orders them. Raises FetchFailed (DNS, DNS_TEMPORARY)."""
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as exc:
        again = exc.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
        kind = FailureKind.DNS_TEMPORARY if again else FailureKind.DNS
        raise FetchFailed(kind, f"cannot resolve {host}: {exc.strerror}") from exc
    except (OSError, UnicodeError) as exc:
        raise FetchFailed(FailureKind.DNS, f"cannot resolve {host[:100]!r}: {exc}") from exc
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True, slots=True)
class Guard:
    """Where a fetch may connect to. ``allow`` holds exact host:port exceptions, for this use only."""

    allow: frozenset[str] = frozenset()
    ports: frozenset[int] = address.PORTS
    resolver: Resolver = field(default=resolve, repr=False)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The checked addresses to connect to. Raises FetchFailed when any answer is not allowed."""
        return self.checked(host, port, (host,) if is_ip(host) else await self.resolver(host, port))

    def checked(self, host: str, port: int, answers: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the answers for a host that are connected to. Raises FetchFailed when any is not allowed."""
        excepted = address.host_port(host, port) in self.allow
        if not answers:
            raise FetchFailed(FailureKind.DNS, f"{host} has no address")
        bad = "" if excepted else address.refused(answers)
        if bad:
            advice = f"fetch.allow_private may name {address.host_port(host, port)}"
            said = f"{host} is" if bad == host else f"{host} leads to {bad}, which is"
            raise FetchFailed(FailureKind.REFUSED_ADDRESS, f"{said} not a public address ({advice})")
        if not excepted and port not in self.ports:
            raise FetchFailed(
                FailureKind.PORT, f"port {port} of {host} is none of those that are asked (fetch.allow_ports)"
            )
        return answers[:_MAX_ADDRESSES]


def is_ip(host: str) -> bool:
    """Whether a host is written as an address, not as a name."""
    if not (host[-1:].isdigit() or ":" in host):
        return False  # as nearly every host; to have ``ipaddress`` refuse it takes ten times as long
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
