"""The phrases by which pages are told apart from articles (rules/pages/*.yaml), as one frozen value. They are not part
of the rule set: changing them changes what is read, never how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import yaml

from monitor.errors import RuleError, RuleErrors
from monitor.model import PagePhrases

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
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        line = exc.problem_mark.line + 1 if isinstance(exc, yaml.MarkedYAMLError) and exc.problem_mark else 1
        return [RuleError(f"cannot be read: {exc}", file=str(path), line=line)]
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        return [RuleError("must be lists of phrases under " + ", ".join(_NAMES), file=str(path), line=1)]
    return [fault for key, value in node.value for fault in _gather_list(path, key, value, gathered)]


def _gather_list(path: Path, key: yaml.Node, value: yaml.Node, gathered: dict[str, list[str]]) -> list[RuleError]:
    line = key.start_mark.line + 1
    if key.value not in gathered:
        return [RuleError(f"unknown list {key.value!r}: one of {', '.join(_NAMES)}", file=str(path), line=line)]
    if not isinstance(value, yaml.SequenceNode):
        return [RuleError(f"{key.value} must be a list of phrases", file=str(path), line=line)]
    faults = []
    for word in value.value:
        if isinstance(word, yaml.ScalarNode) and len(str(word.value).strip()) >= 2:
            gathered[key.value].append(str(word.value).strip())
        else:
            message = f"a phrase of {key.value} must be text of at least two characters"
            faults.append(RuleError(message, file=str(path), line=word.start_mark.line + 1))
    return faults
