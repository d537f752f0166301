"""Which files of a rules folder are read, and what is made of them. Apart from the schema (source.py), whose models take a
tenth of a second to build and are needed only where the cache does not know the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Source = dict[str, Any]
KINDS = ("entities", "concepts", "languages", "announcements", "weights")  # folders, in the order of reading; one file
_OTHERS = frozenset({"pages", "calibration"})  # folders of rules/ that hold no rules


def rule_files(dirs: Sequence[Path]) -> list[tuple[str, Path, str]]:
    """(kind, path, name in messages) of every rule file, shipped folder first. Other files are left alone."""
    out = []
    for folder in dirs:
        for kind in KINDS:
            paths = [folder / "weights.yaml"] if kind == "weights" else sorted((folder / kind).glob("*.y*ml"))
            out += [(kind, p, str(p)) for p in paths if p.is_file()]
    return out


def strays(dirs: Sequence[Path]) -> list[str]:
    """Warnings for folders that look like rules and are not read: announcement/ for announcements/."""
    known = set(KINDS) - {"weights"}
    return [
        f"{path}: not read: rules stand in {', '.join(sorted(known))}"
        for folder in dirs
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name not in known | _OTHERS and any(path.glob("*.y*ml"))
    ]
