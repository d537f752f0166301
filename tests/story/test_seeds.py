"""The five seed documents, streamed in the order of their dates through rules and stories."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Novelty, StoryChange
from monitor.story import Memory, vocabulary_of

pytestmark = pytest.mark.shared

Stream = dict[str, tuple[bool, tuple[StoryChange, ...]]]


def articles(shared: Path) -> Iterator[Article]:
    """The seeds with the titles and dates under which the examiner serves them, oldest first."""
    tree = ast.parse((shared / "examiner" / "seeds_e2e.py").read_text(encoding="utf-8"))
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("DATES", "TITLES")
    }
    dates = {seed: parsedate_to_datetime(written) for seed, written in tables["DATES"].items()}
    for seed in sorted(dates, key=dates.__getitem__):
        (file,) = (shared / "seeds").glob(f"{seed}_*.txt")
        text = file.read_text(encoding="utf-8")
        yield Article(id=seed, title=tables["TITLES"][seed], text=text, published_at=dates[seed], language="it")


@pytest.fixture(scope="module")
def stream(shared: Path, rules_dir: Path, rules_cache: Path) -> Stream:
    """For each seed whether it alerts, and what it did to the stories."""
    rules = rulebook.load([rules_dir], cache_dir=rules_cache)
    matcher, memory = Matcher(rules), Memory(vocabulary_of(rules))
    done: Stream = {}
    for article in articles(shared):
        assert article.published_at is not None
        judgement = matcher.judge(article, now=article.published_at)
        changes = memory.place(article, judgement, article.published_at)
        is_news = any(change.novelty is not Novelty.KNOWN for change in changes if change.report.reason is None)
        done[article.id] = (judgement.alert and is_news, changes)
    return done


def test_four_of_the_five_alert(stream: Stream) -> None:
    assert [seed for seed, (alerts, _) in stream.items() if alerts] == ["002", "000", "004", "003"]


def test_the_standing_consultations_are_new(stream: Stream) -> None:
    new = [change for change in stream["003"][1] if change.novelty is Novelty.NEW]
    assert [change.report.announcement.type for change in new] == ["joint_body"]


@pytest.mark.parametrize(("thing", "first"), [("ini.china-russia-education-years", "002"), ("ini.waico", "000")])
def test_what_an_earlier_seed_named_is_known(stream: Stream, thing: str, first: str) -> None:
    (later,) = (change for change in stream["003"][1] if change.report.announcement.object == thing)
    assert later.novelty is Novelty.KNOWN
    assert later.before is not None
    assert later.story.id in {change.story.id for change in stream[first][1]}
