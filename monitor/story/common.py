"""The stems that tell no act from another, taken from the rule set: function words, everyday words, verbs of acts."""

from __future__ import annotations

from monitor.rulebook.ruleset import RuleSet
from monitor.story.words import stems

_VERBS = "act."  # ids of the concepts whose words every report of an act uses


def common_stems(rules: RuleSet) -> frozenset[str]:
    """What ``place`` and ``Memory`` take as ``common``: stems of every language at once, since names cross
    languages."""
    found: set[str] = set()
    for language in rules.languages.values():
        for word in language.profile.function_words | language.common_words:
            found.update(stems(word) if len(word) > 1 else (word,))
    for term in rules.terms:
        if term.kind == "concept" and term.ref.startswith(_VERBS):
            found.update(stems(term.text))
    return frozenset(found)
