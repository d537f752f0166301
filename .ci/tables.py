"""Prints monitor/store/tables.py, made of the SQLModel classes in monitor/store/rows.py. Used by ``make tables``."""

from __future__ import annotations

import sys

from sqlalchemy import Column, Table
from sqlalchemy.types import String, TypeEngine

from monitor.store.rows import metadata
from monitor.store.types import UtcDateTime

HEAD = '''"""The tables for statements, written by ``make tables`` from the SQLModel classes in rows.py: change them there.

SQLAlchemy Core only, without indexes (migrations make those), so that a command starts without building models.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

from monitor.store.types import UtcDateTime

metadata = MetaData()
BIG = BigInteger().with_variant(Integer, "sqlite")
'''


def shown(kind: TypeEngine[object]) -> str:
    """A column's type as it is written in tables.py."""
    if isinstance(kind, UtcDateTime):
        return "UtcDateTime"
    name = type(kind).__name__
    return {"AutoString": String.__name__, "BigInteger": "BIG"}.get(name, name)


def column(found: Column[object]) -> str:
    """One column. A default of a Python value stays: inserts leave such columns out."""
    parts = [
        f'"{found.name}"',
        shown(found.type),
        *(f'ForeignKey("{key.target_fullname}")' for key in found.foreign_keys),
    ]
    if found.primary_key:
        parts.append("primary_key=True")
    elif not found.nullable:
        parts.append("nullable=False")
    if found.default is not None:
        parts.append(f"default={found.default.arg!r}")
    return f"Column({', '.join(parts)}),"


def table(found: Table) -> str:
    more = ["sqlite_autoincrement=True,"] if found.dialect_options["sqlite"]["autoincrement"] else []
    return "\n".join(
        [f"{found.name} = Table(", f'"{found.name}",', "metadata,", *map(column, found.columns), *more, ")"]
    )


sys.stdout.write("\n".join([HEAD, *(table(each) for each in metadata.tables.values()), ""]))
