"""Rule folders to one plain source: read strictly, validated, laid over one another. Collects every fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.errors import RuleError
from monitor.rulebook.schema import FILES
from monitor.rulebook.strict import Document, read

Source = dict[str, Any]


def rule_files(dirs: Sequence[Path]) -> list[tuple[str, Path, str]]:
    """(kind, path, name in messages) of every rule file, shipped folder first. Other files are left alone."""
    out = []
    for folder in dirs:
        for kind in FILES:
            paths = [folder / "weights.yaml"] if kind == "weights" else sorted((folder / kind).glob("*.y*ml"))
            out += [(kind, p, str(p)) for p in paths if p.is_file()]
    return out


def gather(files: Iterable[tuple[str, Path, str]]) -> tuple[Source, list[RuleError]]:
    """The merged source of all files, and the faults. Later files win by id; ``enabled: false`` switches off."""
    source: Source = {"entities": {}, "concepts": {}, "languages": {}, "rules": {}, "topics": {}, "weights": None}
    errors: list[RuleError] = []
    owners: dict[tuple[str, str], tuple[str, int, str]] = {}
    for kind, path, shown in files:
        document = read(path, shown)
        errors += document.errors
        if document.errors:
            continue
        value, faults = validated(kind, document)
        errors += faults
        if value is not None:
            errors += _lay_over(source, kind, value, document, str(path.parent.parent), owners)
    for part in ("entities", "concepts", "languages", "rules"):
        source[part] = {k: v for k, v in source[part].items() if v.get("enabled", True)}
    return source, errors


def validated(kind: str, document: Document) -> tuple[dict[str, Any] | None, list[RuleError]]:
    """The document's value checked against its schema, as plain values without defaults."""
    try:
        model = FILES[kind].model_validate(document.value if document.value is not None else {})
    except ValidationError as exc:
        return None, [document.fault(_said(e), _place(e["loc"])) for e in exc.errors(include_url=False)]
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True), []


def _place(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(part for part in loc if not (isinstance(part, str) and part.startswith(("function-", "literal["))))


def _said(error: Any) -> str:
    where = ".".join(str(p) for p in _place(error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key; check its spelling"
    if error["type"] == "missing":
        return f"{where}: is missing"
    return f"{where}: {error['msg']}"


def _lay_over(
    source: Source,
    kind: str,
    value: dict[str, Any],
    document: Document,
    layer: str,
    owners: dict[tuple[str, str], tuple[str, int, str]],
) -> list[RuleError]:
    """Adds one file's items; an id that stands twice within one layer is a fault."""
    if kind == "weights":
        source["weights"] = value
        return []
    errors = []
    for part, item_id, item, place in _items(kind, value):
        line = document.line(place)
        known = owners.get((part, item_id))
        if known and known[2] == layer:
            errors.append(
                RuleError(f"{item_id} stands here and in {known[0]}:{known[1]}", file=document.file, line=line)
            )
        owners[part, item_id] = (document.file, line, layer)
        item["at"] = [document.file, line]
        if kind == "languages":
            item["lines"] = {concept: document.line(("words", concept)) for concept in value["words"]}
        source[part][item_id] = item
    return errors


def _items(kind: str, value: dict[str, Any]) -> list[tuple[str, str, dict[str, Any], tuple[str | int, ...]]]:
    if kind == "languages":
        return [("languages", value["language"], value, ())]
    if kind == "announcements":
        rules = [("rules", r["id"], r, ("rules", i)) for i, r in enumerate(value.get("rules", []))]
        return [*rules, *(("topics", k, t, ("topics", k)) for k, t in value.get("topics", {}).items())]
    return [(kind, k, v, (kind, k)) for k, v in value[kind].items()]
