"""The shipped rules do what their own examples say, and a wrong example is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.match.finds import rules_found
from monitor.model import Article
from monitor.quality.rulecheck import EXAMPLE_DAY, ExampleFault, differences, example_faults


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def faults(matcher: Matcher, rules: tuple[rulebook.Rule, ...]) -> list[ExampleFault]:
    return example_faults(
        rules,
        lambda a: rules_found(matcher, a, EXAMPLE_DAY),
        lambda a: matcher.judge(a, now=EXAMPLE_DAY),
    )


def test_every_shipped_example_holds(matcher: Matcher) -> None:
    assert faults(matcher, matcher.ruleset.rules) == []


def test_an_example_that_lies_is_found(matcher: Matcher) -> None:
    rule = next(r for r in matcher.ruleset.rules if r.id == "instrument-signed")
    wrong = replace(rule, examples=tuple(replace(x, match=not x.match, parties=()) for x in rule.examples))
    assert len(faults(matcher, (wrong,))) == len(rule.examples)
    elsewhere = replace(rule, examples=tuple(replace(x, parties=("BR",)) for x in rule.examples if x.match))
    assert "not BR" in faults(matcher, (elsewhere,))[0].message


def test_two_rule_sets_are_compared_on_articles(matcher: Matcher) -> None:
    deaf = Matcher(replace(matcher.ruleset, rules=()))
    article = Article(
        id="a", title="Italia e Cina firmano un accordo", text="Italia e Cina hanno firmato un accordo.", language="it"
    )
    (found,) = differences(
        [article], lambda a: matcher.judge(a, now=EXAMPLE_DAY), lambda a: deaf.judge(a, now=EXAMPLE_DAY)
    )
    assert (found.before, found.after != "alert") == ("alert", True)
