"""Loads rule folders into one frozen rule set, quickly where a cache knows the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from monitor.errors import RuleError, RuleErrors
from monitor.rulebook.compile import compile_rules
from monitor.rulebook.forms import Forms, forms_of, stamp, write_atomically
from monitor.rulebook.ruleset import RuleSet
from monitor.rulebook.source import Gathered, Source, gather, rule_files, strays

Check = Callable[[RuleSet], Iterable[RuleError]]
_CACHE_FORMAT = "4"  # raise when the gathered source changes its shape
_KEPT = 4  # cached sources: the running set, its successor, and one of each layer setup


def _no_more(ruleset: RuleSet) -> tuple[RuleError, ...]:
    return ()


def load(dirs: Sequence[Path], *, cache_dir: Path | None = None, check: Check = _no_more) -> RuleSet:
    """The rule set of ``dirs``: shipped rules first, later folders laid over (same id wins).

    Raises RuleErrors with every fault, each with file and line, those that ``check`` finds included. With ``cache_dir`` a
    second load of the same bytes takes tenths of a second and opens no dictionary.
    """
    missing = [RuleError("this rules folder does not exist", file=str(d)) for d in dirs if not d.is_dir()]
    if missing:
        raise RuleErrors(missing)
    files = rule_files(dirs)
    if not files:
        raise RuleErrors([RuleError("holds no rule files", file=", ".join(str(d) for d in dirs))])
    digest = _digest(files)
    names = [shown for _, _, shown in files]
    cached = _cached(cache_dir, digest, names)
    if cached is not None:
        gathered, forms = Gathered(cached[0]), cached[1]
    else:
        gathered = gather(files)
        forms = forms_of(lemmas_of(gathered.source), cache_dir)
    ruleset, errors = compile_rules(gathered.source, forms, digest, broken=gathered.broken, warnings=strays(dirs))
    errors = [*gathered.errors, *errors]
    if "*" not in gathered.broken:  # else what the rules speak of may stand in a file that cannot be read
        errors += check(ruleset)
    if errors:
        raise RuleErrors(errors)
    if cached is None:
        _keep(cache_dir, digest, {"files": names, "source": gathered.source, "forms": forms})
    return ruleset


def sources_of(dirs: Sequence[Path]) -> dict[str, str]:
    """The text of every rule file that ``load`` reads, by its name in messages."""
    return {shown: path.read_text(encoding="utf-8", errors="replace") for _, path, shown in rule_files(dirs)}


def lemmas_of(source: Source) -> dict[str, list[str]]:
    """Language to the lemmas whose forms its words need."""
    out = {}
    for lang, table in source["languages"].items():
        found = sorted({lemma for words in table["words"].values() for lemma in words.get("lemmas", ())})
        if found:
            out[lang] = found
    return out


def _digest(files: Sequence[tuple[str, Path, str]]) -> str:
    """Names the bytes of all rule files in their order, and the dictionaries; short enough for a log line."""
    h = hashlib.sha256(f"{_CACHE_FORMAT};{stamp()}".encode())
    for kind, path, _ in files:
        raw = path.read_bytes()
        h.update(f"\0{kind}/{path.name}\0{len(raw)}\0".encode())
        h.update(raw)
    return h.hexdigest()[:16]


def _cached(cache_dir: Path | None, digest: str, names: list[str]) -> tuple[Source, Forms] | None:
    if cache_dir is None:
        return None
    try:
        stored: dict[str, Any] = json.loads((cache_dir / f"rules-{digest}.json").read_text(encoding="utf-8"))
        return (stored["source"], stored["forms"]) if stored["files"] == names else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(cache_dir: Path | None, digest: str, stored: dict[str, Any]) -> None:
    if cache_dir is None:
        return
    write_atomically(cache_dir / f"rules-{digest}.json", json.dumps(stored, ensure_ascii=False))
    try:
        old = sorted(cache_dir.glob("rules-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)[_KEPT:]
        for path in old:
            path.unlink(missing_ok=True)
    except OSError:
        return  # another process tidies at the same time
