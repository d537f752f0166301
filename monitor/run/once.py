"""``once``: every due feed is asked once, everything that follows from it is done, then it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.run.collect import CollectStep
from monitor.run.driver import Driver
from monitor.run.poll import PollStep


@dataclass(frozen=True, slots=True)
class Summary:
    """What one run did: the counts of each step."""

    started_at: datetime
    ended_at: datetime
    steps: Mapping[str, Mapping[str, int]]


async def run_once(driver: Driver, poll: PollStep, collect: CollectStep, clock: Callable[[], datetime]) -> Summary:
    """Works until nothing is due. Pacing is waited for; what is to be tried later is left for later. What went over an
    hourly cap leaves at the end, in one message."""
    started_at = clock()
    poll.ask_each_once(started_at)
    collect.hold()
    await driver.run(until_idle=True)
    collect.finish()
    driver.wake()
    await driver.run(until_idle=True)
    return Summary(started_at, clock(), driver.totals)
