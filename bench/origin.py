"""The local origin, a process of its own: up to 2,000 publishers on as many loopback addresses, one port.

    python -m bench.origin HOSTS

It takes a free port and says ``ready PORT``. Publisher ``i`` has /feed.xml and /a/FEED/ENTRY on 127.B.C.D; /robots.txt is
404 (everything allowed) unless told otherwise. 127.0.0.1 also takes the bench's orders (/ctl, JSON) and webhooks (/hook), and
tells what happened (/log). Connections are closed after each answer: both programs pay for new ones, as they do on 2,000
real hosts.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import unquote

from bench import corpus


def address(number: int) -> str:
    """The loopback address of publisher ``number``: 127.1.0.1 and on."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


@dataclass
class State:
    """What the publishers do. ``extra`` entries beyond the first thirty; ``full``: new ones carry their text."""

    hosts: int
    port: int
    mode: str = "304"  # answer "304" to conditional requests, or "200" to all
    extra: int = 0
    listed: int = corpus.ENTRIES  # how many entries a feed lists
    full: bool = True
    robots: str = "allow"  # or "deny": article pages are forbidden, and readers judge what the feed carries
    delay_s: float = 0.0
    epoch: int = field(default_factory=lambda: int(time.time()))
    counts: Counter[str] = field(default_factory=Counter)
    feeds_seen: set[int] = field(default_factory=set)
    armed: dict[int, int] = field(default_factory=dict)  # feed -> one entry that it lists beside the others
    born: dict[tuple[int, int], int] = field(default_factory=dict)  # when a new entry was first listed: its date
    served_at: dict[str, float] = field(default_factory=dict)  # "FEED/ENTRY" -> when a feed first listed it
    hooks: list[tuple[float, str]] = field(default_factory=list)


class Origin(asyncio.Protocol):
    """One connection, one request, one answer."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, body = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if len(body) < int(headers.get("content-length", "0")):
            return
        path = lines[0].split(" ")[1]
        host = self.transport.get_extra_info("sockname")[0]
        if self.state.delay_s and path == "/feed.xml":
            asyncio.get_running_loop().call_later(self.state.delay_s, self.answer, path, host, headers, body)
        else:
            self.answer(path, host, headers, body)

    def answer(self, path: str, host: str, headers: dict[str, str], body: bytes) -> None:
        if self.transport.is_closing():
            return
        if path == "/feed.xml":
            self.feed(host, headers)
        elif path.startswith("/a/"):
            number, entry = map(int, path.split("/")[2:4])
            self.state.counts["page"] += 1
            self.send(200, corpus.page(number, entry), "text/html; charset=utf-8")
        elif path == "/hook":
            self.state.hooks.append((time.time(), body.decode("utf-8", "replace")))
            self.send(200, b"ok", "text/plain")
        elif path.startswith("/ctl?"):
            self.control(json.loads(unquote(path[5:])))
        elif path == "/log":
            self.send(200, json.dumps(self.log()).encode(), "application/json")
        elif path == "/robots.txt" and self.state.robots == "deny":
            self.state.counts["robots"] += 1
            self.send(200, b"User-agent: *\nDisallow: /a/\n", "text/plain")
        else:
            self.state.counts["robots" if path == "/robots.txt" else "other"] += 1
            self.send(404, b"", "text/plain")

    def feed(self, host: str, headers: dict[str, str]) -> None:
        state = self.state
        parts = [int(part) for part in host.split(".")]
        number = (parts[1] - 1) * 62_500 + parts[2] * 250 + parts[3] - 1
        state.counts["feed"] += 1
        state.feeds_seen.add(number)
        extra, armed = state.extra, state.armed.get(number)
        tag = f'"{extra}-{state.listed}-{armed}"' if state.mode == "304" else f'"{extra}-{state.counts["feed"]}"'
        if state.mode == "304" and headers.get("if-none-match") == tag:
            state.counts["304"] += 1
            self.send(304, b"", "", tag)
            return
        base = f"http://{host}:{state.port}"
        items = []
        listed = [
            *range(extra + corpus.ENTRIES - state.listed, extra + corpus.ENTRIES),
            *([] if armed is None else [armed]),
        ]
        for entry in listed:
            age = (corpus.ENTRIES - 1 - entry) * corpus.ENTRY_SPACING_S if entry < corpus.ENTRIES else 0
            is_new = entry >= corpus.ENTRIES
            at = state.born.setdefault((number, entry), int(time.time())) if is_new else state.epoch - age
            items.append(corpus.item(base, number, entry, at, full=is_new and state.full))
            if is_new:
                state.served_at.setdefault(f"{number}/{entry}", time.time())
        document = corpus.feed(base, number, items[::-1], state.epoch if state.mode == "304" else time.time())
        self.send(200, document, "application/rss+xml", tag)

    def control(self, order: dict[str, object]) -> None:
        for name, value in order.items():
            if name == "reset":
                self.state.counts.clear()
                self.state.feeds_seen.clear()
                self.state.served_at.clear()
                self.state.hooks.clear()
            elif name == "arm":
                self.state.armed = {int(number): int(count) for number, count in dict(value).items()}  # type: ignore[call-overload]
            else:
                setattr(self.state, name, value)
        self.send(200, b"{}", "application/json")

    def log(self) -> dict[str, object]:
        state = self.state
        return {
            "counts": dict(state.counts),
            "feeds_seen": len(state.feeds_seen),
            "served_at": state.served_at,
            "hooks": state.hooks,
        }

    def send(self, status: int, body: bytes, kind: str, tag: str = "") -> None:
        reason = {200: "OK", 304: "Not Modified", 404: "Not Found"}[status]
        lines = [f"HTTP/1.1 {status} {reason}", "Connection: close", f"Content-Length: {len(body)}"]
        if kind:
            lines.append(f"Content-Type: {kind}")
        if tag:
            lines.append(f"ETag: {tag}")
        if status == 304:
            lines.remove("Content-Length: 0")
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.close()


async def main(hosts: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65_536, hard))
    loop = asyncio.get_running_loop()
    state = State(hosts, 0)
    for host in ("127.0.0.1", *(address(number) for number in range(hosts))):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, state.port))
        state.port = listener.getsockname()[1]
        listener.listen(512)
        await loop.create_server(lambda: Origin(state), sock=listener)
    sys.stdout.write(f"ready {state.port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the bench closes its end


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
