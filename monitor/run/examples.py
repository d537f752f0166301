"""The rules' own examples: run by ``rules check``, at start and before every swap of a running set."""

from __future__ import annotations

from monitor import rulebook
from monitor.config import Settings
from monitor.errors import RuleError
from monitor.match import Matcher
from monitor.match.compiled import condition_faults
from monitor.match.finds import rules_found
from monitor.quality.rulecheck import EXAMPLE_DAY, ExampleFault, example_faults
from monitor.rulebook import RuleSet


def load_rules(settings: Settings) -> RuleSet:
    """The rule set of the configured folders. Raises RuleErrors with every fault in words, ids and conditions."""
    return rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir, check=condition_faults)


def failing(matcher: Matcher) -> tuple[ExampleFault, ...]:
    """The examples of the matcher's rules that do not do what they say."""
    return tuple(
        example_faults(
            matcher.ruleset.rules,
            lambda article: rules_found(matcher, article, EXAMPLE_DAY),
            lambda article: matcher.judge(article, now=EXAMPLE_DAY),
        )
    )


def as_error(fault: ExampleFault) -> RuleError:
    """The failing example as an error with its place."""
    message = f"rule {fault.rule}: its example {fault.message}: {fault.text}"
    return RuleError(message, file=fault.file, line=fault.line, rule=fault.rule)
