"""The words by which acts are told apart, taken from the rule set: those that tell none apart, and those that mean the
same thing in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from monitor.rulebook.ruleset import Language, RuleSet
from monitor.story.asides import Asides
from monitor.story.meanings import Meanings
from monitor.story.words import stems

_VERBS = "act."  # ids of the concepts whose words every report of an act uses
_SEATS = frozenset({"capital", "metonym"})  # where parties sign, and other names for them
_STATE_CHARS = 2  # ISO 3166
_NONE = Meanings()
_NO_ASIDES = Asides()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``common`` holds stems that tell no act from another, of every language at once, since names cross languages;
    ``meanings`` for each language what its words for things mean, ``nations`` the folded adjectives of states, ``asides``
    for each language the cues by which a report speaks of another act."""

    common: frozenset[str] = frozenset()
    meanings: Mapping[str, Meanings] = field(default_factory=lambda: MappingProxyType({}))
    nations: frozenset[str] = frozenset()
    asides: Mapping[str, Asides] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, lang: str) -> Meanings:
        """The meanings of a language's words; none where the rule set has none."""
        return self.meanings.get(lang, _NONE)

    def besides(self, lang: str) -> Asides:
        """How a language speaks of another act in passing."""
        return self.asides.get(lang, _NO_ASIDES)


WORDLESS = Vocabulary()


def vocabulary_of(rules: RuleSet) -> Vocabulary:
    """What ``place`` and ``Memory`` compare words by: function words, everyday words and verbs of acts are common."""
    found: set[str] = set()
    nations: set[str] = set()
    for language in rules.languages.values():
        for word in language.profile.function_words | language.common_words:
            found.update(stems(word) if len(word) > 1 else (word,))
    for term in rules.terms:
        if term.kind == "concept" and term.ref.startswith(_VERBS):
            found.update(stems(term.text))
        elif term.form in _SEATS:  # whole where they have no endings: Malaba is not Malabo
            found.update(term.text.split() if term.text.isascii() else stems(term.text))
        elif term.form == "adjective" and len(term.ref) == _STATE_CHARS:
            nations.add(term.text)
    return Vocabulary(
        frozenset(found),
        {code: _meanings(one) for code, one in rules.languages.items()},
        frozenset(nations),
        {code: Asides.of(one.aside_after, one.aside_also) for code, one in rules.languages.items()},
    )


def _meanings(language: Language) -> Meanings:
    pairs = ((word, thing) for thing, words in language.things.items() for word in words)
    return Meanings.of(pairs, compounds=language.compounds)
