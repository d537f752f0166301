"""On which line of a TOML file a key stands. tomllib does not say, and a fault without its line costs an operator
minutes. Inline tables count as the line of the key that holds them.
"""

from __future__ import annotations

import re
import tomllib

_KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]\]?\s*(?:#.*)?$")
_ASSIGN = re.compile(rf"^\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")

Path = tuple[str | int, ...]


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(_KEY, dotted)]


def key_lines(text: str) -> dict[Path, int]:
    """Line (from 1) of each table and key of a valid TOML document, keyed by path: ``("routes", 0, "name")``."""
    found: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    pending = ""  # the lines of a value that goes on
    for number, line in enumerate(text.splitlines(), start=1):
        if pending:
            pending += "\n" + line
            pending = "" if _complete(pending) else pending
            continue
        header = _HEADER.match(line)
        assign = _ASSIGN.match(line)
        if header:
            table = _table_path(header[1], _parts(header[2]), counts)
            found.setdefault(table, number)
        elif assign:
            path = (*table, *_parts(assign[1]))
            found.setdefault(path, number)
            pending = "" if _complete(line) else line
    return found


def _table_path(bracket: str, parts: list[str], counts: dict[Path, int]) -> Path:
    """The path of a table header; tables under an array of tables belong to its last element."""
    path: Path = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        if bracket == "[[" and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _complete(fragment: str) -> bool:
    """Whether an assignment's value ends here; an array or a long string may run over many lines."""
    try:
        tomllib.loads(fragment)
    except tomllib.TOMLDecodeError:
        return False
    return True


def nearest_line(lines: dict[Path, int], path: Path) -> int:
    """The line of the key at ``path``, or of the nearest key around it; 0 where nothing of it is in the file."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 0
