"""What a feed's polls leave behind for the next one. Stored as text by whoever keeps feeds; opaque to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

_PRINT_BYTES = 8  # one fingerprint of an entry's text
_PRINTS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class PollState:
    """Everything that one feed's schedule depends on. Counters begin again at the first good poll."""

    etag: str = ""  # validators byte for byte, both from the same whole 200
    last_modified: str = ""
    body_hash: str = ""
    prints: bytes = b""  # fingerprints of entries that were parsed before, newest document first
    stretch: str = ""  # a mark of all entries of the last document together, where they were looked at one by one
    full_at: datetime | None = None  # the last 200
    unmodified: int = 0  # 304s since then
    weight: float = 0.0  # of the failures since the last good poll
    failures: int = 0
    failing_since_at: datetime | None = None
    problem: str = ""  # the last failure's kind
    detail: str = ""
    status: int = 0
    moved_to: str = ""
    moved_since_at: datetime | None = None
    moved_seen: int = 0
    gone_since_at: datetime | None = None
    gone_seen: int = 0
    rhythm_s: float | None = None  # usual time between two new entries
    hint_s: float | None = None  # ttl and the like of the last document
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    newest_at: datetime | None = None  # the newest date that any entry bore
    listed: int = 0  # entries in the last document that was read
    gaps: int = 0  # times that entries may have been missed

    def known_prints(self) -> frozenset[bytes]:
        """The fingerprints, one by one."""
        return frozenset(
            self.prints[start : start + _PRINT_BYTES] for start in range(0, len(self.prints), _PRINT_BYTES)
        )


def joined_prints(listed: tuple[bytes, ...], before: bytes) -> bytes:
    """Fingerprints of the newest document first, then older ones, bounded: an entry that left and returns is known."""
    older = (before[start : start + _PRINT_BYTES] for start in range(0, len(before), _PRINT_BYTES))
    return b"".join(list(dict.fromkeys((*listed, *older)))[: max(_PRINTS_KEPT, len(listed))])


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(float(value), UTC)


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# what JSON does not give back as it was; each poll reads one state and writes one
_READ: dict[str, Callable[[Any], Any]] = {
    **{spec.name: _moment for spec in fields(PollState) if spec.name.endswith("_at")},
    "prints": base64.b64decode,
    "skip_hours": _listed,
    "skip_days": _listed,
}
_DEFAULTS: dict[str, Any] = {spec.name: spec.default for spec in fields(PollState)}


def pack(state: PollState) -> str:
    """The state as one line of JSON without its defaults."""
    found: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(state, name)
        if value == default:
            continue
        if isinstance(value, datetime):
            value = value.timestamp()
        elif isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        found[name] = value
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False) if found else ""


def unpack(text: str) -> PollState:
    """The state that ``pack`` wrote. An empty or foreign text is a feed that was never polled: it is polled anew."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    if not isinstance(found, dict):
        return PollState()
    return PollState(
        **{
            name: _READ[name](value) if name in _READ else value
            for name, value in found.items()
            if value is not None and name in _DEFAULTS
        }
    )
