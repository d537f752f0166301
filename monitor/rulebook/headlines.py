"""The invented headlines that teach the scorer what the labelling guide decides (rules/calibration/*.yaml)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from monitor.errors import RuleError, RuleErrors
from monitor.rulebook.strict import read
from monitor.rulebook.wordschema import Strict

_LABELS = {"a": "announcement", "c": "context", "n": "none"}


@dataclass(frozen=True, slots=True)
class Headline:
    label: str
    lang: str
    title: str
    text: str


class HeadlineSpec(Strict):
    """One line of the file."""

    say: str = Field(pattern="^[acn]$")
    lang: str = Field(pattern="^[a-z]{2}$")
    title: str
    text: str = ""


class HeadlinesFile(Strict):
    """rules/calibration/*.yaml"""

    headlines: list[HeadlineSpec]


def load_headlines(dirs: Sequence[Path]) -> tuple[Headline, ...]:
    """All headlines of ``dirs``. Raises RuleErrors with file and line of every fault."""
    out: list[Headline] = []
    errors: list[RuleError] = []
    for path in [p for d in dirs for p in sorted((d / "calibration").glob("*.y*ml"))]:
        document = read(path)
        errors += document.errors
        try:
            found = HeadlinesFile.model_validate(document.value or {"headlines": []})
        except ValidationError as exc:
            errors += [document.fault(str(e["msg"]), e["loc"]) for e in exc.errors(include_url=False)]
            continue
        out += [Headline(_LABELS[h.say], h.lang, h.title, h.text) for h in found.headlines]
    if errors:
        raise RuleErrors(errors)
    return tuple(out)
