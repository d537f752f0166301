"""What is made to stay is left alone by the collector, and goes when something else takes its place."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from monitor.heap import let_go, made_to_stay


class Knot:
    """Only the collector can take it away."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_stays_is_not_looked_at_and_the_collector_works_on() -> None:
    with made_to_stay():
        kept = [Knot() for _ in range(1000)]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(kept)


def test_what_stayed_before_goes_when_it_is_replaced() -> None:
    with made_to_stay():
        first = Knot()
    gone = weakref.ref(first)
    with made_to_stay(instead=True):
        del first
        second = Knot()
    assert gone() is None
    assert second.own is second


def test_what_was_let_go_is_collected_like_anything_else() -> None:
    with made_to_stay():
        first = Knot()
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is not None
    let_go()
    gc.collect()
    assert gone() is None


def test_a_fault_leaves_the_collector_working() -> None:
    with pytest.raises(ValueError, match="rules"), made_to_stay():
        raise ValueError("rules")
    assert gc.isenabled()
