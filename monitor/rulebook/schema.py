"""What the files under rules/ may hold, as strict models: the JSON Schemas for editors are made from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.model import ActType, Reason, Sector, Stage, Step

Words = list[str]


class Strict(BaseModel):
    """An unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TermSpec(Strict):
    """One word or phrase with its conditions; a plain string stands for ``{text: string}``."""

    text: str = Field(min_length=1, max_length=300)
    exact: bool = False
    needs: str = ""
    accents: Literal["strict", "loose"] | None = None
    not_before: Words = []
    not_after: Words = []


def _as_term(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


TermItem = Annotated[TermSpec, BeforeValidator(_as_term, json_schema_input_type=str | TermSpec)]
Terms = list[TermItem]


class WordSpec(Strict):
    """The words of one concept in one language; a plain list stands for ``{also: list}``."""

    lemmas: Words = []
    also: Terms = []
    not_: Words = Field(default=[], alias="not")
    future: Terms = []
    conditional: Terms = []


def _as_words(value: Any) -> Any:
    return {"also": value} if isinstance(value, list) else value


WordItem = Annotated[WordSpec, BeforeValidator(_as_words, json_schema_input_type=list[str | TermSpec] | WordSpec)]

Kind = Literal[
    "state",
    "organisation",
    "ministry",
    "agency",
    "university",
    "research",
    "company",
    "person",
    "initiative",
    "region",
    "city",
]


class EntitySpec(Strict):
    """Who acts, or (kind initiative) the thing that acts are about."""

    kind: Kind = "state"
    enabled: bool = True
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    acts_for: str | None = None
    role: str = ""
    names: dict[str, Terms] = {}
    adjectives: dict[str, Terms] = {}
    prefixes: Words = []
    capitals: dict[str, Terms] = {}
    metonyms: dict[str, Terms] = {}
    short: Terms = []
    letters: Terms = []
    members: Words = []
    sectors: list[Sector] = []
    since: str = ""
    until: str = ""
    source: Words = []


class EntitiesFile(Strict):
    """rules/entities/*.yaml"""

    entities: dict[str, EntitySpec]


class ConceptSpec(Strict):
    """What a word can mean: an act with its stage, an instrument with its type, a sector, a cue."""

    kind: Literal["act", "instrument", "sector", "cue", "link"]
    title: str = ""
    enabled: bool = True
    stage: Stage | None = None
    step: Step | None = None
    tier: int = Field(default=2, ge=1, le=4)
    type: ActType | None = None
    sector: Sector | None = None
    reason: Reason | None = None
    rank: int = 5


class ConceptsFile(Strict):
    """rules/concepts/*.yaml"""

    concepts: dict[str, ConceptSpec]


class TenseSpec(Strict):
    """How verbs of a language show that a thing is not done yet."""

    future_endings: Words = []
    conditional_endings: Words = []
    done_endings: Words = []
    future_before: Words = []
    conditional_before: Words = []
    infinitive_before: Words = []
    done_before: Words = []
    infinitive_endings: Words = []


class LinkSpec(Strict):
    """The small words between parties."""

    and_: Words = Field(default=[], alias="and")
    between: Words = []
    with_: Words = Field(default=[], alias="with")
    place_before: Words = []
    against_before: Words = []
    by_before: Words = []


class LanguageFile(Strict):
    """rules/languages/<code>.yaml: everything that one language needs."""

    language: str = Field(pattern="^[a-z]{2}$")
    name: str
    script: Literal["latin", "cyrillic", "han"] = "latin"
    enabled: bool = True
    function_words: Words
    common: Words = []  # everyday words of such news, which tell no act from another: grouping passes over them
    letters: str = ""
    abbreviations: Words = []
    months: Words = []
    months_short: Words = []
    relative_days: dict[str, int] = {}
    old_after: Words = []
    tense: TenseSpec = TenseSpec()
    links: LinkSpec = LinkSpec.model_validate({})
    words: dict[str, WordItem]
    masks: Terms = []


class Example(Strict):
    """A short text that a rule must, or must not, match. A plain string stands for its ``text``."""

    text: str
    title: str = ""
    lang: str = ""
    parties: Words = []
    type: ActType | None = None
    stage: Stage | None = None


def _as_example(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


ExampleItem = Annotated[Example, BeforeValidator(_as_example, json_schema_input_type=str | Example)]


class Examples(Strict):
    match: list[ExampleItem] = Field(min_length=1)
    no_match: list[ExampleItem] = Field(min_length=1)


class Gives(Strict):
    """What the announcement is: taken from the instrument or the act unless fixed here."""

    type: ActType | None = None
    stage: Stage | None = None
    step: Step | None = None


class RuleSpec(Strict):
    """One kind of report of an act. ``when`` maps a condition (monitor/match/conditions) to its settings."""

    id: str = Field(pattern="^[a-z][a-z0-9-]{2,60}$")
    title: str = Field(min_length=3)
    enabled: bool = True
    status: Literal["stable", "trial"] = "stable"
    level: Literal["high", "medium", "low"] = "medium"
    description: str = Field(min_length=10)
    when: dict[str, Any]
    gives: Gives = Gives()
    weight: float = Field(default=1.0, ge=-10, le=10)
    false_positives: Words = []
    topics: Words = []
    sources: Words = []
    examples: Examples


class TopicSpec(Strict):
    """A desk's subject: announcements whose parties and sectors fit carry its name."""

    title: str
    pairs: list[list[str]] = []
    sectors: list[Sector] = []
    objects: Words = []
    source: Words = []


class AnnouncementsFile(Strict):
    """rules/announcements/*.yaml"""

    rules: list[RuleSpec] = []
    topics: dict[str, TopicSpec] = {}


class WeightsFile(Strict):
    """rules/weights.yaml: the scorer's terms, written by ``coopwatch calibrate``."""

    trained_on: str = ""
    prior: float = Field(gt=0, lt=1)
    threshold: float = Field(gt=0, lt=1)
    context_threshold: float = Field(gt=0, lt=1)
    intercept: float
    scale: float = 1.0
    weights: dict[str, float]
    context_intercept: float = 0.0
    context_weights: dict[str, float] = {}


FILES: dict[str, type[Strict]] = {
    "entities": EntitiesFile,
    "concepts": ConceptsFile,
    "languages": LanguageFile,
    "announcements": AnnouncementsFile,
    "weights": WeightsFile,
}
