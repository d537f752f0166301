"""Rule folders to one plain source: read strictly, validated, laid over one another. Collects every fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.errors import RuleError
from monitor.rulebook.files import Source
from monitor.rulebook.schema import FILES
from monitor.rulebook.strict import Document, Place, read
from monitor.rulebook.wordschema import TAG

_PARTS = ("entities", "concepts", "languages", "rules", "topics")


@dataclass(slots=True)
class Gathered:
    """The merged source of all files, its faults, and the ids that faulty items would have defined."""

    source: Source
    errors: list[RuleError] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    owners: dict[tuple[str, str], tuple[str, int, str]] = field(default_factory=dict)


def gather(files: Iterable[tuple[str, Path, str]]) -> Gathered:
    """Reads and merges all files. Later files win by id, ``adds: true`` joins, ``enabled: false`` switches off. A faulty item
    is left out, so that the others can still be looked at."""
    made = Gathered({part: {} for part in _PARTS} | {"weights": None, "warnings": [], "silent": []})
    for kind, path, shown in files:
        document = read(path, shown)
        made.errors += document.errors
        if document.value is None and document.errors:
            made.broken.add("*")  # what it defines is unknown
            continue
        value, faults, broken = validated(kind, document)
        made.errors += faults
        made.broken |= broken
        if value is not None:
            _lay_over(made, kind, value, document, str(path.parent.parent))
    concepts = made.source["concepts"]
    made.source["silent"] = [k for k, v in concepts.items() if v.pop("silent", False)]
    for part in _PARTS:
        made.source[part] = {k: v for k, v in made.source[part].items() if v.get("enabled", True)}
    return made


def validated(kind: str, document: Document) -> tuple[dict[str, Any] | None, list[RuleError], set[str]]:
    """The document's value checked against its schema, as plain values without defaults; its faults; the ids of the items
    that have one and are left out."""
    value = document.value if document.value is not None else {}
    try:
        return _dumped(kind, value), [], set()
    except ValidationError as exc:
        faults = [document.fault(_said(e), _place(e["loc"])) for e in exc.errors(include_url=False)]
        broken = {_place(e["loc"])[:2] for e in exc.errors(include_url=False)}
    rest, ids = _without(value, broken)
    try:
        good = None if rest is None else _dumped(kind, rest)
    except ValidationError:
        return None, faults, {*ids, "*"}
    if good is not None and "rules" in good:  # where a rule stands in its file tells its line
        for index in sorted(int(place[1]) for place in broken if place[0] == "rules"):
            good["rules"].insert(index, None)
    return good, faults, ids


def _dumped(kind: str, value: Any) -> dict[str, Any]:
    model = FILES[kind].model_validate(value)
    return dict(model.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _without(value: Any, broken: set[Place]) -> tuple[dict[str, Any] | None, set[str]]:
    """A file's value without its broken items, and their ids; None and "*" where the fault is not within an item."""
    if not isinstance(value, dict) or any(
        len(place) < 2 or not isinstance(value[place[0]], dict | list) for place in broken
    ):
        return None, {"*"}
    out: dict[str, Any] = {}
    ids: set[str] = set()
    for part, items in value.items():
        bad = {place[1] for place in broken if place[0] == part}
        if isinstance(items, dict):
            out[part] = {k: v for k, v in items.items() if k not in bad}
            ids |= {str(k) for k in bad}
        elif isinstance(items, list):
            out[part] = [v for i, v in enumerate(items) if i not in bad]
            ids |= {str(v["id"]) for i, v in enumerate(items) if i in bad and isinstance(v, dict) and "id" in v}
        else:
            out[part] = items
    return out, ids


def _place(loc: tuple[int | str, ...]) -> Place:
    return tuple(p for p in loc if not (isinstance(p, str) and p.startswith(("function-", "literal[", TAG))))


def _said(error: Any) -> str:
    where = ".".join(str(p) for p in _place(error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key; check its spelling"
    if error["type"] == "missing":
        return f"{where}: is missing"
    return f"{where}: {error['msg']}" if where else str(error["msg"])


def _lay_over(made: Gathered, kind: str, value: dict[str, Any], document: Document, layer: str) -> None:
    """Adds one file's items; an id that stands twice within one layer is a fault."""
    if kind == "weights":
        made.source["weights"] = value
        return
    for part, item_id, item, place in _items(kind, value):
        line = document.line(place)
        below = made.source[part].get(item_id)
        item["at"] = [document.file, line]
        if part in ("languages", "rules"):
            item["places"] = _places(part, item, document, place)
        if item.pop("adds", False):
            made.source[part][item_id] = _joined(below or {}, item)
            if below is None:
                message = f"{item_id} adds to what no earlier file defines: check the id, or leave out adds"
                made.errors.append(RuleError(message, file=document.file, line=line))
            continue
        known = made.owners.get((part, item_id))
        if known and known[2] == layer:
            message = f"{item_id} stands here and in {known[0]}:{known[1]}"
            made.errors.append(RuleError(message, file=document.file, line=line))
        if below is None and not item.get("enabled", True):
            made.source["warnings"].append(
                f"{document.file}:{line}: {item_id} is switched off and no earlier folder has it"
            )
        elif part == "concepts" and not item.get("enabled", True):
            item = {**below, "silent": True}  # rules and languages still name it: only its words go
        made.owners[part, item_id] = (document.file, line, layer)
        made.source[part][item_id] = item


def _places(part: str, item: dict[str, Any], document: Document, place: Place) -> dict[str, tuple[str, int]]:
    """Where the words of a language's concepts, or the examples of a rule, stand."""
    if part == "languages":
        return {concept: (document.file, document.line(("words", concept))) for concept in item.get("words", {})}
    return {
        f"{key}.{i}": (document.file, document.line((*place, "examples", key, i)))
        for key, examples in item.get("examples", {}).items()
        for i in range(len(examples))
    }


def _joined(below: Any, above: Any) -> Any:
    """Lists one after the other, tables key by key, and of plain values the later."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {k: v if k == "at" else _joined(below[k], v) if k in below else v for k, v in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *(v for v in above if v not in below)]
    return above


def _items(kind: str, value: dict[str, Any]) -> list[tuple[str, str, dict[str, Any], Place]]:
    if kind == "languages":
        return [("languages", value["language"], value, ())]
    if kind == "announcements":
        rules = [("rules", r["id"], r, ("rules", i)) for i, r in enumerate(value.get("rules", [])) if r is not None]
        return [*rules, *(("topics", k, t, ("topics", k)) for k, t in value.get("topics", {}).items())]
    return [(kind, k, v, (kind, k)) for k, v in value.get(kind, {}).items()]
