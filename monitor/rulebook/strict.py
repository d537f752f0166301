"""Reads YAML that a person wrote and refuses what YAML would quietly get wrong.

Duplicate keys (PyYAML takes the last), anchors and aliases (alias bombs), tags (``!!python/...``), and words that YAML
1.1 turns into booleans or numbers (``NO`` becomes False, Norway disappears) are faults with file and line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from monitor.errors import RuleError

_MAX_BYTES = 4_000_000
_MAX_DEPTH = 24
_PLAIN = "tag:yaml.org,2002:"
Place = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """The value of one file and the line of each of its nodes, found by the path of keys and indexes to it."""

    file: str
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    errors: list[RuleError] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """Line of the node at ``place`` or of its nearest known ancestor."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def fault(self, message: str, place: Place = ()) -> RuleError:
        return RuleError(message, file=self.file, line=self.line(place))


def read(path: Path, shown: str = "") -> Document:
    """The file as a strict document; every fault in it stands in ``errors``, none is raised."""
    try:
        raw = path.read_bytes()
    except OSError as exc:
        document = Document(shown or str(path))
        document.errors.append(RuleError(f"cannot be read: {exc.strerror}", file=document.file))
        return document
    return parse(raw, shown or str(path))


def parse(raw: bytes, file: str) -> Document:
    """As ``read``, for bytes already at hand; ``file`` names them in messages."""
    document = Document(file)
    if len(raw) > _MAX_BYTES:
        document.errors.append(RuleError(f"larger than {_MAX_BYTES} bytes: split it", file=file))
        return document
    try:
        text = raw.decode("utf-8-sig")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as exc:
        document.errors.append(RuleError(f"is not UTF-8 (byte {exc.start})", file=file))
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else 0
        document.errors.append(RuleError(f"not YAML: {exc.problem or exc.context}", file=file, line=line))
    except (yaml.YAMLError, RecursionError) as exc:
        document.errors.append(RuleError(f"not YAML: {exc}", file=file, line=1))
    else:
        if node is not None:
            document.value = _Reader(document).value(node, ())
    return document


class _Reader:
    """Turns nodes into plain values, once each, noting faults."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()
        self.readers: dict[type, Callable[[Any, Place], Any]] = {
            yaml.ScalarNode: self.scalar,
            yaml.SequenceNode: self.sequence,
            yaml.MappingNode: self.mapping,
        }

    def fault(self, message: str, node: yaml.Node) -> None:
        line = node.start_mark.line + 1
        self.document.errors.append(RuleError(message, file=self.document.file, line=line))

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.document.lines[place] = node.start_mark.line + 1
        if len(place) > _MAX_DEPTH:
            self.fault("nested too deeply", node)
            return None
        if not isinstance(node, yaml.ScalarNode):
            if id(node) in self.seen:
                self.fault("YAML aliases are not allowed: write the value out", node)
                return None
            self.seen.add(id(node))
        elif id(node) in self.seen:
            self.fault("YAML aliases are not allowed: write the value out", node)
        else:
            self.seen.add(id(node))
        if not node.tag.startswith(_PLAIN) or node.tag.startswith(_PLAIN + "python"):
            self.fault(f"the tag {node.tag} is not allowed", node)
            return None
        return self.readers[type(node)](node, place)

    def scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        kind, text = node.tag.removeprefix(_PLAIN), node.value
        if kind == "bool":
            if text in ("true", "false"):
                return text == "true"
            self.fault(f"{text} reads as a yes-or-no value in YAML: write it in quotes, or as true or false", node)
            return text
        if kind == "null":
            return None
        try:
            if kind == "int":
                return int(text)
            if kind == "float":
                return float(text)
        except ValueError:
            self.fault(f"{text} reads as a number of another base in YAML: write it in quotes", node)
            return text
        if kind in ("str", "timestamp"):
            return text
        self.fault(f"the tag {node.tag} is not allowed", node)
        return None

    def sequence(self, node: yaml.SequenceNode, place: Place) -> list[Any]:
        return [self.value(child, (*place, i)) for i, child in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        out: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, child in node.value:
            key = self.value(key_node, (*place, "?"))
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                if not isinstance(key, bool):
                    self.fault(
                        f"the key {getattr(key_node, 'value', '')!r} must be a word: write it in quotes", key_node
                    )
                continue
            if key in out:
                self.fault(f"the key {key} stands here and on line {first[key]}: keep one", key_node)
                continue
            first[key] = line
            out[key] = self.value(child, (*place, key))
            self.document.lines[(*place, key)] = line
        return out
