"""How commands print: JSON for programs, tables for people, progress only where a person watches."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

T = TypeVar("T")


def jsonable(value: Any) -> Any:
    """What ``json`` may write of our values: dataclasses as objects, times as ISO 8601, sets sorted."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [jsonable(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(jsonable(inner) for inner in value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value


_UNBROKEN = 100_000  # columns


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON document on standard output; ``indent=None`` gives one line."""
    sys.stdout.write(json.dumps(jsonable(value), ensure_ascii=False, indent=indent) + "\n")
    sys.stdout.flush()


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, none: str = "") -> None:
    """A table for people; without rows the sentence ``none`` in its place. Cells are plain text: nothing in them is read as
    markup or escape sequence. Into a pipe or a file no line is broken: what reads it looks for whole ids."""
    if not rows:
        if none:
            say(none)
        return
    if title:  # rich would break it at the width of its table
        say(title)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    width = None if sys.stdout.isatty() else _UNBROKEN
    Console(markup=False, highlight=False, emoji=False, width=width).print(table)


def plain(value: object) -> str:
    """Text without control characters: titles come from strangers and terminals obey escapes."""
    text = "" if value is None else value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


def say(text: str = "", *, bold: bool = False) -> None:
    """One line for people on standard output."""
    typer.secho(plain(text), bold=bold or None)


def note(text: str) -> None:
    """One line for people on standard error, where programs that read our output do not see it."""
    typer.secho(plain(text), err=True)


def progress(steps: Iterable[T], total: int | None, label: str) -> Iterator[T]:
    """``steps`` with a progress bar on standard error where that is a terminal; unchanged where it is not."""
    if not sys.stderr.isatty():
        return iter(steps)
    return iter(track(steps, description=label, total=total, console=Console(stderr=True), transient=True))
