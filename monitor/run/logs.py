"""How the service writes what it does: one event a line, key=value or JSON, ids carried, hostile text neutralised.

Lines go to standard error through a thread of their own with a bounded queue: a reader that stands still (a full pipe, a slow
journal) never stops the work; lines that find no place are dropped and counted (fault case PRC-13).
"""

from __future__ import annotations

import logging
import queue
import re
import sys
import threading
import unicodedata
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog

QUEUE_LINES = 10_000
VALUE_LIMIT = 2_000
_SECRET_KEYS = ("password", "secret", "token", "authorization", "cookie")
_FIELD = re.compile(r" ([a-z_]+)=(%[.0-9]*[a-z])")
_FIELDS = re.compile(r"(.+?)((?: [a-z_]+=%[.0-9]*[a-z])+)")
Event = MutableMapping[str, Any]


class LineWriter:
    """Writes lines to a stream from a thread. ``dropped`` counts those that found the queue full."""

    def __init__(self, stream: TextIO, *, on_drop: Callable[[], None] = lambda: None, limit: int = QUEUE_LINES) -> None:
        self._stream, self._on_drop = stream, on_drop
        self._lines: queue.Queue[str | None] = queue.Queue(limit)
        self.dropped = 0
        # a daemon thread: a blocked stream must not keep the process alive
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Queues one line, or counts it as dropped."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1
            self._on_drop()

    def close(self, timeout_s: float = 2.0) -> None:
        """Writes what is queued, for at most ``timeout_s``."""
        try:
            self._lines.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + "\n")
                if self._lines.empty():
                    self._stream.flush()
            except (OSError, ValueError):  # the reader went away, or the stream was closed: the work goes on
                self.dropped += 1


def take_fields(_logger: Any, _name: str, event: Event) -> Event:
    """The values that a message was written with, as fields of their own: ``"read done id=%s"`` is the event ``read done`` with
    an ``id``. Names are read from the message as it stands in the code, never from what was filled in."""
    record, given = event["_record"], event.pop("positional_args", ())
    head, named = _named(record.msg) if isinstance(record.msg, str) else ("", ())
    if not named or not isinstance(given, tuple) or not given:
        return event
    said, values = given[: -len(named)], given[-len(named) :]
    event["event"] = head % said
    for (name, form), value in zip(named, values, strict=True):
        event[name] = str(value) if form == "%r" else form % value
    return event


@lru_cache(maxsize=256)
def _named(message: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The words of a message before its named values, and these with their forms."""
    found = _FIELDS.fullmatch(message)
    return ("", ()) if found is None else (found[1], tuple(_FIELD.findall(found[2])))


def clean_values(_logger: Any, _name: str, event: Event) -> Event:
    """Text from outside as one harmless line: control, bidi and escape characters are shown, long values cut, secrets never."""
    for key, value in event.items():
        if any(word in key for word in _SECRET_KEYS):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = neutral(value)
    return event


def neutral(text: str) -> str:
    """``text`` cut to 2,000 characters, with every character that moves a cursor or hides text written as \\uXXXX."""
    cut = text if len(text) <= VALUE_LIMIT else text[:VALUE_LIMIT] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(char if _shows(char) else f"\\u{ord(char):04x}" for char in cut)


def _shows(char: str) -> bool:
    return char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def set_up(level: str, form: Literal["auto", "text", "json"], writer: LineWriter, *, person_watches: bool) -> None:
    """Sends every ``logging`` record through structlog to ``writer``. ``auto`` is for the reader: colourless words for a person
    at a terminal, key=value for the journal."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        take_fields,
        clean_values,
    ]
    last: Any
    if form == "json":
        last = structlog.processors.JSONRenderer(ensure_ascii=False)
    elif form == "text" or (form == "auto" and person_watches):
        last = structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)
    else:
        last = structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"), bool_as_flag=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        pass_foreign_args=True,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = _Lines(writer)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in (
        "httpx",
        "httpcore",
        "trafilatura",
        "apscheduler",
        "alembic",
        "uvicorn.access",
        "uvicorn.error",
        "htmldate",
        "charset_normalizer",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Lines(logging.Handler):
    """Hands formatted records to a LineWriter; multi-line tracebacks stay one record on one line."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        self._writer.write(self.format(record).replace("\n", "\\n"))


def standard_error() -> TextIO:
    """Where the service writes its lines."""
    return sys.stderr
