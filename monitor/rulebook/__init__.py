"""The only place that opens rules/: YAML that editors write, read strictly, to one frozen RuleSet with a digest."""

from monitor.rulebook.forms import are_kept
from monitor.rulebook.load import load, sources_of
from monitor.rulebook.ruleset import Concept, Entity, Language, Rule, RuleSet, Term, Weights

__all__ = ["Concept", "Entity", "Language", "Rule", "RuleSet", "Term", "Weights", "are_kept", "load", "sources_of"]
