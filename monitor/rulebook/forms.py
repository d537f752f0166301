"""The forms of lemmas from a cache on disk, expanded in a child process where the cache does not know them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from monitor.errors import RuleError, RuleErrors

Forms = dict[str, dict[str, tuple[str, ...]]]
_TIMEOUT_S = 180.0  # six dictionaries open in about eight seconds on one slow core
_FORMAT = "1"  # raise when the expansion itself changes


def stamp() -> str:
    """Names the versions of the dictionaries: another version may know other forms."""
    return ";".join([_FORMAT, *(f"{p}={importlib.metadata.version(p)}" for p in ("simplemma", "pymorphy3"))])


def forms_of(lemmas: Mapping[str, Iterable[str]], cache_dir: Path | None) -> Forms:
    """Language to lemma to its forms. Raises RuleErrors where the child process fails.

    Two processes may write the cache at once: each writes a file of its own and renames it.
    """
    cache = _read(cache_dir)
    missing = {lang: sorted(set(words) - cache.get(lang, {}).keys()) for lang, words in lemmas.items()}
    missing = {lang: words for lang, words in missing.items() if words}
    if missing:
        for lang, found in _ask_child(missing).items():
            cache.setdefault(lang, {}).update({lemma: tuple(forms) for lemma, forms in found.items()})
        _write(cache_dir, cache)
    return {lang: {word: cache[lang][word] for word in words} for lang, words in lemmas.items()}


def are_kept(cache_dir: Path) -> bool:
    """Whether there is a cache at all: without one the first load takes some seconds, and somebody may be waiting."""
    return _path(cache_dir).exists()


def _path(cache_dir: Path) -> Path:
    return cache_dir / "forms.json"


def _read(cache_dir: Path | None) -> Forms:
    if cache_dir is None:
        return {}
    try:
        stored = json.loads(_path(cache_dir).read_text(encoding="utf-8"))
        if stored["stamp"] != stamp():
            return {}
        return {lang: {k: tuple(v) for k, v in words.items()} for lang, words in stored["forms"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # absent or damaged: it is only a cache


def _write(cache_dir: Path | None, forms: Forms) -> None:
    if cache_dir is None:
        return
    write_atomically(_path(cache_dir), json.dumps({"stamp": stamp(), "forms": forms}, ensure_ascii=False))


def write_atomically(path: Path, text: str) -> None:
    """Writes a cache file whole or not at all; a folder that cannot be written only costs time next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        return


def _ask_child(missing: Mapping[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    command = [sys.executable, "-m", "monitor.rulebook.expand"]
    try:
        done = subprocess.run(
            command, input=json.dumps(missing).encode(), capture_output=True, timeout=_TIMEOUT_S, check=True
        )
        answer: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as exc:
        said = getattr(exc, "stderr", b"") or b""
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or [str(exc)]
        raise RuleErrors([RuleError(f"the forms of lemmas could not be expanded: {last[0]}")]) from exc
    return answer
