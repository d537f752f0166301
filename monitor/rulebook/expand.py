"""Lemmas to inflected forms, by simplemma's dictionaries and pymorphy3. Runs as a child process and exits.

    python -m monitor.rulebook.expand < {"it": ["firmare"]} > {"it": {"firmare": ["firma", "firmarono", ...]}}

The dictionaries take 25 to 144 MB a language while they are open; the service only ever reads the cached result.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

import pymorphy3
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

# Romance participles inflect for gender and number, and the dictionaries list only some of the four forms
_PARTICIPLES = {
    "it": ("o", "a", "i", "e"),
    "es": ("o", "a", "os", "as"),
    "fr": ("", "e", "s", "es"),
}
_PARTICIPLE_ENDS = {
    "it": ("ato", "uto", "ito", "sto", "tto", "rto", "nto", "lto", "so"),
    "es": ("ado", "ido", "to", "cho"),
    "fr": ("é", "i", "u", "is", "it"),
}
_VERB_ENDS = {"it": ("are", "ere", "ire", "rre"), "es": ("ar", "er", "ir"), "fr": ("er", "ir", "re", "oir")}


def forms(lang: str, lemmas: Iterable[str]) -> dict[str, list[str]]:
    """Every known form of each lemma of one language, the lemma first."""
    wanted = sorted(set(lemmas))
    if lang == "ru":
        return _russian(wanted)
    found: dict[str, set[str]] = {lemma: {lemma} for lemma in wanted}
    if lang != "zh" and wanted:
        try:
            dictionary = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(lang)
        except ValueError:
            dictionary = {}
        for form in dictionary:
            lemma = dictionary.get(form)
            if lemma in found:
                found[lemma].add(form)
        for lemma in wanted:
            found[lemma] |= _closed(lang, lemma, found[lemma])
    return {lemma: sorted(found[lemma], key=lambda f: (f != lemma, f)) for lemma in wanted}


def _closed(lang: str, lemma: str, known: set[str]) -> set[str]:
    """Participles with all genders and numbers: a regular verb's own, and those of the forms at hand."""
    if lang not in _PARTICIPLES or not lemma.endswith(_VERB_ENDS[lang]):
        return set()
    participles = {f for f in known if f.endswith(_PARTICIPLE_ENDS[lang])}
    if lang == "it":
        participles |= {lemma[:-3] + {"are": "ato", "ire": "ito", "ere": "uto"}.get(lemma[-3:], "ato")}
    out = set()
    for participle in participles:
        stem = participle if lang == "fr" else participle[:-1]
        out |= {stem + end for end in _PARTICIPLES[lang]}
    return out


def _russian(lemmas: Iterable[str]) -> dict[str, list[str]]:
    analyzer = pymorphy3.MorphAnalyzer(lang="ru")
    out = {}
    for lemma in lemmas:
        parses = [p for p in analyzer.parse(lemma) if p.normal_form.replace("ё", "е") == lemma.replace("ё", "е")]
        known = {form.word for parse in parses[:2] for form in parse.lexeme}
        out[lemma] = sorted(known | {lemma}, key=lambda f: (f != lemma, f))
    return out


def expand(request: Mapping[str, Iterable[str]]) -> dict[str, dict[str, list[str]]]:
    """Forms of all lemmas of all languages asked for."""
    return {lang: forms(lang, lemmas) for lang, lemmas in sorted(request.items())}


if __name__ == "__main__":
    json.dump(expand(json.load(sys.stdin)), sys.stdout, ensure_ascii=False)
