"""Which SQLite file was looked through already: a run that ended cleanly leaves size and time of the file behind, and who finds
them unchanged need not read every page again (a tenth of a second for 15,000 entries, at each ``once`` of a cron job).
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOR_S = 86_400.0  # a disk may spoil what nobody wrote: once a day every page is read all the same


def _note(file: Path) -> Path:
    return file.with_name(f"{file.name}.checked")


def _look(file: Path) -> list[int] | None:
    """Size and time of the last change; None while changes wait beside the file in its log."""
    log = file.with_name(f"{file.name}-wal")
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size:
            return None
    found = file.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _read(file: Path) -> tuple[list[int], datetime] | None:
    try:
        kept = json.loads(_note(file).read_text(encoding="ascii"))
        return list(kept["file"] or ()), datetime.fromisoformat(kept["checked_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_checked(file: Path, now: datetime) -> bool:
    """Whether the file is as the last clean end left it, and was looked through within the last day."""
    kept, found = _read(file), _look(file)
    if kept is None or found is None or kept[0] != found:
        return False
    return timedelta(0) <= now - kept[1] < timedelta(seconds=FOR_S)


def note_check(file: Path, now: datetime) -> None:
    """The file was looked through and is whole. Says nothing where it cannot be noted: then it is looked through again."""
    _write(file, now)


def note_end(file: Path) -> None:
    """A clean end: every connection is closed, and this process alone wrote since the check that is noted."""
    kept = _read(file)
    if kept is not None:
        _write(file, kept[1])


def _write(file: Path, checked_at: datetime) -> None:
    with contextlib.suppress(OSError):
        text = json.dumps({"file": _look(file), "checked_at": checked_at.astimezone(UTC).isoformat()})
        _note(file).write_text(text, encoding="ascii")
