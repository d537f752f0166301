"""Written words to searched terms: brace expansion, stems, prefixes, verb forms with their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.rulebook.ruleset import Term
from monitor.text import clean, fold, fold_case

_MAX_EXPANSIONS = 128
_SPECIAL = frozenset("*[]|\\^?")  # what a person who wants a regular expression would write


def braces(text: str) -> list[str]:
    """``italian{o,a}`` as italiano, italiana. Raises ValueError for unbalanced or too many alternatives."""
    if "{" not in text and "}" not in text:
        return [text]
    out = [""]
    rest = text
    while rest:
        before, opened, after = rest.partition("{")
        if "}" in before:
            raise ValueError(f"{text!r} closes a brace that it did not open")
        out = [o + before for o in out]
        if not opened:
            break
        inside, closed, rest = after.partition("}")
        if not closed or "{" in inside:
            raise ValueError(f"{text!r} has an open brace or a brace within braces")
        out = [o + choice for o in out for choice in inside.split(",")]
        if len(out) > _MAX_EXPANSIONS:
            raise ValueError(f"{text!r} stands for more than {_MAX_EXPANSIONS} words")
    return out


def is_han(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def make(
    spec: Mapping[str, Any], *, kind: str, ref: str, lang: str, form: str, loose: bool, exact: bool = False
) -> Iterator[Term]:
    """The terms that one written item stands for. Raises ValueError saying what is wrong with it."""
    for raw in braces(spec["text"]):
        written = " ".join(clean(raw).split())
        stem, prefix = written.endswith("*"), written.endswith("-")
        body = written.rstrip("*-") if stem or prefix else written
        if not body:
            raise ValueError(f"{spec['text']!r} stands for an empty word")
        if not _SPECIAL.isdisjoint(body):
            raise ValueError(f"{raw!r}: only {{a,b}}, a final * and a final - mean something; no regular expressions")
        is_exact = exact or bool(spec.get("exact"))
        if stem and len(body) < 4 and not is_han(body):
            raise ValueError(f"{raw!r}: at least four letters must stand before *")
        if len(body) < 3 and not is_exact and not prefix and not is_han(body) and kind != "concept":
            raise ValueError(f"{raw!r} is shorter than three letters: say exact: true")
        accents = spec.get("accents")
        yield Term(
            text=fold(body) + ("-" if prefix else ""),
            kind=kind,
            ref=ref,
            lang=lang,
            form="prefix" if prefix else form,
            cased=body if is_exact else fold_case(body),
            exact=is_exact,
            loose=loose if accents is None else accents == "loose",
            stem=stem,
            prefix=prefix,
            needs=str(spec.get("needs") or ""),
            not_before=tuple(fold(w) for w in spec.get("not_before") or ()),
            not_after=tuple(fold(w) for w in spec.get("not_after") or ()),
            ends=fold(spec.get("ends") or ""),
        )


def verb_time(form: str, lemma: str, tense: Mapping[str, Any]) -> str:
    """future, conditional, infinitive, base or done: what a verb's form itself says."""
    if any(form.endswith(e) for e in tense.get("conditional_endings") or ()):
        return "conditional"
    if any(form.endswith(e) for e in tense.get("future_endings") or ()):
        return "future"
    if form == lemma:
        return "infinitive"
    return "any"


def of_words(
    concept: str, words: Mapping[str, Any], lang: str, tense: Mapping[str, Any], forms: Mapping[str, Iterable[str]]
) -> Iterator[Term]:
    """All terms of one concept in one language."""
    refused = {fold_case(w) for raw in words.get("not") or () for w in braces(raw)}
    is_act = concept.startswith("act.")
    for lemma in words.get("lemmas") or ():
        for form in forms.get(lemma, (lemma,)):
            if fold_case(form) in refused:
                continue
            time = verb_time(form, lemma, tense) if is_act else "any"
            yield from make({"text": form}, kind="concept", ref=concept, lang=lang, form=time, loose=False)
    for key, time in (("also", "any"), ("future", "future"), ("conditional", "conditional")):
        for item in words.get(key) or ():
            for term in make(item, kind="concept", ref=concept, lang=lang, form=time, loose=False):
                if term.cased not in refused:
                    yield term
