"""``coopwatch calibrate``: fits the scorer on labelled articles; a person reads the report and commits the candidate."""

from __future__ import annotations

from collections.abc import Sequence
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
from monitor.quality.labels import Labelled, read
from monitor.quality.report import report, weights_yaml
from monitor.rulebook.headlines import load_headlines

_HEADLINES_WORTH = 0.4  # an invented headline says less than a real article

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
    config: Config = None,
) -> None:
    settings = read_settings(config)
    matcher = Matcher(rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir))
    labelled = _read(base)
    known = {x.article.id for x in labelled} | {_key(x) for x in labelled}
    sets = [(x, 1.0, True) for x in labelled]
    for name, worth in map(_split, extra):
        sets += [(x, worth, False) for x in _read(name) if not known & {x.article.id, _key(x)}]
    sets += [(x, _HEADLINES_WORTH, False) for x in _headlines(settings.rules_dir)]
    now = datetime.now(UTC)
    evidence = [_evidence(matcher, *item, now=now) for item in progress(sets, len(sets), "reading")]
    found = calibrate(evidence, threshold, refit=refit)
    names = ", ".join([base.name, *(Path(e.rpartition(":")[0]).name for e in extra)])
    out.write_text(weights_yaml(found, f"{found.fitted_on} labelled articles: {names}"), encoding="utf-8")
    report_to.write_text(report(found), encoding="utf-8")
    say(report(found))
    note(f"candidate {out}, report {report_to}; copy the candidate to weights.yaml in a rules folder to use it")


def _headlines(dirs: Sequence[Path]) -> list[Labelled]:
    """The rule folders' invented headlines as labelled articles."""
    return [
        Labelled(Article(id=f"headline-{i}", title=h.title, text=h.text, language=h.lang), h.label)
        for i, h in enumerate(load_headlines(dirs))
    ]


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


def _evidence(matcher: Matcher, labelled: Labelled, worth: float, base: bool, *, now: datetime) -> Evidence:
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
    return Evidence(labelled, trace.article_features, frames, worth, base, trace.words)
