"""A number with its noun, for what the command line, the log and stored reasons say in English. Messages and pages have their
plurals in their catalogues."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """``1 feed``, ``2 feeds``; ``many`` where the plural is not ``one`` with an s."""
    return f"{number} {one if number == 1 else many or one + 's'}"
