"""Imports point one way (docs/architecture.md). A module may import from lower layers and from its own package only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "monitor"

# highest first; names on one line are siblings and do not import one another
LAYERS = (
    ("__main__",),
    ("cli",),
    ("console",),
    ("app",),
    ("run",),
    ("sources", "extract", "match", "story", "alert", "quality", "watch", "store", "fetch"),
    ("rulebook",),
    ("text",),
    ("config",),
    ("model",),
    ("errors", "heap"),
)
RANK = {name: len(LAYERS) - depth for depth, names in enumerate(LAYERS) for name in names}


def imports(source: str) -> list[tuple[int, str]]:
    """Line and top name (under monitor) of each import of ours, wherever it stands in the file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            module = node.module or ""
            if module == "monitor":
                found += [(node.lineno, alias.name) for alias in node.names if alias.name != "__version__"]
            elif module.startswith("monitor."):
                found.append((node.lineno, module.split(".")[1]))
        elif isinstance(node, ast.Import):
            found += [
                (node.lineno, alias.name.split(".")[1]) for alias in node.names if alias.name.startswith("monitor.")
            ]
    return found


def faults(name: str, source: str) -> list[str]:
    """What is wrong with the imports of a module that lives in the layer ``name``."""
    return [
        f"line {line}: {name} imports {target}"
        for line, target in imports(source)
        if target != name and RANK[target] >= RANK[name]
    ]


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert faults(name, path.read_text(encoding="utf-8")) == []


def test_an_import_that_points_up_or_sideways_is_found() -> None:
    assert faults("story", "from monitor.run import steps") == ["line 1: story imports run"]
    assert faults("story", "def f():\n    from monitor.alert import render") == ["line 2: story imports alert"]
    assert faults("story", "from monitor.model import Story\nfrom monitor.text import fold") == []
