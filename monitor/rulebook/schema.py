"""What the files under rules/ may hold, as strict models: the JSON Schemas for editors are made from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag

from monitor.model import ActType, Reason, Sector, Stage, Step
from monitor.rulebook.wordschema import TAG, LanguageFile, Off, Strict, Terms, Words, kind_of_item

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
    adds: bool = False  # its words join those of an earlier folder's entity instead of taking its place
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

    entities: dict[str, EntitySpec] = {}


class ConceptSpec(Strict):
    """What a word can mean: an act with its stage, an instrument with its type, a sector, a cue, or a hint at the type of an
    act whose instrument nobody names."""

    kind: Literal["act", "instrument", "sector", "cue", "hint", "link"]
    title: str = ""
    enabled: bool = True
    stage: Stage | None = None
    step: Step | None = None
    tier: int = Field(default=2, ge=1, le=4)
    type: ActType | None = None
    sector: Sector | None = None
    reason: Reason | None = None
    rank: int = 5


ConceptItem = Annotated[
    Annotated[ConceptSpec, Tag(TAG + "whole")] | Annotated[Off, Tag(TAG + "off")], Discriminator(kind_of_item)
]


class ConceptsFile(Strict):
    """rules/concepts/*.yaml"""

    concepts: dict[str, ConceptItem] = {}


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


class RuleOff(Off):
    """Leaves a rule out."""

    id: str


RuleItem = Annotated[
    Annotated[RuleSpec, Tag(TAG + "whole")] | Annotated[RuleOff, Tag(TAG + "off")], Discriminator(kind_of_item)
]


class TopicSpec(Strict):
    """A desk's subject: announcements whose parties and sectors fit carry its name."""

    title: str
    enabled: bool = True
    pairs: list[list[str]] = []
    sectors: list[Sector] = []
    objects: Words = []
    source: Words = []


TopicItem = Annotated[
    Annotated[TopicSpec, Tag(TAG + "whole")] | Annotated[Off, Tag(TAG + "off")], Discriminator(kind_of_item)
]


class AnnouncementsFile(Strict):
    """rules/announcements/*.yaml"""

    rules: list[RuleItem] = []
    topics: dict[str, TopicItem] = {}


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


FILES: dict[str, type[BaseModel]] = {
    "entities": EntitiesFile,
    "concepts": ConceptsFile,
    "languages": LanguageFile,
    "announcements": AnnouncementsFile,
    "weights": WeightsFile,
}
