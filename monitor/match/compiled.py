"""Rules with their conditions read, and every fault in what editors wrote there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from monitor.errors import RuleError
from monitor.match import conditions
from monitor.match.candidates import CompiledRule
from monitor.match.conditions import Condition, near, parties
from monitor.rulebook import Rule, RuleSet


def compiled(ruleset: RuleSet) -> tuple[tuple[CompiledRule, ...], tuple[RuleError, ...]]:
    """Every rule with its conditions parsed, the weightiest first; and the faults of those that cannot be, each with file
    and line."""
    modules = conditions.known()
    faults: list[RuleError] = []
    out = []
    for rule in ruleset.rules:
        parsed, wrong = _read(rule, modules, ruleset)
        faults += [RuleError(f"rule {rule.id}: {each}", file=rule.file, line=rule.line, rule=rule.id) for each in wrong]
        settings = {c.name: c.settings for c in parsed}
        words, who = settings.get("near"), settings.get("parties")
        if isinstance(words, near.Settings) and (who is None or isinstance(who, parties.Settings)):
            out.append(CompiledRule(rule, words, who, tuple(c for c in parsed if c.name not in ("near", "parties"))))
    return tuple(sorted(out, key=lambda c: -c.rule.weight)), tuple(faults)


def condition_faults(ruleset: RuleSet) -> tuple[RuleError, ...]:
    """What cannot be read under ``when`` of any rule."""
    return compiled(ruleset)[1]


def _read(rule: Rule, modules: dict[str, Any], ruleset: RuleSet) -> tuple[list[Condition], list[str]]:
    parsed: list[Condition] = []
    wrong: list[str] = []
    for name, value in rule.when:
        try:
            condition = conditions.parse(name, value, modules)
        except ValueError as exc:
            wrong.append(str(exc))
            continue
        parsed.append(condition)
        wrong += _unknown(condition, modules[name], ruleset)
    if "near" not in dict(rule.when):
        wrong.append("when.near is missing: it says which words make a frame")
    return parsed, wrong


def _unknown(condition: Condition, module: Any, ruleset: RuleSet) -> Iterator[str]:
    named = getattr(module, "concepts", None)
    for concept in sorted((named(condition.settings) if named else frozenset()) - ruleset.concepts.keys()):
        near_by = get_close_matches(concept, ruleset.concepts.keys(), n=1)
        yield f"when.{condition.name}: no such concept: {concept}" + (f"; is {near_by[0]} meant?" if near_by else "")
