"""When a feed is asked next, where, and with which validators: pure decisions over PollState. Randomness comes in as
``spread`` in [0, 1), the clock as ``now``.

Rules: intervals follow a feed's own rhythm; hints of the publisher lengthen them within floor and cap; failures back off
to the cap and never end by themselves; permanent redirects and 410 are believed only when seen over time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.fetch.answers import Document, NotModified, Problem, Trouble, hint_s
from monitor.fetch.state import PollState, joined_prints
from monitor.model import FeedState, HttpAnswer

UNMODIFIED_MAX = 50  # 304s in a row after which the whole is fetched once: some servers say 304 for ever
MOVE_SIGHTINGS = 3  # of the same permanent target, besides move_after
GONE_SIGHTINGS = 3
_GONE_PROBE_S = 7 * 86400.0  # a retired feed is looked at this seldom
_SHARE = 8.0  # an interval is this part of the usual time between two entries ...
_OWN_CAP_SHARE = 8.0  # ... and at most this part of the cap, unless the publisher asks for more
_JITTER = 0.1  # intervals are lengthened by up to this part, never shortened: hints stay honoured
_RHYTHM_ENTRIES = 20  # newest dated entries whose span tells the rhythm
_RHYTHM_MIN = 5
_SILENT_S = 7 * 86400.0
_SILENT_RHYTHMS = 5.0
_ZOMBIE_S = 365 * 86400.0
_PERMANENT = frozenset({301, 308})
# what a good poll leaves of the troubles before it
_WELL: dict[str, Any] = {
    "weight": 0.0,
    "failures": 0,
    "failing_since_at": None,
    "problem": "",
    "detail": "",
    "status": 0,
    "gone_seen": 0,
    "gone_since_at": None,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """The settings that polling follows; durations in seconds."""

    min_interval_s: float = 900.0
    max_interval_s: float = 86400.0
    move_after_s: float = 86400.0
    gone_after_s: float = 86400.0
    full_refetch_after_s: float = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Read:
    """What a document was found to hold. ``dates`` are those of the entries that were parsed."""

    new: int
    listed: int
    prints: tuple[bytes, ...] = ()
    stretch: str = ""
    dates: tuple[datetime, ...] = ()
    hint_s: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    gap: bool = False
    cut: bool = False  # the document broke off: its validators and hash are not kept
    body_hash: str = ""
    parsed: bool = True  # False: the scan alone showed that nothing is new, so hints and dates are the old ones


@dataclass(frozen=True, slots=True)
class Settled:
    """What a poll leaves: the new state, and when and where the feed is asked next."""

    state: PollState
    due_at: datetime
    interval_s: float
    url: str
    feed_state: FeedState


def is_full_fetch_due(state: PollState, now: datetime, pace: Pace) -> bool:
    """Whether the next request must be unconditional."""
    if state.full_at is None or state.unmodified >= UNMODIFIED_MAX:
        return True
    return (now - state.full_at).total_seconds() >= pace.full_refetch_after_s


def validators(state: PollState, now: datetime, pace: Pace) -> tuple[tuple[str, str], ...]:
    """The headers of a conditional request, byte for byte as they were received; empty when there are none or a full
    fetch is due."""
    if is_full_fetch_due(state, now, pace):
        return ()
    found = (("If-None-Match", state.etag), ("If-Modified-Since", state.last_modified))
    return tuple((name, value) for name, value in found if value)


def clamped(interval_s: float, pace: Pace) -> float:
    """An interval between floor and cap."""
    return min(max(interval_s, pace.min_interval_s), pace.max_interval_s)


def own_interval_s(state: PollState, now: datetime, pace: Pace) -> float:
    """The interval that a feed's own rhythm asks for. A feed that fell silent is asked less and less often."""
    if state.rhythm_s is None:
        return pace.min_interval_s
    silence_s = (now - state.last_new_at).total_seconds() if state.last_new_at else 0.0
    basis_s = max(state.rhythm_s, silence_s / 2)
    return max(pace.min_interval_s, min(basis_s / _SHARE, pace.max_interval_s / _OWN_CAP_SHARE))


def settle_read(
    state: PollState, url: str, found: Document, read: Read, *, now: datetime, pace: Pace, spread: float
) -> Settled:
    """After a document that was a feed."""
    answer = found.answer
    kept = replace(
        state,
        **_WELL,
        last_ok_at=now,
        etag="" if read.cut else answer.header("etag"),
        last_modified="" if read.cut else answer.header("last-modified"),
        body_hash="" if read.cut else read.body_hash,
        prints=joined_prints(read.prints, state.prints) if read.prints else state.prints,
        stretch="" if read.cut else read.stretch,
        full_at=None if read.cut else now,
        unmodified=0,
        rhythm_s=_rhythm_s(state, read, now),
        hint_s=read.hint_s if read.parsed else state.hint_s,
        skip_hours=tuple(sorted(read.skip_hours)) if read.parsed else state.skip_hours,
        skip_days=tuple(sorted(read.skip_days)) if read.parsed else state.skip_days,
        last_new_at=now if read.new else state.last_new_at,
        newest_at=max((*read.dates, *((state.newest_at,) if state.newest_at else ())), default=None),
        listed=read.listed,
        gaps=state.gaps + read.gap,
    )
    moved, url = _moved(kept, answer, url, now, pace)
    interval_s = _healthy_interval_s(moved, answer, now, pace)
    if state.full_at is None and state.last_ok_at is None:
        # one document does not prove a rhythm: dates may be those of a republished archive. Look again at the floor
        interval_s = clamped(max(pace.min_interval_s, hint_s(answer), kept.hint_s or 0.0), pace)
    if read.gap:
        interval_s = clamped(max(interval_s / 2, hint_s(answer)), pace)
    return _settled(moved, url, interval_s, now, pace, spread)


def settle_not_modified(
    state: PollState, url: str, found: NotModified, *, now: datetime, pace: Pace, spread: float
) -> Settled:
    """After a 304, or after the same bytes as before."""
    kept = replace(state, **_WELL, last_ok_at=now, unmodified=state.unmodified + 1)
    moved, url = _moved(kept, found.answer, url, now, pace)
    return _settled(moved, url, _healthy_interval_s(moved, found.answer, now, pace), now, pace, spread)


def settle_same_bytes(
    state: PollState, url: str, found: Document, *, now: datetime, pace: Pace, spread: float
) -> Settled:
    """After a 200 whose body is the one that was read before: its validators may be new, its entries are not."""
    answer = found.answer
    kept = replace(
        state,
        **_WELL,
        last_ok_at=now,
        etag=answer.header("etag"),
        last_modified=answer.header("last-modified"),
        full_at=now,
        unmodified=0,
    )
    moved, url = _moved(kept, answer, url, now, pace)
    return _settled(moved, url, _healthy_interval_s(moved, answer, now, pace), now, pace, spread)


def settle_trouble(
    state: PollState, url: str, trouble: Trouble, *, before: FeedState, now: datetime, pace: Pace, spread: float
) -> Settled:
    """After a poll that brought no feed. Deletes nothing; validators stay those of the last good document."""
    gone = trouble.kind == Problem.GONE
    kept = replace(
        state,
        weight=min(state.weight + trouble.weight, 64.0),
        failures=state.failures + 1,
        failing_since_at=state.failing_since_at or now,
        problem=trouble.kind,
        detail=trouble.detail[:300],
        status=trouble.status,
        # a target that fails is no place to move to; a hiccup of the network says nothing about it
        moved_seen=0 if trouble.status or trouble.weight == 1.0 else state.moved_seen,
        gone_seen=state.gone_seen + 1 if gone else 0,
        gone_since_at=(state.gone_since_at or now) if gone else None,
    )
    interval_s = _back_off_s(kept, trouble, own_interval_s(kept, now, pace), pace)
    feed_state = FeedState.FAILING
    if gone and (before == FeedState.GONE or _is_gone(kept, now, pace)):
        feed_state, interval_s = FeedState.GONE, max(_GONE_PROBE_S, pace.max_interval_s)
    elif gone:
        # seen often enough within gone_after to be sure, and not more often
        interval_s = max(pace.min_interval_s, min(interval_s, pace.gone_after_s / (GONE_SIGHTINGS - 1)))
    elif before == FeedState.GONE:
        feed_state, interval_s = FeedState.GONE, max(_GONE_PROBE_S, pace.max_interval_s)
    interval_s *= 1 + _JITTER * spread
    wait_s = max(interval_s, (trouble.retry_after_s or 0.0) * (1 + _JITTER * spread / 10))
    return Settled(kept, now + timedelta(seconds=wait_s), interval_s, url, feed_state)


def _is_gone(state: PollState, now: datetime, pace: Pace) -> bool:
    since = state.gone_since_at
    return state.gone_seen >= GONE_SIGHTINGS and since is not None and _passed(since, now) >= pace.gone_after_s


def _passed(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds()


def _back_off_s(state: PollState, trouble: Trouble, base_s: float, pace: Pace) -> float:
    exponent = int(state.weight) if trouble.weight < 0.5 else state.weight
    return clamped(base_s * 2.0 ** min(exponent, 30.0), pace)


def permanent_target(answer: HttpAnswer) -> str:
    """Where a chain of redirects leads by permanent steps alone: a temporary step ends what may be remembered."""
    target = ""
    for status, hop in answer.hops:
        if status not in _PERMANENT:
            break
        target = hop
    return target


def _moved(state: PollState, answer: HttpAnswer, url: str, now: datetime, pace: Pace) -> tuple[PollState, str]:
    """Counts sightings of a permanent redirect whose target is a feed; hands out the new address once it is believed."""
    target = permanent_target(answer)
    if not target or target == url:
        moving = state.moved_to or state.moved_since_at or state.moved_seen
        return (replace(state, moved_to="", moved_since_at=None, moved_seen=0) if moving else state), url
    same = target == state.moved_to and state.moved_seen > 0
    since = state.moved_since_at if same and state.moved_since_at else now
    seen = state.moved_seen + 1 if same else 1
    if seen >= MOVE_SIGHTINGS and _passed(since, now) >= pace.move_after_s:
        return replace(state, moved_to="", moved_since_at=None, moved_seen=0), target
    return replace(state, moved_to=target, moved_since_at=since, moved_seen=seen), url


def _healthy_interval_s(state: PollState, answer: HttpAnswer, now: datetime, pace: Pace) -> float:
    return clamped(max(own_interval_s(state, now, pace), hint_s(answer), state.hint_s or 0.0), pace)


def _settled(state: PollState, url: str, interval_s: float, now: datetime, pace: Pace, spread: float) -> Settled:
    interval_s *= 1 + _JITTER * spread
    due_at = allowed_from(now + timedelta(seconds=interval_s), state, now, pace)
    return Settled(state, due_at, interval_s, url, FeedState.OK)


def allowed_from(due_at: datetime, state: PollState, now: datetime, pace: Pace) -> datetime:
    """The first time from ``due_at`` on outside the feed's skipHours and skipDays (UTC); rules that would forbid every
    hour, or ask for more than the cap, are ignored."""
    if not state.skip_hours and not state.skip_days:
        return due_at
    latest = now + timedelta(seconds=pace.max_interval_s)
    moment = due_at.astimezone(UTC)
    while moment <= latest:
        if moment.hour not in state.skip_hours and moment.weekday() not in state.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return due_at


def _rhythm_s(state: PollState, read: Read, now: datetime) -> float | None:
    """The usual time between two entries: from the dates of a document, or from when new ones were seen."""
    newest = sorted((date for date in read.dates if date <= now), reverse=True)[:_RHYTHM_ENTRIES]
    if len(newest) >= _RHYTHM_MIN:
        return (newest[0] - newest[-1]).total_seconds() / (len(newest) - 1)
    if read.new and state.last_new_at is not None:
        gap_s = (now - state.last_new_at).total_seconds() / read.new
        return gap_s if state.rhythm_s is None else 0.7 * state.rhythm_s + 0.3 * gap_s
    return state.rhythm_s


def silence(state: PollState, added_at: datetime, now: datetime) -> str:
    """Plain words for a feed that answers well and lists nothing new for much longer than its rhythm; else empty."""
    if state.failures or state.last_ok_at is None:
        return ""
    since = state.last_new_at or added_at
    quiet_s = _passed(since, now)
    if state.newest_at is not None and _passed(state.newest_at, now) > _ZOMBIE_S:
        return f"answers, but its newest entry is from {state.newest_at:%Y-%m-%d}: probably abandoned"
    if quiet_s > max(_SILENT_S, _SILENT_RHYTHMS * (state.rhythm_s or 0.0)):
        return f"answers, but has listed nothing new since {since:%Y-%m-%d}"
    return ""
