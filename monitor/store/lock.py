"""One runner per SQLite database: a lock file beside it, held by the process for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from monitor.errors import StoreError


class RunnerLock:
    """Held from ``take`` to ``release`` or the end of the process, however it ends."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Takes the lock. Raises StoreError (exit code 3) where another runner holds it, or the folder is read-only."""
        try:
            file = self.path.open("a+", encoding="ascii")
        except OSError as exc:
            raise StoreError(f"{self.path}: cannot be written: {exc.strerror}") from exc
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read(32).strip()
            file.close()
            raise StoreError(
                f"another coopwatch{f' (process {holder})' if holder else ''} works on this database; "
                f"{self.path} is its lock. Stop it first, or use PostgreSQL for several machines"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Gives the lock back; harmless when it was not taken."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def holder(self) -> int:
        """The process that holds the lock; 0 where none does, -1 where its number is not known."""
        try:
            with self.path.open("r", encoding="ascii") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    text = file.read(32).strip()
                    return int(text) if text.isdigit() else -1
        except OSError:
            return 0
        return 0
