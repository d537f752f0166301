"""Loads rule folders into one frozen rule set, quickly where a cache knows the same bytes."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from monitor.errors import RuleError, RuleErrors
from monitor.rulebook.cache import Words, keep_words, kept_words
from monitor.rulebook.compile import compile_rules, compile_terms
from monitor.rulebook.faults import Faults
from monitor.rulebook.forms import forms_of, stamp
from monitor.rulebook.ruleset import RuleSet
from monitor.rulebook.source import Source, gather, rule_files, strays

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
    with _uncollected():
        kept = kept_words(cache_dir, digest, names)
        words, faults = (kept, Faults(frozenset(), [])) if kept else _words(files, cache_dir)
        ruleset = compile_rules(words.source, words.terms, digest, faults)
        if "*" not in faults.broken:  # else what the rules speak of may stand in a file that cannot be read
            faults.errors += check(ruleset)
        if faults.errors:
            raise RuleErrors(faults.errors)
        if kept is None:
            keep_words(cache_dir, digest, names, words)
    return replace(ruleset, warnings=(*strays(dirs), *words.warnings))


def _words(files: Sequence[tuple[str, Path, str]], cache_dir: Path | None) -> tuple[Words, Faults]:
    gathered = gather(files)
    faults = Faults(frozenset(gathered.broken), list(gathered.source["warnings"]))
    faults.errors += gathered.errors
    terms = compile_terms(gathered.source, forms_of(lemmas_of(gathered.source), cache_dir), faults)
    return Words(gathered.source, terms, tuple(faults.warnings)), faults


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection while a hundred thousand small values are made that all stay: it was half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
