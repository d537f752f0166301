"""Conditions of rules, one module each; the module's name is the YAML key under ``when:``.

A module offers ``parse(value) -> Settings`` (raises ValueError saying what is wrong) and ``holds(settings, scene) ->
bool``. ``near`` also finds the frames that the other conditions judge.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition with its settings read."""

    name: str
    settings: Any
    holds: Callable[[Any, Any], bool]


def known() -> dict[str, Any]:
    """Name to module of every condition in this package."""
    return {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)}


def parse(name: str, value: Any, modules: dict[str, Any]) -> Condition:
    """The condition a rule wrote. Raises ValueError for an unknown name or wrong settings."""
    if name not in modules:
        raise ValueError(f"when.{name}: unknown condition; there are {', '.join(sorted(modules))}")
    try:
        return Condition(name, modules[name].parse(value), modules[name].holds)
    except (TypeError, KeyError) as exc:
        raise ValueError(f"when.{name}: {exc}") from exc
