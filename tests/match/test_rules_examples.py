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


def test_a_later_file_may_take_the_words_of_a_shipped_example_and_an_earlier_one_may_not(matcher: Matcher) -> None:
    shipped = next(r for r in matcher.ruleset.rules if r.id == "instrument-signed")
    own = replace(shipped, id="site-signed", weight=shipped.weight + 1, file="site/own.yaml", examples=())
    over = Matcher(replace(matcher.ruleset, rules=(*matcher.ruleset.rules, own)))
    assert faults(over, over.ruleset.rules) == [], "the site's editor wants that"
    under = Matcher(replace(matcher.ruleset, rules=(own, *matcher.ruleset.rules)))
    taken = [fault for fault in faults(under, under.ruleset.rules) if fault.rule == shipped.id]
    assert taken
    assert all("site-signed, of weight 7, has its words" in fault.message for fault in taken)


def test_two_rule_sets_are_compared_on_articles(matcher: Matcher) -> None:
    deaf = Matcher(replace(matcher.ruleset, rules=()))
    article = Article(
        id="a", title="Italia e Cina firmano un accordo", text="Italia e Cina hanno firmato un accordo.", language="it"
    )
    (found,) = differences(
        [article], lambda a: matcher.judge(a, now=EXAMPLE_DAY), lambda a: deaf.judge(a, now=EXAMPLE_DAY)
    )
    assert (found.before, found.after != "alert") == ("alert", True)
