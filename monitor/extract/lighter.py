"""trafilatura without questions that it asks again and again. What it answers stays the same.

Its lists of what is no article ask with ``re:test`` for words in the classes and ids of each element, a dozen questions for each.
lxml makes an object of every attribute for them, with the element it belongs to, and searches the same class as often as it
stands in a page. Measured: 0.05 of 1.4 ms for a page of the bench, 1.3 of 9 ms for usual real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from lxml.etree import XPath

_NAMESPACE = "http://exslt.org/regular-expressions"
_KEPT_ANSWERS = 2048  # of each pattern; a site has a few hundred classes
_KEPT_CHARS = 200  # a longer value is asked anew: a page must not fill the memory
# of attributes alone: what else may be asked is lxml's own to answer
_OF_ATTRIBUTES = re.compile(r"re:test\(\s*@[\w-]+(?:\s*\|\s*@[\w-]+)*\s*,")


def lighten(xpaths: ModuleType) -> int:
    """Changes the expressions in the module's lists, in place, since others hold the lists; gives how many. A second call
    changes nothing more."""
    changed = 0
    for expressions in vars(xpaths).values():
        if isinstance(expressions, list):
            for number, one in enumerate(expressions):
                if type(one) is XPath and _asks_attributes_only(one.path):
                    expressions[number] = _Lighter(one.path)
                    changed += 1
    return changed


class _Lighter(XPath):  # type: ignore[misc]  # lxml has no types
    """The same expression, with answers that are kept, and attributes as plain text."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path,
            namespaces={"re": _NAMESPACE},
            extensions={(_NAMESPACE, "test"): _test},
            regexp=False,
            smart_strings=False,
        )


def _asks_attributes_only(path: str) -> bool:
    return 0 < path.count("re:") == len(_OF_ATTRIBUTES.findall(path))


def _test(_context: Any, values: list[str], pattern: str, flags: str = "") -> bool:
    """EXSLT's test: whether the pattern is found in the first of the values; none is an empty text."""
    value = values[0] if values else ""
    search, kept = _searches(pattern, flags)
    return kept(value) if len(value) <= _KEPT_CHARS else search(value)


@lru_cache(maxsize=64)
def _searches(pattern: str, flags: str) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    compiled = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)

    def search(value: str) -> bool:
        return compiled.search(value) is not None

    return search, lru_cache(_KEPT_ANSWERS)(search)
