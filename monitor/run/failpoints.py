"""Named places where a test may end the process: ``COOPWATCH_FAILPOINT=name:action[:n]`` acts when the name is passed for
the n-th time (1). Actions: ``kill`` (SIGKILL to the process group), ``stop`` (SIGSTOP, so that the test kills from outside),
``block`` (five minutes in which the thread that passes does nothing else) and ``raise``. Costs one look into a dictionary
where none is armed.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from monitor.errors import ConfigError

ACTIONS = ("kill", "stop", "block", "raise")
BLOCKED_S = 300.0

# Every point that the code passes, in the order of the flow; a test holds this list and the code together.
POINTS = (
    "start.opened",
    "start.synced",
    "poll.claimed",
    "poll.answered",
    "poll.parsed",
    "poll.decided",
    "poll.committed",
    "read.claimed",
    "read.answered",
    "read.extracted",
    "read.commit",
    "read.committed",
    "match.claimed",
    "match.judged",
    "match.placed",
    "match.decided",
    "match.rendered",
    "match.committed",
    "deliver.claimed",
    "deliver.send",
    "deliver.sent",
    "deliver.commit",
    "deliver.committed",
    "digest.rendered",
    "digest.committed",
    "upkeep.begin",
    "upkeep.end",
    "stop.drained",
)


class FailpointError(Exception):
    """Raised by the action ``raise``."""


@dataclass(slots=True)
class _Armed:
    name: str
    action: str
    after: int


_armed: list[_Armed] = []


def arm(text: str) -> None:
    """Arms the points in ``text`` (several with commas); an empty text disarms all. Raises ConfigError."""
    _armed.clear()
    for part in filter(None, text.split(",")):
        name, _, rest = part.strip().partition(":")
        action, _, count = rest.partition(":")
        if name not in POINTS or action not in ACTIONS or not (count or "1").isdigit():
            raise ConfigError(f"COOPWATCH_FAILPOINT: {part!r} is not NAME:ACTION[:N] with a known name and action")
        _armed.append(_Armed(name, action, int(count or 1)))


def failpoint(name: str) -> None:
    """Acts when this point is armed and was passed often enough."""
    for armed in _armed:
        if armed.name == name:
            armed.after -= 1
            if armed.after == 0:
                _act(armed)


def _act(armed: _Armed) -> None:
    if armed.action == "raise":
        raise FailpointError(armed.name)
    if armed.action == "block":
        time.sleep(BLOCKED_S)
    elif armed.action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        os.killpg(os.getpgrp(), signal.SIGKILL)
