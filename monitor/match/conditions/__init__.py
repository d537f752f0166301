"""Conditions of rules, one module each; the module's name is the YAML key under ``when:``.

A module offers ``parse(value) -> Settings`` (raises ValueError saying what is wrong) and ``holds(settings, scene) ->
bool``. ``near`` also finds the frames that the other conditions judge.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection
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
    return Condition(name, modules[name].parse(value), modules[name].holds)


def table(name: str, value: Any, keys: Collection[str]) -> dict[str, Any]:
    """``value`` as a table with no other keys. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"when.{name}: a table with {', '.join(sorted(keys))}")
    unknown = value.keys() - set(keys)
    if unknown:
        raise ValueError(f"when.{name}: unknown key {', '.join(sorted(unknown))}; there are {', '.join(sorted(keys))}")
    return value


def words(name: str, value: Any) -> frozenset[str]:
    """``value`` as a set of ids. Raises ValueError."""
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError(f"when.{name}: a list of ids, such as [sign, agree], not {value!r}")
    return frozenset(value)


def number(name: str, value: Any, least: int) -> int:
    """``value`` as a whole number of at least ``least``. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"when.{name}: a whole number from {least} on, not {value!r}")
    return value
