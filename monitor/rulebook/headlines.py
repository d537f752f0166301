"""The invented headlines that teach the scorer what the labelling guide decides (rules/calibration/*.yaml)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from monitor.errors import RuleError, RuleErrors
from monitor.model import ActType, Stage
from monitor.rulebook.strict import read
from monitor.rulebook.wordschema import Strict

_LABELS = {"a": "announcement", "c": "context", "n": "none"}


@dataclass(frozen=True, slots=True)
class Headline:
    """``worth`` is what it counts beside a real article, ``words_worth`` what it counts to the opinion of the words;
    ``origin`` says whose it is."""

    label: str
    lang: str
    title: str
    text: str
    type: str = ""
    stage: str = ""
    worth: float = 0.0
    words_worth: float = 0.0
    origin: str = ""


class HeadlineSpec(Strict):
    """One line of the file."""

    say: str = Field(pattern="^[acn]$")
    lang: str = Field(pattern="^[a-z]{2}$")
    title: str
    text: str = ""
    type: ActType | None = None
    stage: Stage | None = None


class HeadlinesFile(Strict):
    """rules/calibration/*.yaml. A writer's sentences may teach what words mean and yet not how evidence is spread in real
    articles: ``worth`` counts for the evidence, ``words_worth`` for the words. Of one ``origin`` is what one hand wrote."""

    origin: str = Field(pattern="^[a-z-]+$")
    worth: float = Field(ge=0, le=1)
    words_worth: float = Field(ge=0, le=1)
    headlines: list[HeadlineSpec]


def load_headlines(dirs: Sequence[Path]) -> tuple[Headline, ...]:
    """All headlines of ``dirs``. Raises RuleErrors with file and line of every fault."""
    out: list[Headline] = []
    errors: list[RuleError] = []
    for path in [p for d in dirs for p in sorted((d / "calibration").glob("*.y*ml"))]:
        document = read(path)
        errors += document.errors
        try:
            found = HeadlinesFile.model_validate(document.value or {})
        except ValidationError as exc:
            errors += [document.fault(str(e["msg"]), e["loc"]) for e in exc.errors(include_url=False)]
            continue
        out += _headlines(found)
    if errors:
        raise RuleErrors(errors)
    return tuple(out)


def _headlines(of: HeadlinesFile) -> list[Headline]:
    return [
        Headline(
            _LABELS[h.say],
            h.lang,
            h.title,
            h.text,
            h.type.value if h.type else "",
            h.stage.value if h.stage else "",
            of.worth,
            of.words_worth,
            of.origin,
        )
        for h in of.headlines
    ]
