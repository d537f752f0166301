"""The rule sets that were in force: copies of every rule file by digest, so that a bad edit can be taken back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.errors import ConfigError
from monitor.rulebook.files import rule_files

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


def revert(dirs: Sequence[Path], digest: str, history_dir: Path) -> tuple[list[Path], list[Path]]:
    """Puts the files of a kept set back and removes rule files that it did not have; the paths that changed, and those of
    shipped rules that have changed since and stay as they are: where there are several folders the first is replaced by
    upgrades, never by a person's command.

    Raises ConfigError where no one kept set's digest begins with ``digest``, where it had other folders, or where a file
    cannot be written.
    """
    found = [s for s in history(history_dir) if s.digest.startswith(digest)]
    if len(found) != 1:
        known = ", ".join(s.digest for s in history(history_dir)) or "none"
        raise ConfigError(f"{digest}: {'no' if not found else 'more than one'} kept rule set; there are: {known}")
    if any(number >= len(dirs) for number, _ in found[0].files):
        raise ConfigError(
            f"{digest}: this set was made of more folders than rules_dir names now: name them again first"
        )
    kept = history_dir / found[0].digest
    wanted = {dirs[n] / inside: kept / str(n) / inside for n, inside in found[0].files}
    surplus = [path for _, path, _ in rule_files(dirs) if path not in wanted]
    differing = [p for p, source in wanted.items() if not p.exists() or p.read_bytes() != source.read_bytes()]
    shipped = dirs[0] if len(dirs) > 1 else None
    stays = [p for p in [*surplus, *differing] if shipped is not None and p.is_relative_to(shipped)]
    changed = [p for p in [*surplus, *differing] if p not in stays]
    try:
        for path in changed:
            _put_back(path, wanted.get(path))
    except OSError as exc:
        raise ConfigError(
            f"{exc.filename}: cannot be written: {exc.strerror}; do it as the owner of the rules"
        ) from exc
    return changed, stays


def _put_back(path: Path, source: Path | None) -> None:
    if source is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)
