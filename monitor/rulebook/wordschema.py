"""The part of the schema that words stand in: terms, the words of concepts, and one file for each language."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, RootModel, Tag

Words = list[str]


class Strict(BaseModel):
    """An unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


TAG = "as "  # begins the names of alternatives, so that messages can leave them out of a place


class Off(Strict):
    """Switches off what an earlier folder defines under this id."""

    enabled: Literal[False]


def kind_of_item(value: Any) -> str:
    """off, addition or whole: what an item does to the one of an earlier folder that has its id."""
    if isinstance(value, BaseModel):  # pydantic asks again when it writes the value out
        is_off, adds = isinstance(value, Off), getattr(value, "adds", False)
    else:
        held = value if isinstance(value, dict) else {}
        is_off = held.get("enabled") is False and held.keys() <= {"id", "language", "enabled"}
        adds = held.get("adds") is True
    return TAG + ("off" if is_off else "addition" if adds else "whole")


class TermSpec(Strict):
    """One word or phrase with its conditions; a plain string stands for ``{text: string}``."""

    text: str = Field(min_length=1, max_length=300)
    exact: bool = False
    needs: str = ""
    accents: Literal["strict", "loose"] | None = None
    not_before: Words = []
    not_after: Words = []
    ends: str = ""  # the word that must end the clause: the second part of a German verb (sagt ... zu)


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


class AsideSpec(Strict):
    """The words by which a report speaks of another act than its own."""

    after: Words = []  # what follows them up to the comma: "a day after"
    also: Words = []  # all of a sentence that holds them: "also signed", "the day before"


class LanguageSpec(Strict):
    """Everything that one language needs."""

    language: str = Field(pattern="^[a-z]{2}$")
    name: str
    script: Literal["latin", "cyrillic", "han"] = "latin"
    compounds: bool = False  # nouns have capitals and are written as one word: a sea cable ends with the cable
    enabled: bool = True
    function_words: Words
    common: Words = []  # everyday words of such news, which tell no act from another: grouping passes over them
    # what acts are about, by ids that are the same in every language: so grouping compares reports in two languages
    things: dict[str, Words] = {}
    asides: AsideSpec = AsideSpec()
    letters: str = ""
    abbreviations: Words = []
    months: Words = []
    months_short: Words = []
    relative_days: dict[str, int] = {}
    numbers: dict[str, Annotated[int, Field(ge=2, le=199)]] = {}  # number words before a plural: "twelve agreements"
    particles: Words = []  # between an act and what was done, and no part of it: the Chinese 了
    asks: Words = []  # what opens a title that asks about an act instead of telling it: why, how, what
    tense: TenseSpec = TenseSpec()
    links: LinkSpec = LinkSpec.model_validate({})
    words: dict[str, WordItem]
    masks: Terms = []


class LanguageAddition(Strict):
    """Words that join those of an earlier folder's language file."""

    language: str = Field(pattern="^[a-z]{2}$")
    adds: Literal[True]
    common: Words = []
    things: dict[str, Words] = {}
    abbreviations: Words = []
    asks: Words = []
    words: dict[str, WordItem] = {}
    masks: Terms = []


class LanguageOff(Off):
    """Leaves a language out."""

    language: str = Field(pattern="^[a-z]{2}$")


class LanguageFile(
    RootModel[
        Annotated[
            Annotated[LanguageSpec, Tag(TAG + "whole")]
            | Annotated[LanguageAddition, Tag(TAG + "addition")]
            | Annotated[LanguageOff, Tag(TAG + "off")],
            Discriminator(kind_of_item),
        ]
    ]
):
    """rules/languages/<code>.yaml"""
