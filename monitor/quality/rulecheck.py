"""Runs the rules' own examples and compares two rule sets on stored articles.

Judging is handed in as a function, so that this stays pure and knows no matcher.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.model import Article, Judgement
from monitor.rulebook import Rule

Judge = Callable[[Article], Judgement]
Finds = Callable[[Article], Mapping[str, frozenset[str]]]
EXAMPLE_DAY = datetime(2026, 3, 5, 12, tzinfo=UTC)  # examples speak of no date, so any fixed one will do


@dataclass(frozen=True, slots=True)
class ExampleFault:
    """An example that its rule does not meet."""

    rule: str
    file: str
    line: int
    text: str
    message: str


def example_faults(rules: Iterable[Rule], finds: Finds, judge: Judge) -> list[ExampleFault]:
    """Every example that does not do what it says: a rule finds (or does not find) a frame in it that may be an
    announcement, with the parties, type and stage written there. ``finds`` gives rule id to parties of an article."""
    out = []
    listed = tuple(rules)
    for rule in listed:
        for number, example in enumerate(rule.examples):
            article = Article(
                id=f"{rule.id}-{number}",
                title=example.title,
                text=example.text,
                published_at=EXAMPLE_DAY,
                language=example.lang,
            )
            found = finds(article)
            message = ""
            if example.match and rule.id not in found:
                taker = _taker(rule, found, listed)
                if taker is not None and _is_laid_over(taker, rule, listed):
                    continue
                message = "must match and does not" + _taken_by(taker)
            elif not example.match and rule.id in found:
                message = "must not match and does"
            elif example.match and not set(example.parties) <= found[rule.id]:
                message = f"names {', '.join(sorted(found[rule.id]))}, not {', '.join(example.parties)}"
            else:
                message = _details(example.type, example.stage, judge(article)) if example.match else ""
            if message:
                out.append(ExampleFault(rule.id, rule.file, example.line or rule.line, example.text, message))
    return out


def _taker(rule: Rule, found: Collection[str], rules: Sequence[Rule]) -> Rule | None:
    """Where several rules find the same words, the weightiest has them."""
    return next((r for r in rules if r.id in found and r.weight >= rule.weight), None)


def _is_laid_over(taker: Rule, rule: Rule, rules: Sequence[Rule]) -> bool:
    """Whether a later file took the words, as a site's own rule of more weight does: its editor wants that, and could not
    change the shipped rule."""
    return taker.file != rule.file and rules.index(taker) > rules.index(rule)


def _taken_by(taker: Rule | None) -> str:
    if taker is None:
        return ""
    return f" ({taker.id}, of weight {taker.weight:g}, has its words: give this rule more weight)"


def _details(kind: str | None, stage: str | None, judgement: Judgement) -> str:
    """Where the example is an announcement, it must be of the type and at the stage it says."""
    if not judgement.announcements:
        return ""
    first = judgement.announcements[0]
    if kind and first.type != kind:
        return f"is of type {first.type.value}, not {kind}"
    if stage and first.stage != stage:
        return f"is at stage {first.stage.value}, not {stage}"
    return ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One article on which two rule sets differ."""

    article_id: str
    title: str
    before: str
    after: str
    score_before: float
    score_after: float


def differences(articles: Iterable[Article], before: Judge, after: Judge) -> list[Difference]:
    """The articles that one rule set would alert and the other would not. Makes a report, never a message."""
    out = []
    for article in articles:
        old, new = before(article), after(article)
        if old.alert != new.alert or old.verdict != new.verdict:
            out.append(
                Difference(
                    article.id,
                    article.title or article.text[:80],
                    _word(old),
                    _word(new),
                    old.score,
                    new.score,
                )
            )
    return out


def _word(judgement: Judgement) -> str:
    return "alert" if judgement.alert else judgement.verdict.value
