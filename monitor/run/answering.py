"""What a worker answers: calls by name, each with its value or what it raised, and values in the form in which they travel.
Decides nothing."""

from __future__ import annotations

import copyreg
import importlib
import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any

import monitor.model


def answer(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, Any]:
    """Runs ``module:name``. Gives "" and its value, or the class name of what it raised and what that said."""
    module, _, attribute = name.partition(":")
    try:
        return "", getattr(importlib.import_module(module), attribute)(*args, **kwargs)
    except Exception as exc:  # noqa: BLE001 - the guard around a worker's call: the parent decides what it means
        return fault(exc)


def answer_all(*calls: tuple[str, tuple[Any, ...], Mapping[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Several calls, each with its answer."""
    return tuple(answer(*call) for call in calls)


def fault(exc: Exception) -> tuple[str, tuple[str, tuple[str, ...]]]:
    """An exception as a value: its class name, its message, and those of its arguments that are text."""
    said = tuple(_cleaned(str(part)) for part in exc.args[:4] if isinstance(part, str))
    return type(exc).__name__, (_cleaned(str(exc)), said)


def _cleaned(text: str) -> str:
    return text[:500].encode("utf-8", "replace").decode()


def dumps(value: Any) -> bytes:
    """A pickle in which values of the model are calls of their classes: half the cost of what dataclasses with slots do of
    themselves, which look up their fields for each value on both sides. Enums, too: those of early Python 3.11, of Debian
    12's 3.11.2 as well, pickle themselves as a call of ``getattr``, which the service takes from no worker."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.dispatch_table = _TABLE
    pickler.dump(value)
    return buffer.getvalue()


def _as_member(member: Enum) -> tuple[type[Enum], tuple[Any]]:
    return type(member), (member.value,)


def _as_call(kind: type[Any], names: list[str]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    values_of = attrgetter(*names)
    return lambda value: (kind, values_of(value))


_TABLE: dict[type[Any], Callable[[Any], Any]] = {
    **copyreg.dispatch_table,
    **{
        kind: _as_call(kind, [field.name for field in fields(kind)])
        for kind in vars(monitor.model).values()
        if isinstance(kind, type) and is_dataclass(kind) and len(fields(kind)) > 1
    },
    **{kind: _as_member for kind in vars(monitor.model).values() if isinstance(kind, type) and issubclass(kind, Enum)},
}
