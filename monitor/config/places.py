"""Where things lie when nobody says so: in a development checkout beside the code, otherwise where a service (root, or
systemd's STATE_DIRECTORY) or a person (the XDG folders) keeps them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import monitor

SYSTEM_CONFIG = Path("/etc/coopwatch/coopwatch.toml")


@dataclass(frozen=True, slots=True)
class Places:
    """The defaults of ``state_dir`` and ``rules_dir``, and the configuration files that are looked for, in order."""

    state_dir: Path
    rules_dir: Path
    config_files: tuple[Path, ...]


def checkout() -> Path | None:
    """The top folder of the checkout that this code runs from, if it does."""
    top = Path(monitor.__file__).resolve().parent.parent
    return top if (top / "pyproject.toml").is_file() and (top / "state").is_dir() else None


def find_places(environ: Mapping[str, str], *, top: Path | None = None, is_root: bool | None = None) -> Places:
    """The defaults for this process. ``top`` is the checkout it runs from, or None for an installed one."""
    if top is not None:
        return Places(top / "state", top / "rules", (top / "coopwatch.toml",))
    shipped = Path(sys.prefix) / "share" / "coopwatch" / "rules"
    home = Path(environ.get("HOME") or "/")
    own_config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "coopwatch" / "coopwatch.toml"
    if environ.get("STATE_DIRECTORY"):  # systemd: a colon-separated list, the first is ours
        state = Path(environ["STATE_DIRECTORY"].split(":")[0])
    elif os.geteuid() == 0 if is_root is None else is_root:
        state = Path("/var/lib/coopwatch")
    else:
        state = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "coopwatch"
    return Places(state, shipped, (own_config, SYSTEM_CONFIG))


def find_config_file(named: Path | None, environ: Mapping[str, str], places: Places) -> Path | None:
    """The configuration file to read: the one named by the caller or by COOPWATCH_CONFIG, else the first that exists,
    else None (embedded defaults). A named one need not exist; reading it reports that."""
    if named is not None:
        return named
    if environ.get("COOPWATCH_CONFIG"):
        return Path(environ["COOPWATCH_CONFIG"])
    return next((path for path in places.config_files if path.is_file()), None)
