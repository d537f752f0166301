"""The phrases by which pages are told apart from articles (rules/pages/*.yaml), as one frozen value. They are not part
of the rule set: changing them changes what is read, never how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from monitor.errors import RuleError, RuleErrors
from monitor.model import PagePhrases
from monitor.rulebook.strict import Document, read

_MIN_CHARS = 2
_NAMES = tuple(field.name for field in fields(PagePhrases))


def load_page_phrases(dirs: Sequence[Path]) -> PagePhrases:
    """The phrases of ``dirs``' folders ``pages``, the lists of later ones added. Without any file all lists are empty.

    Raises RuleErrors with every fault, file and line.
    """
    gathered: dict[str, list[str]] = {name: [] for name in _NAMES}
    errors: list[RuleError] = []
    for path in [path for folder in dirs for path in sorted((folder / "pages").glob("*.y*ml"))]:
        errors += _gather(path, gathered)
    if errors:
        raise RuleErrors(errors)
    return PagePhrases(**{name: tuple(dict.fromkeys(words)) for name, words in gathered.items()})


def _gather(path: Path, gathered: dict[str, list[str]]) -> list[RuleError]:
    document = read(path)
    if document.errors or document.value is None:
        return document.errors
    if not isinstance(document.value, dict):
        return [document.fault("must be lists of phrases under " + ", ".join(_NAMES))]
    faults = []
    for name, words in document.value.items():
        if name not in gathered:
            faults.append(document.fault(f"unknown list {name!r}: one of {', '.join(_NAMES)}", (name,)))
        elif not isinstance(words, list):
            faults.append(document.fault(f"{name} must be a list of phrases", (name,)))
        else:
            faults += _add(document, name, words, gathered[name])
    return faults


def _add(document: Document, name: str, words: list[object], gathered: list[str]) -> list[RuleError]:
    faults = []
    for index, word in enumerate(words):
        if isinstance(word, str) and len(word.strip()) >= _MIN_CHARS:
            gathered.append(word.strip())
        else:
            message = f"a phrase of {name} must be text of at least {_MIN_CHARS} characters"
            faults.append(document.fault(message, (name, index)))
    return faults
