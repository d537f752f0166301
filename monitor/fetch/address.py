"""Which addresses a fetch may connect to: pure. The egress asks at connect time, with the very address it will use.

Content chooses addresses (links, redirects, DNS answers), so everything that is not plainly public is refused: RFC 6890
special ranges, multicast, site-local, and every way of writing an IPv4 address inside an IPv6 one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

PORTS = frozenset({80, 443})  # mail, database and shell ports must not be reachable by a link

_V4_REFUSED = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "192.0.0.0/24",  # IETF protocol assignments (is_global differs between Python versions)
        "192.88.99.0/24",  # 6to4 relay anycast
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
_V6_PUBLIC = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out as global unicast
_V6_REFUSED = tuple(
    ipaddress.IPv6Network(net)
    for net in (
        "2001::/23",  # protocol assignments: Teredo (embeds IPv4), benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: embeds IPv4
        "3fff::/20",
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # upper half of an interface id that embeds an IPv4 address (RFC 5214)


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Whether a textual IP address is plainly public. Anything that is not an IP address is not.

    Embedded IPv4 (``::ffff:0:0/96``, ``::/96``, ``64:ff9b::/96``, 6to4, Teredo, ISATAP) is refused whatever it embeds.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not any(ip in net for net in _V4_REFUSED)
    if ip.scope_id is not None or ip not in _V6_PUBLIC or any(ip in net for net in _V6_REFUSED):
        return False
    return (int(ip) >> 32) & 0xFFFFFFFF not in _ISATAP and ip.is_global


def refused(addresses: Iterable[str]) -> str:
    """The first address of a name's answers that is not public, or an empty string when all are."""
    return next((address for address in addresses if not is_public(address)), "")


def host_port(host: str, port: int) -> str:
    """The form in which exceptions are written: ``127.0.0.1:18080``, ``[::1]:8080``, names in lower case."""
    host = host.lower().strip("[]").rstrip(".")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
