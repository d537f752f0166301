"""``coopwatch export``: everything that is stored, as JSON lines that any program reads."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from monitor.cli.options import Config, read_settings
from monitor.cli.output import note
from monitor.cli.stores import existing_store
from monitor.errors import ConfigError
from monitor.store.export import TABLES, rows_of
from monitor.text import counted


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("export", help="Everything that is stored, as JSON lines.")(run)


def run(
    config: Config = None,
    only: Annotated[
        list[str] | None, typer.Option("--table", help="Only these tables; may be given several times.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; default: standard output.")] = None,
) -> None:
    settings = read_settings(config)
    unknown = sorted(set(only or ()) - set(TABLES))
    if unknown:
        raise ConfigError(f"there is no table {unknown[0]!r}; there are {', '.join(TABLES)}")
    with existing_store(settings) as store:
        if store is None:
            raise ConfigError("there is no database yet")
        rows = rows_of(store.database, tuple(only or TABLES))
        if output is None:
            _write(rows, sys.stdout)
            sys.stdout.flush()
            return
        part = output.with_name(output.name + ".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                count = _write(rows, file)
            part.replace(output)
        except OSError as exc:
            raise ConfigError(f"{output}: cannot be written: {exc.strerror}") from exc
    note(f"{counted(count, 'line')} in {output}")


def _write(rows: Iterator[tuple[str, dict[str, Any]]], file: IO[str]) -> int:
    count = 0
    for table, values in rows:
        line = {"table": table, **{key: _plain(value) for key, value in values.items()}}
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
    return count


def _plain(value: Any) -> Any:
    """What JSON may hold: times as ISO 8601 UTC, bytes as text where they are text, else base64."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode("ascii")}
    return value
