"""Rule files that no cache knows, to a checked source with every word expanded. Loads the schema's models: the loader asks for
this module by its name, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monitor.rulebook.cache import Words
from monitor.rulebook.compile import compile_terms
from monitor.rulebook.faults import Faults
from monitor.rulebook.files import Source
from monitor.rulebook.forms import forms_of
from monitor.rulebook.source import gather


def words_of(files: Sequence[tuple[str, Path, str]], cache_dir: Path | None) -> tuple[Words, Faults]:
    """All words of ``files``, and what is wrong with them. Raises RuleErrors where no dictionary can be opened."""
    gathered = gather(files)
    faults = Faults(frozenset(gathered.broken), list(gathered.source["warnings"]))
    faults.errors += gathered.errors
    terms = compile_terms(gathered.source, forms_of(lemmas_of(gathered.source), cache_dir), faults)
    return Words(gathered.source, terms, tuple(faults.warnings)), faults


def lemmas_of(source: Source) -> dict[str, list[str]]:
    """Language to the lemmas whose forms its words need."""
    out = {}
    for lang, table in source["languages"].items():
        found = sorted({lemma for words in table["words"].values() for lemma in words.get("lemmas", ())})
        if found:
            out[lang] = found
    return out
