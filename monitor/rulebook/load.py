"""Loads rule folders into one frozen rule set, quickly where a cache knows the same bytes."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.errors import RuleError, RuleErrors
from monitor.heap import uncollected
from monitor.rulebook.cache import Words, keep_words, kept_words
from monitor.rulebook.compile import compile_rules
from monitor.rulebook.faults import Faults
from monitor.rulebook.files import rule_files, strays
from monitor.rulebook.forms import stamp
from monitor.rulebook.ruleset import RuleSet

Check = Callable[[RuleSet], Iterable[RuleError]]
_CACHE_FORMAT = "4"  # raise when the gathered source changes its shape


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
    digest, names = _digest(files), [shown for _, _, shown in files]
    with uncollected():
        kept = kept_words(cache_dir, digest, names)
        words, faults = (kept, Faults(frozenset(), [])) if kept else _words_of(files, cache_dir)
        ruleset = compile_rules(words.source, words.terms, digest, faults)
        if "*" not in faults.broken:  # else what the rules speak of may stand in a file that cannot be read
            faults.errors += check(ruleset)
        if faults.errors:
            raise RuleErrors(faults.errors)
        if kept is None:
            keep_words(cache_dir, digest, names, words)
    return replace(ruleset, warnings=(*strays(dirs), *words.warnings))


def _words_of(files: Sequence[tuple[str, Path, str]], cache_dir: Path | None) -> tuple[Words, Faults]:
    found: tuple[Words, Faults] = importlib.import_module("monitor.rulebook.words").words_of(files, cache_dir)
    return found


def sources_of(dirs: Sequence[Path]) -> dict[str, str]:
    """The text of every rule file that ``load`` reads, by its name in messages."""
    return {shown: path.read_text(encoding="utf-8", errors="replace") for _, path, shown in rule_files(dirs)}


def _digest(files: Sequence[tuple[str, Path, str]]) -> str:
    """Names the bytes of all rule files in their order, and the dictionaries; short enough for a log line."""
    h = hashlib.sha256(f"{_CACHE_FORMAT};{stamp()}".encode())
    for kind, path, _ in files:
        raw = path.read_bytes()
        h.update(f"\0{kind}/{path.name}\0{len(raw)}\0".encode())
        h.update(raw)
    return h.hexdigest()[:16]
