"""A gathered source to the frozen rule set; finds what no schema can: unknown ids, aliases owned twice, dead words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.model import ActType, Reason, Sector, Stage, Step
from monitor.rulebook.faults import Faults, lint
from monitor.rulebook.files import Source
from monitor.rulebook.forms import Forms
from monitor.rulebook.ruleset import Concept, Entity, Language, Rule, RuleExample, RuleSet, Term, Topic, Weights
from monitor.rulebook.terms import make, of_words
from monitor.text import DateTables, LanguageProfile, fold

# names may stand unaccented in a text (Perù, Sao Tome); concept words may not: firmò is not firmo
_NAMING = (("names", "name"), ("adjectives", "adjective"), ("capitals", "capital"), ("metonyms", "metonym"))
_BLANK = Weights(0.0, {}, 0.5, 0.19)


def compile_terms(source: Source, forms: Forms, faults: Faults) -> tuple[Term, ...]:
    """Every string that is searched; what is wrong with a word, and what no word leads to, goes into ``faults``."""
    terms = [*_entity_terms(source, faults), *_word_terms(source, forms, faults)]
    lint(source, forms, terms, faults)
    return tuple(dict.fromkeys(terms))


def compile_rules(source: Source, terms: tuple[Term, ...], digest: str, faults: Faults) -> RuleSet:
    """The rule set; the faults that forbid its use go into ``faults``."""
    return RuleSet(
        digest=digest,
        languages={k: _language(k, v) for k, v in source["languages"].items()},
        entities={k: _entity(k, e, source, faults) for k, e in source["entities"].items()},
        concepts={k: _concept(k, c) for k, c in source["concepts"].items()},
        terms=terms,
        rules=tuple(_rule(r) for r in source["rules"].values()),
        topics=tuple(_topic(k, t) for k, t in source["topics"].items()),
        weights=_weights(source["weights"]) if source["weights"] else _BLANK,
    )


def _entity(entity_id: str, e: Mapping[str, Any], source: Source, faults: Faults) -> Entity:
    entities = source["entities"]
    principal = e.get("acts_for") or e.get("country") or entity_id
    for _ in range(4):  # a person acts for a ministry, that acts for a state
        above = entities.get(principal)
        if above is None and principal != entity_id:
            faults.undefined(e, principal, f"{entity_id} acts for {principal}, which no file defines")
            break
        step = (above or {}).get("acts_for")
        if not step or step == principal:
            break
        principal = step
    kind = e.get("kind", "state")
    country = e.get("country") or (entity_id if len(entity_id) == 2 else None)
    if country is None and len(principal) == 2:
        country = principal
    if kind in ("company", "university", "research", "organisation", "initiative") and not e.get("acts_for"):
        principal = entity_id
    return Entity(
        id=entity_id,
        kind=kind,
        country=country,
        principal=principal,
        name=_first_name(entity_id, e),
        sectors=tuple(Sector(s) for s in e.get("sectors", ())),
        since=e.get("since", ""),
        until=e.get("until", ""),
        members=tuple(e.get("members", ())),
        labels=tuple(_labels(e)),
    )


def _labels(e: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The first name of each language, as it stands where it has forms."""
    for lang, items in e.get("names", {}).items():
        text = str(items[0]["text"]) if items else ""
        if text and "{" not in text:
            yield lang, text


def _first_name(entity_id: str, e: Mapping[str, Any]) -> str:
    names = e.get("names", {})
    for lang in ("en", "*", "it", *names):
        if names.get(lang):
            return str(names[lang][0]["text"]).partition("{")[0]
    return str(e["short"][0]["text"]) if e.get("short") else entity_id


def _entity_terms(source: Source, faults: Faults) -> Iterator[Term]:
    owner: dict[tuple[str, str, str], str] = {}
    for entity_id, e in source["entities"].items():
        for term in _terms_of(entity_id, e, faults):
            key = (term.cased, term.lang, "adjective" if term.form == "adjective" else "name")
            if owner.setdefault(key, entity_id) != entity_id and not term.needs:
                say = faults.error if term.form in ("name", "short", "adjective") else faults.warn
                say(e, f"{term.cased!r} ({term.lang}) is a word for {owner[key]} and for {entity_id}: keep one")
                continue
            yield term


def _terms_of(entity_id: str, e: Mapping[str, Any], faults: Faults) -> Iterator[Term]:
    for key, form in _NAMING:
        for lang, items in e.get(key, {}).items():
            for item in items:
                yield from _made(entity_id, e, item, lang, form, faults, False)
    for item in e.get("short", ()):
        yield from _made(entity_id, e, item, "*", "short", faults, True)
    for item in e.get("letters", ()):
        yield from _made(entity_id, e, item, "zh", "letter", faults, True)
    for text in e.get("prefixes", ()):
        yield from _made(entity_id, e, {"text": text}, "*", "prefix", faults, False)


def _made(
    entity_id: str, e: Mapping[str, Any], item: Mapping[str, Any], lang: str, form: str, faults: Faults, exact: bool
) -> Iterator[Term]:
    needs = item.get("needs")
    try:
        yield from make(item, kind="entity", ref=entity_id, lang=lang, form=form, loose=True, exact=exact)
    except ValueError as exc:
        faults.error(e, f"{entity_id}: {exc}")
    if needs and not isinstance(needs, str):
        faults.error(e, f"{entity_id}: needs must be one id")


def _word_terms(source: Source, forms: Forms, faults: Faults) -> Iterator[Term]:
    for lang, table in source["languages"].items():
        tense = table.get("tense", {})
        for concept, words in table["words"].items():
            if concept in source["silent"]:
                continue
            if concept not in source["concepts"]:
                message = f"words.{concept}: no file under concepts/ defines this concept"
                faults.undefined(table, concept, message, concept)
                continue
            try:
                yield from of_words(concept, words, lang, tense, forms.get(lang, {}))
            except ValueError as exc:
                faults.error(table, f"words.{concept}: {exc}", concept)
        for item in table.get("masks", ()):
            try:
                yield from make(item, kind="mask", ref="mask", lang=lang, form="", loose=False)
            except ValueError as exc:
                faults.error(table, f"masks: {exc}")


def _concept(concept_id: str, c: Mapping[str, Any]) -> Concept:
    return Concept(
        id=concept_id,
        kind=c["kind"],
        stage=Stage(c["stage"]) if c.get("stage") else None,
        step=Step(c["step"]) if c.get("step") else None,
        tier=c.get("tier", 2),
        type=ActType(c["type"]) if c.get("type") else None,
        sector=Sector(c["sector"]) if c.get("sector") else None,
        reason=Reason(c["reason"]) if c.get("reason") else None,
        rank=c.get("rank", 5),
    )


def _language(code: str, t: Mapping[str, Any]) -> Language:
    tense, links = t.get("tense", {}), t.get("links", {})
    months = {fold(m): i % 12 + 1 for key in ("months", "months_short") for i, m in enumerate(t.get(key, ()))}

    def words(key: str) -> tuple[str, ...]:
        return tuple(fold(w) for w in (tense.get(key) or links.get(key) or ()))

    return Language(
        code=code,
        profile=LanguageProfile(
            code, t.get("script", "latin"), frozenset(w.lower() for w in t["function_words"]), t.get("letters", "")
        ),
        abbreviations=frozenset(a.lower() for a in t.get("abbreviations", ())),
        dates=DateTables(months, {fold(k): v for k, v in t.get("relative_days", {}).items()}),
        future_before=words("future_before"),
        conditional_before=words("conditional_before"),
        infinitive_before=words("infinitive_before"),
        done_before=words("done_before"),
        and_words=frozenset(words("and")),
        between_words=frozenset(words("between")),
        with_words=frozenset(words("with")),
        place_words=frozenset(words("place_before")),
        against_words=words("against_before"),
        by_words=frozenset(words("by_before")),
        numbers={fold(word): number for word, number in t.get("numbers", {}).items()},
        particles=tuple(t.get("particles", ())),
        asking_words=tuple(fold(w) for w in t.get("asks", ())),
        common_words=frozenset(t.get("common", ())),
        compounds=t.get("compounds", False),
        things={thing: tuple(words_for) for thing, words_for in t.get("things", {}).items()},
        aside_after=tuple(t.get("asides", {}).get("after", ())),
        aside_also=tuple(t.get("asides", {}).get("also", ())),
    )


def _rule(r: Mapping[str, Any]) -> Rule:
    gives = r.get("gives", {})
    examples = [
        RuleExample(
            x["text"],
            x.get("title", ""),
            x.get("lang", ""),
            key == "match",
            tuple(x.get("parties", ())),
            ActType(x["type"]) if x.get("type") else None,
            Stage(x["stage"]) if x.get("stage") else None,
            line=r["places"][f"{key}.{i}"][1],
        )
        for key in ("match", "no_match")
        for i, x in enumerate(r["examples"][key])
    ]
    return Rule(
        id=r["id"],
        title=r["title"],
        status=r.get("status", "stable"),
        level=r.get("level", "medium"),
        description=r["description"],
        when=tuple(r["when"].items()),
        weight=float(r.get("weight", 1.0)),
        type=ActType(gives["type"]) if gives.get("type") else None,
        stage=Stage(gives["stage"]) if gives.get("stage") else None,
        step=Step(gives["step"]) if gives.get("step") else None,
        topics=tuple(r.get("topics", ())),
        false_positives=tuple(r.get("false_positives", ())),
        sources=tuple(r.get("sources", ())),
        examples=tuple(examples),
        file=r["at"][0],
        line=r["at"][1],
    )


def _topic(topic_id: str, t: Mapping[str, Any]) -> Topic:
    return Topic(
        topic_id,
        t["title"],
        tuple(frozenset(p) for p in t.get("pairs", ())),
        frozenset(Sector(s) for s in t.get("sectors", ())),
        frozenset(t.get("objects", ())),
    )


def _weights(w: Mapping[str, Any]) -> Weights:
    return Weights(
        intercept=w["intercept"],
        weights=w["weights"],
        threshold=w["threshold"],
        prior=w["prior"],
        context_intercept=w.get("context_intercept", 0.0),
        context_weights=w.get("context_weights", {}),
        context_threshold=w["context_threshold"],
        trained_on=w.get("trained_on", ""),
    )
