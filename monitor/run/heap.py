"""What the garbage collector need not look at: rules, matcher and imports stay as long as the service runs, and going
through their million objects again and again cost a tenth of a poll."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def made_to_stay() -> Iterator[None]:
    """What is made in the block is not looked at by the collector, neither while it is made nor later. What was made to
    stay before, and is no longer in use, goes first."""
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count():
            gc.unfreeze()
            gc.collect()
        gc.freeze()
        gc.enable()
