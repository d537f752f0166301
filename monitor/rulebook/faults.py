"""Faults and warnings of a rule set, each with its place; and those that no schema can find in words and ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.errors import RuleError
from monitor.rulebook.files import Source
from monitor.rulebook.forms import Forms
from monitor.rulebook.ruleset import Term


class Faults:
    """Errors and warnings of one compilation, each with the place of the item that has it. ``broken`` ids have a fault of
    their own, which is told already."""

    def __init__(self, broken: frozenset[str], warnings: list[str]) -> None:
        self.broken = broken
        self.errors: list[RuleError] = []
        self.warnings = warnings

    def error(self, item: Mapping[str, Any], message: str, part: str = "") -> None:
        file, line = self._place(item, part)
        self.errors.append(RuleError(message, file=file, line=line))

    def undefined(self, item: Mapping[str, Any], named: str, message: str, part: str = "") -> None:
        """``item`` names an id that no file defines."""
        if self.broken.isdisjoint((named, "*")):
            self.error(item, message, part)

    def warn(self, item: Mapping[str, Any], message: str, part: str = "") -> None:
        file, line = self._place(item, part)
        self.warnings.append(f"{file}:{line}: {message}")

    @staticmethod
    def _place(item: Mapping[str, Any], part: str) -> tuple[str, int]:
        file, line = item.get("places", {}).get(part) or item.get("at") or ("", 0)
        return file, line


def lint(source: Source, forms: Forms, terms: list[Term], faults: Faults) -> None:
    """Words that cannot work: lemmas without forms, concepts without words, ids that nothing defines."""
    for lang, table in source["languages"].items():
        for concept, words in table["words"].items():
            for lemma in words.get("lemmas", ()):
                if lang != "zh" and len(forms.get(lang, {}).get(lemma, ())) < 2:
                    faults.warn(
                        table,
                        f"words.{concept}: the dictionary knows no forms of {lemma!r}: list them under also",
                        concept,
                    )
    spoken = {t.ref for t in terms if t.kind == "concept"} | set(source["silent"])
    for concept, c in source["concepts"].items():
        if source["languages"] and concept not in spoken:
            faults.warn(c, f"{concept} is unreachable: no language has words for it")
    known = source["entities"].keys() | {"many", "open"}
    for entity_id, e in source["entities"].items():
        for items in [*e.get("names", {}).values(), *e.get("metonyms", {}).values(), e.get("short", [])]:
            for item in items:
                if item.get("needs") and item["needs"] not in known:
                    faults.undefined(e, item["needs"], f"{entity_id} needs {item['needs']}, which no file defines")
    for topic_id, t in source["topics"].items():
        for party in {p for pair in t.get("pairs", ()) for p in pair} - known:
            faults.undefined(t, party, f"topic {topic_id} names {party}, which no file defines")
    for rule in source["rules"].values():
        for topic in rule.get("topics", ()):
            if topic not in source["topics"]:
                faults.undefined(rule, topic, f"rule {rule['id']} names the topic {topic}, which no file defines")
