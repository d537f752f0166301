"""Column types of both dialects, and the JSON in which whole values of the model are kept. Internal to the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from monitor.model import FeedSpec

T = TypeVar("T")


_TEXT_CHARS = len("2026-11-21 12:00:00.000000")


@lru_cache(maxsize=512)  # a batch binds the same moment hundreds of times
def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is UTC:
        return value.isoformat(" ", "microseconds")[:_TEXT_CHARS]
    if value.tzinfo is None:
        raise ValueError(f"a time without zone reached the store: {value!r}")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:_TEXT_CHARS]


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out; ``timestamptz`` on PostgreSQL, text without zone on SQLite (which has no such type)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite straight to the text that it stores: a poll of 30 new entries binds 400 times."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """On SQLite straight from the text."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone reached the store: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_adapters: dict[Any, TypeAdapter[Any]] = {}  # building one costs a millisecond


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_json(value: Any) -> str:
    """A value of the model as JSON text; ``from_json`` with its type gives an equal value back."""
    return _adapter(type(value)).dump_json(value).decode()


def from_json(kind: type[T], text: str | bytes) -> T:
    """The value of type ``kind`` that ``to_json`` wrote."""
    value: T = _adapter(kind).validate_json(text)
    return value


@lru_cache(maxsize=4096)
def spec_from_json(text: str) -> FeedSpec:
    """A feed's specification: immutable, and read again at each of its polls and for each of its articles."""
    return from_json(FeedSpec, text)
