"""The kinds of value that a configuration key may hold, as types that pydantic checks: durations, times of day, zones,
paths relative to the file that names them, secrets that only files hold, lists of codes with ``!`` for "not".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr

STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)  # of every table: unknown keys are errors
Port = Annotated[int, Field(ge=1, le=65535)]
UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
SECRET_LIMIT_BYTES = 65536  # a key or password file is never longer; a device or a log named by mistake is


class Placed(str):
    """A string that knows where it was written: the folder that relative paths in it start from, and the folder with
    the service's credentials (``None`` where the service manager gave none)."""

    __slots__ = ("base", "credentials")
    base: Path
    credentials: Path | None

    @classmethod
    def at(cls, text: str, base: Path, credentials: Path | None) -> Placed:
        """``text`` as written in a file of the folder ``base``."""
        placed = cls(text)
        placed.base, placed.credentials = base, credentials
        return placed


def duration_s(value: object) -> object:
    """Seconds of ``"15m"``, ``"1h30m"``, ``"0"``; anything else raises ValueError. Numbers without a unit are refused
    (but 0): nobody remembers whether they were seconds or minutes."""
    if isinstance(value, float) and not isinstance(value, bool):
        return value  # set by code, already seconds
    text = str(value).strip().lower()
    if text in ("0", "0.0"):
        return 0.0
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", text)
    if not parts or "".join(number + unit for number, unit in parts) != re.sub(r"\s+", "", text):
        raise ValueError(f'{text!r} is not a duration; write a number with a unit, such as "30s", "15m", "24h", "7d"')
    return sum(float(number) * UNIT_S[unit] for number, unit in parts)


def placed_path(value: object) -> object:
    """An absolute path; relative ones start from the folder of the file that names them."""
    if isinstance(value, Placed):
        return (value.base / Path(value).expanduser()).resolve()
    return Path(value).resolve() if isinstance(value, str) else value


def as_list(value: object) -> object:
    """One value stands for a list of one."""
    return [value] if isinstance(value, str | dict) else value


def read_secret(value: object) -> object:
    """The content of the file that a ``*_file`` key names; ``credential:NAME`` is a file of the service's credentials
    folder. An empty name is an empty secret. The text is stripped of the line break that editors add."""
    if isinstance(value, SecretStr):
        return value
    if not str(value):
        return SecretStr("")
    path = _secret_path(value)
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_LIMIT_BYTES + 1)
        text = raw.decode("utf-8").strip()
    except OSError as exc:
        raise ValueError(f"cannot read {path}: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text") from None
    if len(raw) > SECRET_LIMIT_BYTES:
        raise ValueError(f"{path} is too long for a secret")
    if not text:
        raise ValueError(f"{path} is empty")
    return SecretStr(text)


def _secret_path(value: object) -> Path:
    name = str(value)
    if name.startswith("credential:"):
        folder = value.credentials if isinstance(value, Placed) else None
        wanted = Path(name.removeprefix("credential:")).name
        if folder is None:
            # commands run by hand: the folder that the unit loads stands beside the configuration
            beside = value.base / "secrets" / wanted if isinstance(value, Placed) else Path(wanted)
            if beside.is_file():
                return beside
            raise ValueError(f"{name}: no file {beside}, and the service manager gave no credentials")
        # the unit loads a whole folder of secrets; systemd then puts the folder's id before each file's name
        return next(
            (path for path in (folder / wanted, folder / f"secrets_{wanted}") if path.is_file()), folder / wanted
        )
    path = placed_path(value)
    assert isinstance(path, Path)
    return path


def secret_lines(value: object) -> object:
    """Like ``read_secret``, one webhook secret a line: while a secret is changed both the new and the old one stand there.
    What is no base64 would sign nothing, or something that no receiver holds: it is refused, and never shown."""
    if isinstance(value, tuple):
        return value
    secret = read_secret(value)
    assert isinstance(secret, SecretStr)
    lines = [line.strip() for line in secret.get_secret_value().splitlines()]
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#") and not _is_webhook_secret(line):
            made = "printf 'whsec_%s\\n' $(openssl rand -base64 32)"
            raise ValueError(f"{value}: line {number} is no webhook secret (whsec_ and base64); make one: {made}")
    return tuple(SecretStr(line) for line in lines if line and not line.startswith("#"))


def _is_webhook_secret(line: str) -> bool:
    try:
        return bool(base64.b64decode(line.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def zone(value: str) -> str:
    """The name of a time zone that this machine knows."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone; write one such as Europe/Rome") from None
    return value


def clock_time(value: str) -> str:
    """A time of day, HH:MM on a 24 hour clock."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f'{value!r} is not a time of day; write "08:00"')
    return value


def host_port(value: str) -> str:
    """An exact ``host:port``."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f'{value!r} must be an exact host:port such as "127.0.0.1:18080"')
    return value


def one_of(closed: type[StrEnum]) -> Callable[[str], str]:
    """A check that a value, after an optional ``!``, belongs to a closed set."""

    def check(value: str) -> str:
        if value.removeprefix("!") not in set(closed):
            raise ValueError(f"{value!r} is not one of {', '.join(sorted(closed))}")
        return value

    return check


def mailbox(value: str) -> str:
    """A bare address or ``Name <address>``, without line breaks."""
    address = value[value.rfind("<") + 1 :].rstrip(">") if "<" in value else value
    if any(ord(char) < 32 for char in value) or not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", address.strip()):
        raise ValueError(f"{value!r} is not a mail address")
    return value


Seconds = Annotated[float, BeforeValidator(duration_s)]
PlacedPath = Annotated[Path, BeforeValidator(placed_path)]
SecretFile = Annotated[SecretStr, BeforeValidator(read_secret)]
SecretLines = Annotated[tuple[SecretStr, ...], BeforeValidator(secret_lines)]
Zone = Annotated[str, AfterValidator(zone)]
ClockTime = Annotated[str, AfterValidator(clock_time)]
HostPort = Annotated[str, AfterValidator(host_port)]
Mailbox = Annotated[str, AfterValidator(mailbox)]
List = BeforeValidator(as_list)
