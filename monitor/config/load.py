"""Reads the layers of the configuration (defaults, the TOML file, systemd credentials, environment variables; later
ones win) and turns them into Settings. Every fault of every layer is reported in one ConfigError, each with its place.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monitor.config.lines import Path as KeyPath
from monitor.config.lines import key_lines, nearest_line
from monitor.config.places import Places, checkout, find_places
from monitor.config.settings import Settings
from monitor.config.values import Placed
from monitor.errors import ConfigError

ENVIRONMENT_PREFIX = "COOPWATCH_"
# Variables of ours that are not configuration keys: the file to read, test switches.
NOT_KEYS = frozenset({"CONFIG", "FAILPOINT", "FAILPOINTS", "REQUIRE", "BIN", "NOW"})


@cache
def _adapter() -> TypeAdapter[Settings]:
    return TypeAdapter(Settings)


def load(
    file: Path | None, environ: Mapping[str, str], *, cwd: Path | None = None, places: Places | None = None
) -> Settings:
    """The settings of this process. ``file`` None means embedded defaults. Relative paths start from the folder of the
    file that names them, from ``cwd`` in environment variables. Raises ConfigError listing all faults."""
    cwd = cwd or Path.cwd()
    places = places or find_places(environ, top=checkout())
    credentials = Path(environ["CREDENTIALS_DIRECTORY"]) if environ.get("CREDENTIALS_DIRECTORY") else None
    text = _read(file) if file else ""
    values = _placed(_parse(text, file), (file or cwd / "x").resolve().parent, credentials)
    lines = key_lines(text)
    origins: dict[KeyPath, str] = {}
    faults: list[tuple[int, str]] = []
    for layer, base in ((_credential_layer(credentials), credentials or cwd), (_environment_layer(environ), cwd)):
        for name, (key, raw) in layer.items():
            path = tuple(key.lower().split("__"))
            try:
                _put(values, path, _placed(_decode(raw), base, credentials))
            except ValueError as exc:
                faults.append((0, f"{name}: {exc}"))
            origins[path] = name
            for length in range(1, len(path)):  # a table that only this variable opens
                if path[:length] not in lines:
                    origins.setdefault(path[:length], name)
    _apply_defaults(values, places)
    try:
        settings = _adapter().validate_python(values)
    except ValidationError as exc:
        faults += [_fault(error, file, lines, origins) for error in exc.errors(include_url=False)]
    if faults:
        raise ConfigError("\n".join(line for _, line in sorted(faults)))
    return settings


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{file}: is not UTF-8 text: byte {exc.start}") from exc


def _parse(text: str, file: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{file}: not valid TOML: {exc}") from exc


def _placed(value: Any, base: Path, credentials: Path | None) -> Any:
    """``value`` with every string knowing the folder of the file it stands in."""
    if isinstance(value, dict):
        return {key: _placed(inner, base, credentials) for key, inner in value.items()}
    if isinstance(value, list):
        return [_placed(inner, base, credentials) for inner in value]
    return Placed.at(value, base, credentials) if isinstance(value, str) else value


def _environment_layer(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Name of the variable -> key and text."""
    found = {}
    for name, text in sorted(environ.items()):
        key = name.removeprefix(ENVIRONMENT_PREFIX)
        if key != name and key not in NOT_KEYS and not key.startswith("TEST_"):
            found[f"environment {name}"] = (key, text)
    return found


def _credential_layer(folder: Path | None) -> dict[str, tuple[str, str]]:
    """Credentials that are called like an environment variable set that key; the others are for ``*_file`` keys."""
    found = {}
    for path in sorted(folder.iterdir()) if folder and folder.is_dir() else ():
        key = path.name.upper().removeprefix(ENVIRONMENT_PREFIX)
        if key != path.name.upper() and path.is_file():
            found[f"credential {path.name}"] = (key, _read(path).strip())
    return found


def _decode(text: str) -> Any:
    """Lists and tables are written as JSON; everything else is taken as it stands."""
    if text.lstrip()[:1] not in ("[", "{"):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise ValueError(f"not valid JSON: {exc}") from exc


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{part} is not a table")
        values = inner
    values[path[-1]] = value


def _apply_defaults(values: dict[str, Any], places: Places) -> None:
    """The keys whose default depends on where things lie; relative SQLite paths are made absolute here too."""
    values.setdefault("state_dir", str(places.state_dir))
    values.setdefault("rules_dir", [str(places.rules_dir)])
    values.setdefault("feeds_file", [str(places.rules_dir / "feeds.yaml")])
    state = values["state_dir"]
    folder = (state.base / Path(state).expanduser()) if isinstance(state, Placed) else Path(str(state))
    url = values.setdefault("database_url", f"sqlite:///{folder / 'coopwatch.db'}")
    if isinstance(url, Placed) and url.startswith("sqlite:///") and url != "sqlite:///:memory:":
        values["database_url"] = f"sqlite:///{(url.base / url.removeprefix('sqlite:///')).resolve()}"


def _fault(error: Any, file: Path | None, lines: dict[KeyPath, int], origins: dict[KeyPath, str]) -> tuple[int, str]:
    """Line and text of one fault that pydantic found."""
    path: KeyPath = error["loc"]
    name = next((origins[path[:length]] for length in range(len(path), 0, -1) if path[:length] in origins), "")
    line = 0 if name else nearest_line(lines, path)
    place = name or (f"{file}:{line}" if file and line else str(file or "configuration"))
    return line, f"{place}: {_dotted(path)}{_message(error)}"


def _dotted(loc: KeyPath) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: " if text else ""


def _message(error: Any) -> str:
    kind, loc = error["type"], error["loc"]
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return _unknown(loc)
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return f"{str(error['input'])!r} may hold small letters, digits, - and _ only"
    return str(error["msg"]).removeprefix("Input ")


def _unknown(loc: KeyPath) -> str:
    """An unknown key, and the key of its own table that it may stand for, or the table that it belongs to."""
    name, table = str(loc[-1]), ".".join(part for part in loc[:-1] if isinstance(part, str))
    tables = [(key.rpartition(".")[0], key.rpartition(".")[2]) for key in documented_keys()]
    here = [key for where, key in tables if where == table]
    close = difflib.get_close_matches(name, here or known_keys(), n=1)
    if close:
        return f"unknown key; did you mean {close[0]}?"
    elsewhere = [f"[{where}]" if where else "the top of the file" for where, key in tables if key == name]
    return f"unknown key here; it belongs to {' or '.join(elsewhere)}" if elsewhere else "unknown key"


@cache
def known_keys() -> tuple[str, ...]:
    """Every key that some table of the configuration knows, as operators write it."""
    return tuple(sorted({key.rsplit(".", 1)[-1] for key in documented_keys()}))


@cache
def documented_keys() -> tuple[str, ...]:
    """Every key with its table (``fetch.deadline``, ``routes.smtp.port``), from the JSON Schema of Settings."""
    schema = _adapter().json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    found: set[str] = set()

    def walk(node: Any, prefix: str) -> None:
        if "$ref" in node:
            node = definitions[node["$ref"].rsplit("/", 1)[-1]]
        for key, inner in node.get("properties", {}).items():
            found.add(prefix + key)
            for part in (inner, inner.get("items", {}), *inner.get("anyOf", ())):
                walk(part, f"{prefix}{key}.")

    walk(schema, "")
    return tuple(sorted(found))
