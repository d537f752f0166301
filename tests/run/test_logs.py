"""Log lines: one event a line, nothing hostile, no secret, and a reader that stands still stops nobody (PRC-13)."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Literal

import pytest

from monitor.run.logs import LineWriter, neutral, set_up


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def lines_of(form: Literal["auto", "text", "json"], message: str, **values: object) -> list[str]:
    stream = io.StringIO()
    writer = LineWriter(stream)
    set_up("info", form, writer, person_watches=False)
    logging.getLogger("monitor.run.poll").info(message, extra=values)
    logging.getLogger("monitor.run.poll").debug("not wanted")
    writer.close()
    return stream.getvalue().splitlines()


def test_one_event_is_one_line_of_key_and_value() -> None:
    (line,) = lines_of("auto", "poll done", feed="f1", new=3)
    assert 'event="poll done"' in line
    assert "feed=f1" in line
    assert "new=3" in line


def test_json_lines_can_be_read_back() -> None:
    (line,) = lines_of("json", "poll done", feed="f1", title="Università")
    event = json.loads(line)
    assert (event["event"], event["feed"], event["title"], event["level"]) == ("poll done", "f1", "Università", "info")


@pytest.mark.parametrize("form", ["auto", "text", "json"])
def test_hostile_titles_and_secrets_never_reach_the_line(form: Literal["auto", "text", "json"]) -> None:
    found = lines_of(form, "entry", title="a\x1b[31mb\nlevel=error\u202ec\u2028d", smtp_password="hunter2")
    assert len(found) == 1
    assert not any(char in found[0] for char in "\x1b\u202e\u2028")
    assert "hunter2" not in found[0]


def test_an_exception_stays_on_its_line() -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    set_up("info", "auto", writer, person_watches=False)
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("monitor").exception("step failed")
    writer.close()
    assert len(stream.getvalue().splitlines()) == 1
    assert "KeyError" in stream.getvalue()


def test_neutral_shows_what_it_takes_out() -> None:
    assert neutral("plain") == "plain"
    assert neutral("a\tb\x00") == "a\\u0009b\\u0000"
    assert neutral("中俄 città") == "中俄 città"
    assert len(neutral("x" * 5000)) == 2001


def test_prc_13_a_full_pipe_drops_lines_and_counts_them() -> None:
    read_end, write_end = os.pipe()
    stream = os.fdopen(write_end, "w")
    drops: list[int] = []
    writer = LineWriter(stream, on_drop=lambda: drops.append(1), limit=100)
    for _ in range(5_000):  # far more than pipe and queue hold, and nobody reads
        writer.write("x" * 200)
    assert writer.dropped == len(drops)
    assert writer.dropped > 3_000
    os.close(read_end)
    writer.close()
    writer._thread.join(5)
    with contextlib.suppress(BrokenPipeError):  # where the writer had begun a line
        stream.close()


@pytest.mark.parametrize(
    ("message", "arguments", "event", "fields"),
    [
        ("read done id=%s reason=%r", (6, "it's"), "read done", {"id": "6", "reason": "it's"}),
        ("clock jumped seconds=%.0f", (7200.4,), "clock jumped", {"seconds": "7200"}),
        ("health %s kind=%s", ("start", "outbox_old"), "health start", {"kind": "outbox_old"}),
        ("nothing named in %s", ("x=1 level=2",), "nothing named in x=1 level=2", {}),
        ("no values kind=fixed", (), "no values kind=fixed", {}),
    ],
)
def test_values_of_a_message_are_fields_named_by_the_message_alone(
    message: str, arguments: tuple[object, ...], event: str, fields: dict[str, str]
) -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    set_up("info", "json", writer, person_watches=False)
    logging.getLogger("monitor.run.poll").info(message, *arguments)
    writer.close()
    written = json.loads(stream.getvalue())
    del written["level"], written["timestamp"]
    assert written == {"event": event} | fields
