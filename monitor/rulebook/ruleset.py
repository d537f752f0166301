"""The rule set as frozen values: what matching reads, and all it reads. Immutable after loading; its digest names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from monitor.model import ActType, Reason, Sector, Stage, Step
from monitor.text import DateTables, LanguageProfile


class Term(NamedTuple):
    """One searched string. ``kind`` is entity, concept or mask; ``ref`` the id; ``form`` how it names it (name,
    adjective, capital, metonym, short, prefix) or a verb's time (past, future, conditional, infinitive, any). A tuple, since a
    start makes fifty thousand of them and dataclasses took four times as long."""

    text: str  # folded
    kind: str
    ref: str
    lang: str  # "*" = every language
    form: str = ""
    cased: str = ""  # as written, where case or accents decide
    exact: bool = False
    loose: bool = False
    stem: bool = False
    prefix: bool = False
    needs: str = ""
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    ends: str = ""  # folded: the last word of the clause, where the verb has two parts


@dataclass(frozen=True, slots=True)
class Entity:
    """A party, or the thing agreed. ``principal`` is the id it acts for, its own where it acts for itself; ``labels`` are
    what messages call it: (language, name)."""

    id: str
    kind: str
    country: str | None
    principal: str
    name: str
    sectors: tuple[Sector, ...] = ()
    since: str = ""
    until: str = ""
    members: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Concept:
    id: str
    kind: str
    stage: Stage | None = None
    step: Step | None = None
    tier: int = 2
    type: ActType | None = None
    sector: Sector | None = None
    reason: Reason | None = None
    rank: int = 5


@dataclass(frozen=True, slots=True)
class Language:
    """One language's tables for reading; its words are among the terms."""

    code: str
    profile: LanguageProfile
    abbreviations: frozenset[str]
    dates: DateTables
    future_before: tuple[str, ...] = ()
    conditional_before: tuple[str, ...] = ()
    infinitive_before: tuple[str, ...] = ()
    done_before: tuple[str, ...] = ()
    and_words: frozenset[str] = frozenset()
    between_words: frozenset[str] = frozenset()
    with_words: frozenset[str] = frozenset()
    place_words: frozenset[str] = frozenset()
    against_words: tuple[str, ...] = ()
    by_words: frozenset[str] = frozenset()
    numbers: Mapping[str, int] = field(default_factory=dict)  # word -> how many, two and more
    particles: tuple[str, ...] = ()  # between an act and what was done, and no part of it
    asking_words: tuple[str, ...] = ()  # of one or two words, at the very beginning of a title
    common_words: frozenset[str] = frozenset()
    compounds: bool = False  # nouns have capitals and join to one word
    things: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # meaning -> words, a * for any ending
    aside_after: tuple[str, ...] = ()  # words behind which another act is named: "a day after"
    aside_also: tuple[str, ...] = ()  # words of a sentence on another act: "also signed"


@dataclass(frozen=True, slots=True)
class RuleExample:
    text: str
    title: str
    lang: str
    match: bool
    parties: tuple[str, ...] = ()
    type: ActType | None = None
    stage: Stage | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of report. ``when`` holds each condition's settings as (name, settings) pairs in file order."""

    id: str
    title: str
    status: str
    level: str
    description: str
    when: tuple[tuple[str, Any], ...]
    weight: float
    type: ActType | None = None
    stage: Stage | None = None
    step: Step | None = None
    topics: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    examples: tuple[RuleExample, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    title: str
    pairs: tuple[frozenset[str], ...]
    sectors: frozenset[Sector]
    objects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weights:
    """The calibrated second stage: a logistic regression's terms, and where it says yes."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float
    prior: float
    context_intercept: float = 0.0
    context_weights: Mapping[str, float] = field(default_factory=dict)
    context_threshold: float = 0.5
    trained_on: str = ""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that editors wrote, checked and expanded. ``warnings`` are faults that do not stop it."""

    digest: str
    languages: Mapping[str, Language]
    entities: Mapping[str, Entity]
    concepts: Mapping[str, Concept]
    terms: tuple[Term, ...]
    rules: tuple[Rule, ...]
    topics: tuple[Topic, ...]
    weights: Weights
    warnings: tuple[str, ...] = ()

    def names(self, languages: Sequence[str]) -> dict[str, dict[str, str]]:
        """The names of bodies and objects, by id and language of a message; states are named elsewhere (CLDR)."""
        named = {}
        for key, found in self.entities.items():
            if len(key) > 2:
                labels = dict(found.labels)
                named[key] = {lang: labels.get(lang) or labels.get("*") or found.name for lang in languages}
        return named
