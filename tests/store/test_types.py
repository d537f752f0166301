"""Times in SQLite are the text that SQLAlchemy's own type would write and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from monitor.store.types import UtcDateTime

DIALECT = sqlite.dialect()
BIND = UtcDateTime().bind_processor(DIALECT)
READ = UtcDateTime().result_processor(DIALECT, None)
PLAIN = sqlite.DATETIME().bind_processor(DIALECT)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_a_time_is_written_as_ever_and_comes_back(value: datetime) -> None:
    assert BIND is not None
    assert READ is not None
    assert PLAIN is not None
    written = BIND(value)
    assert written == PLAIN(value.astimezone(UTC).replace(tzinfo=None))
    read = READ(written)
    assert read == value
    assert read is not None
    assert read.tzinfo is UTC


def test_no_time_is_none_and_a_time_without_zone_is_refused() -> None:
    assert BIND is not None
    assert READ is not None
    assert BIND(None) is None
    assert READ(None) is None
    with pytest.raises(ValueError, match="without zone"):
        BIND(datetime(2026, 11, 21))  # noqa: DTZ001
