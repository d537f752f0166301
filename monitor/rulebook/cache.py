"""What a rule set was compiled to, kept beside the state: the same bytes are read again without a word being expanded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor import text
from monitor.rulebook.files import Source
from monitor.rulebook.forms import write_atomically
from monitor.rulebook.ruleset import Term

_KEPT = 4  # the running set, its successor, and one of each layer setup
_LISTS = ("not_before", "not_after")  # JSON knows no tuples


@dataclass(frozen=True, slots=True)
class Words:
    """A faultless source with all its terms, and the warnings that it gave."""

    source: Source
    terms: tuple[Term, ...]
    warnings: tuple[str, ...]


def kept_words(cache_dir: Path | None, digest: str, names: Sequence[str]) -> Words | None:
    """What was kept of the rule files called ``names`` whose bytes ``digest`` names; None where nothing (readable) was."""
    if cache_dir is None:
        return None
    try:
        stored = json.loads(_path(cache_dir, digest).read_text(encoding="utf-8"))
        if stored["names"] != list(names):
            return None
        columns = stored["terms"]
        for name in _LISTS:
            columns[name] = map(tuple, columns[name])
        terms = tuple(map(Term._make, zip(*(columns[name] for name in Term._fields), strict=True)))
        return Words(stored["source"], terms, tuple(stored["warnings"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_words(cache_dir: Path | None, digest: str, names: Sequence[str], words: Words) -> None:
    """Keeps ``words`` for the next start and lets the oldest go; a folder that cannot be written only costs time."""
    if cache_dir is None:
        return
    # a column a field: a third of the time that a list a term takes to read
    columns = {name: [term[at] for term in words.terms] for at, name in enumerate(Term._fields)}
    stored = {"names": list(names), "source": words.source, "terms": columns, "warnings": words.warnings}
    write_atomically(_path(cache_dir, digest), json.dumps(stored, ensure_ascii=False))
    try:
        old = sorted(cache_dir.glob("rules-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)[_KEPT:]
        for path in old:
            path.unlink(missing_ok=True)
    except OSError:
        return  # another process tidies at the same time


def _path(cache_dir: Path, digest: str) -> Path:
    return cache_dir / f"rules-{digest}-{_program()}.json"


def _program() -> str:
    """Names the code that made the words: after an upgrade the same rules may mean other terms."""
    h = hashlib.sha256()
    for folder in (Path(__file__).parent, Path(text.__file__).parent):
        for path in sorted(folder.glob("*.py")):
            h.update(path.read_bytes())
    return h.hexdigest()[:8]
