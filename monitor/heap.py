"""What the garbage collector need not look at: rules, matcher and imports stay as long as the service runs, and going
through their million objects again and again cost a tenth of a poll, and a seventh of a start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection while a hundred thousand small values are made that all stay: it was half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def made_to_stay(*, instead: bool = False) -> Iterator[None]:
    """What is made in the block is not looked at by the collector, neither while it is made nor later, until ``let_go``.
    With ``instead``, what was made to stay before and is no longer in use goes first."""
    gc.disable()
    try:
        yield
    finally:
        if instead:
            gc.unfreeze()
            gc.collect()
        gc.freeze()
        gc.enable()


def let_go() -> None:
    """Ends the stay: the collector looks at everything again."""
    gc.unfreeze()
