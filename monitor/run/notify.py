"""What the service tells systemd: ready, alive, reloading, stopping. Silent where nobody listens (NOTIFY_SOCKET)."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping


class Notifier:
    """Sends states to the service manager's socket (sd_notify(3))."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        watchdog_us = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(watchdog_us) / 1e6 if watchdog_us.isdigit() else 0.0

    def ready(self, status: str) -> None:
        """The work has begun."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str = "") -> None:
        """The work goes on; also the line that ``systemctl status`` shows."""
        self._send("WATCHDOG=1" + (f"\nSTATUS={status}" if status else ""))

    def reloading(self) -> None:
        """A reload has begun; ``ready`` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """No new work is begun."""
        self._send(f"STOPPING=1\nSTATUS={status}")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto(state.encode(), address)
        except OSError:
            return  # the manager went away or is slow: the work matters more
