"""``coopwatch calibrate``: fits the scorer on labelled articles; a person reads the report and commits the candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor import rulebook
from monitor.cli.options import Config, read_settings
from monitor.cli.output import note, progress, say
from monitor.errors import ConfigError
from monitor.match import Matcher
from monitor.model import Article
from monitor.quality.calibrate import Evidence, FrameEvidence, calibrate
from monitor.quality.labels import Labelled, labels_by_id, read, relabelled
from monitor.quality.report import report, weights_yaml
from monitor.rulebook.headlines import load_headlines

Base = Annotated[Path, typer.Argument(help="Labelled articles, JSON lines: they give the mix and every figure.")]
Extra = Annotated[
    list[str],
    typer.Option("--extra", help="FILE:WORTH, more labelled articles that only help to fit, each counting WORTH."),
]
Out = Annotated[Path, typer.Option("--out", help="The candidate to write; never the running weights.")]
Report = Annotated[Path, typer.Option("--report", help="The report to write, Markdown.")]
Threshold = Annotated[float | None, typer.Option("--threshold", help="Alert from this score; default: best F1.")]

Refit = Annotated[
    bool, typer.Option("--refit", help="Fit the weights on the held-out half too, after every figure was taken.")
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels", help="Lines of id and a, c or n, which prevail; of a set that they name, only what is named counts."
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("calibrate", help="Fit the scorer on labelled articles: a candidate file and a report.")(run)


def run(
    base: Base,
    extra: Extra = [],  # noqa: B006 (typer copies it)
    out: Out = Path("weights.candidate.yaml"),
    report_to: Report = Path("calibration.md"),
    threshold: Threshold = None,
    refit: Refit = False,
    labels: Labels = None,
    config: Config = None,
) -> None:
    settings = read_settings(config)
    matcher = Matcher(rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir))
    labelled = _read(base)
    known = {x.article.id for x in labelled} | {_key(x) for x in labelled}
    sets = [(x, _Kind()) for x in labelled]
    told = _told(labels)
    for name, worth in map(_split, extra):
        sets += [
            (x, _Kind(worth, base=False)) for x in relabelled(_read(name), told) if not known & {x.article.id, _key(x)}
        ]
    sets += _headlines(settings.rules_dir)
    now = datetime.now(UTC)
    evidence = [_evidence(matcher, *item, now=now) for item in progress(sets, len(sets), "reading")]
    found = calibrate(evidence, threshold, refit=refit)
    names = ", ".join([base.name, *(Path(e.rpartition(":")[0]).name for e in extra)])
    out.write_text(weights_yaml(found, f"{found.fitted_on} labelled articles: {names}"), encoding="utf-8")
    report_to.write_text(report(found), encoding="utf-8")
    say(report(found))
    note(f"candidate {out}, report {report_to}; copy the candidate to weights.yaml in a rules folder to use it")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an article counts in the fit (monitor.quality.calibrate.Evidence)."""

    worth: float = 1.0
    base: bool = True
    words_worth: float | None = None
    origin: str = ""


def _headlines(dirs: Sequence[Path]) -> list[tuple[Labelled, _Kind]]:
    """The rule folders' invented headlines as labelled articles."""
    return [
        (
            Labelled(
                Article(id=f"headline-{i}", title=h.title, text=h.text, language=h.lang),
                h.label,
                types=(h.type,) if h.type else (),
                stage=h.stage,
            ),
            _Kind(h.worth, False, h.words_worth, h.origin),
        )
        for i, h in enumerate(load_headlines(dirs))
    ]


def _told(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    return labels_by_id(path.read_text(encoding="utf-8").splitlines(), str(path))


def _split(written: str) -> tuple[Path, float]:
    name, colon, worth = written.rpartition(":")
    try:
        return (Path(name), float(worth)) if colon else (Path(written), 1.0)
    except ValueError as exc:
        raise ConfigError(f"--extra {written}: write FILE:WORTH, such as stories.jsonl:0.3") from exc


def _read(path: Path) -> list[Labelled]:
    try:
        with path.open(encoding="utf-8") as lines:
            return list(read(lines, str(path)))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror}") from exc


def _key(x: Labelled) -> str:
    """What tells that two sets hold the same article: its title. An article held out must not come back as extra."""
    return x.article.title.strip().lower()[:60] or x.article.text[:60]


def _evidence(matcher: Matcher, labelled: Labelled, kind: _Kind, *, now: datetime) -> Evidence:
    trace = matcher.explain(labelled.article, now=now)
    frames = tuple(
        FrameEvidence(
            s.features,
            trace.reading.whole[s.candidate.frame.part.start : s.candidate.frame.part.end],
            s.candidate.frame.part.rank,
            s.candidate.frame.rule.weight,
        )
        for s in trace.scored
        if s.candidate.reason is None
    )
    return Evidence(
        labelled,
        trace.article_features,
        frames,
        kind.worth,
        kind.base,
        trace.words,
        kind.words_worth,
        kind.origin,
    )
