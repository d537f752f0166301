"""Faults over time -> episodes: one message when something goes wrong, a reminder while it lasts, one when it ends. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model import Episode
from monitor.watch.facts import Fault, HealthKind

REMIND_AFTER = timedelta(hours=24)  # [watch] remind_every
# an end is believed once the fault has been away this long: a feed that flaps is one episode, not ten mails
CALM_FOR = timedelta(minutes=20)  # [watch] calm_for
# these are told at their start and never reminded: there is nothing to wait for
ONCE = frozenset(
    {
        HealthKind.FEED_GONE,
        HealthKind.FEED_SILENT,
        HealthKind.FEED_STALE,
        HealthKind.CLOCK_JUMPED,
        HealthKind.DEAD_LETTERS,
    }
)


class Moment(StrEnum):
    START = "start"
    REMINDER = "reminder"
    END = "end"


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told now about one episode."""

    moment: Moment
    episode: Episode


def advance(
    open_episodes: Sequence[Episode],
    found: Sequence[Fault],
    now: datetime,
    *,
    remind_after: timedelta = REMIND_AFTER,
    calm_for: timedelta = CALM_FOR,
) -> tuple[tuple[Episode, ...], tuple[News, ...]]:
    """The episodes after ``now`` (ended ones carry ``ended_at``) and what to tell. Run twice with the same facts, the second
    run tells nothing."""
    by_key = {fault.key: fault for fault in found}
    known = {episode.key for episode in open_episodes}
    after: list[Episode] = []
    news: list[News] = []
    for episode in open_episodes:
        moved, moment = _step(episode, by_key.get(episode.key), now, remind_after, calm_for)
        after.append(moved)
        if moment is not None:
            news.append(News(moment, moved))
    for fault in found:
        if fault.key not in known:
            episode = Episode(fault.key, fault.kind, fault.words, now, now, fault.things)
            after.append(episode)
            news.append(News(Moment.START, episode))
    return tuple(after), tuple(news)


def _step(
    episode: Episode, fault: Fault | None, now: datetime, remind_after: timedelta, calm_for: timedelta
) -> tuple[Episode, Moment | None]:
    if fault is not None:
        seen = replace(episode, words=fault.words, things=fault.things, calm_since=None)
        if now - episode.told_at >= remind_after and episode.kind not in ONCE:
            return replace(seen, told_at=now), Moment.REMINDER
        return seen, None
    if episode.calm_since is None:
        return replace(episode, calm_since=now), None
    if now - episode.calm_since >= calm_for:
        return replace(episode, ended_at=now, told_at=now), Moment.END
    return episode, None
