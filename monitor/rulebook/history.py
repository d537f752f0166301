"""The rule sets that were in force: copies of every rule file by digest, so that a bad edit can be taken back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.errors import ConfigError
from monitor.rulebook.source import rule_files

_KEPT = 50
_CARD = "set.json"


@dataclass(frozen=True, slots=True)
class KeptSet:
    """One rule set of the past. ``files`` are (rules folder's number, path within it)."""

    digest: str
    kept_at: str
    rules: int
    files: tuple[tuple[int, str], ...]


def keep(dirs: Sequence[Path], digest: str, rules: int, history_dir: Path, now: datetime) -> None:
    """Copies the files of a set that has just come into force; nothing happens where it is known already.

    Raises OSError where the folder cannot be written: the caller decides whether that matters.
    """
    folder = history_dir / digest
    if (folder / _CARD).exists():
        return
    files = []
    for _, path, _ in rule_files(dirs):
        number = next(i for i, d in enumerate(dirs) if path.is_relative_to(d))
        inside = path.relative_to(dirs[number])
        target = folder / str(number) / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        files.append([number, str(inside)])
    card = {"digest": digest, "kept_at": now.isoformat(), "rules": rules, "files": files}
    (folder / _CARD).write_text(json.dumps(card), encoding="utf-8")
    for old in history(history_dir)[_KEPT:]:
        shutil.rmtree(history_dir / old.digest, ignore_errors=True)


def history(history_dir: Path) -> list[KeptSet]:
    """The kept sets, newest first."""
    out = []
    for path in history_dir.glob(f"*/{_CARD}"):
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            files = tuple((int(n), str(f)) for n, f in card["files"])
            out.append(KeptSet(card["digest"], card["kept_at"], int(card["rules"]), files))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half-written by a kill: it was never a kept set
    return sorted(out, key=lambda s: s.kept_at, reverse=True)


def revert(dirs: Sequence[Path], digest: str, history_dir: Path) -> list[Path]:
    """Puts the files of a kept set back and removes rule files that it did not have; the paths that changed.

    Raises ConfigError where no one kept set's digest begins with ``digest``.
    """
    found = [s for s in history(history_dir) if s.digest.startswith(digest)]
    if len(found) != 1:
        known = ", ".join(s.digest for s in history(history_dir)) or "none"
        raise ConfigError(f"{digest}: {'no' if not found else 'more than one'} kept rule set; there are: {known}")
    wanted = {dirs[n] / inside: history_dir / found[0].digest / str(n) / inside for n, inside in found[0].files}
    changed = []
    for path in [p for _, p, _ in rule_files(dirs) if p not in wanted]:
        path.unlink()
        changed.append(path)
    for path, source in wanted.items():
        if not path.exists() or path.read_bytes() != source.read_bytes():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
            changed.append(path)
    return changed
