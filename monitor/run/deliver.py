"""The step that sends: due deliveries leave through their route's channel; what the other side answered decides what
becomes of them and of their target."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from monitor.alert import notice, retry
from monitor.alert.channels import Send
from monitor.config import DeliverySettings
from monitor.model import Delivery, DeliveryState, EventType, SendFault, SendResult, TargetState
from monitor.run.failpoints import failpoint
from monitor.run.guard import guarded, tried
from monitor.run.match import Desk
from monitor.run.step import Counts
from monitor.store.outbox import OutboxStore, SendEnd, SendWork

logger = logging.getLogger(__name__)

# longer than any attempt may take (webhook 30 s, mail 60 s): a lease that ends means that its holder died
LEASE_S = 300.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt and its answer."""

    work: SendWork
    started_at: datetime
    result: SendResult


class DeliverStep:
    """See ``monitor.run.step.Step``. ``senders`` by route name; ``on_sent`` is told of each delivery that arrived."""

    name = "deliver"

    def __init__(
        self,
        store: OutboxStore,
        senders: Mapping[str, Send],
        desk: Desk,
        settings: DeliverySettings,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        on_sent: Callable[[Delivery], None] = lambda delivery: None,
    ) -> None:
        self._store, self._senders, self._desk, self._settings = store, senders, desk, settings
        self._clock, self._chance, self._on_sent = clock, chance, on_sent
        self.concurrency = settings.concurrency

    def use(self, senders: Mapping[str, Send], desk: Desk, settings: DeliverySettings) -> None:
        """From the next delivery on sends by these (a reload)."""
        self._senders, self._desk, self._settings = senders, desk, settings
        self.concurrency = settings.concurrency

    def claim(self, now: datetime, limit: int) -> Sequence[SendWork]:
        works = self._store.claim(now, limit, LEASE_S)
        if works:
            failpoint("deliver.claimed")
        return works

    async def act(self, work: SendWork) -> Sent:
        now, sent = self._clock(), work.delivery
        send = self._senders.get(sent.route)
        if send is None:
            fault = SendResult(ok=False, permanent=True, fault=SendFault.LOCAL, answer="its route is not configured")
            return Sent(work, now, fault)
        failpoint("deliver.send")
        result = await guarded(
            lambda: send(sent, now),
            f"delivery {sent.id}",
            lambda detail: SendResult(ok=False, doubtful=True, fault=SendFault.LOCAL, answer=detail),
        )
        failpoint("deliver.sent")
        return Sent(work, now, result)

    def commit(self, results: Sequence[Sent], now: datetime) -> Counts:
        before = self._store.targets([one.work for one in results])
        ends, notices = [], []
        for one in results:
            end, events = self._end(one, before, now)
            ends.append(end)
            notices += [notice for event in events for notice in self._notices(event, one, end, now)]
        failpoint("deliver.commit")
        self._store.commit(ends, now, notices)
        failpoint("deliver.committed")
        for one, end in zip(results, ends, strict=True):
            self._log(one, end)
            if end.state is DeliveryState.SENT:
                self._on_sent(one.work.delivery)
        return Counter(str(end.state) for end in ends)

    def wakes(self, counts: Counts) -> tuple[str, ...]:
        return ()  # it is the last

    def _end(
        self, one: Sent, before: Mapping[tuple[str, str], TargetState], now: datetime
    ) -> tuple[SendEnd, tuple[retry.Event, ...]]:
        """What becomes of a delivery and its target, and what of it operators are told."""
        sent, result = one.work.delivery, one.result
        following = retry.after(result, sent.attempts, self._settings.retry_s, now, self._chance())
        known = before.get((sent.route, sent.target), TargetState(sent.route, sent.target))
        gave_up = following.state is DeliveryState.DEAD
        target, events = retry.target_after(known, result, gave_up, self._settings.circuit_after, now)
        end = SendEnd(
            work=one.work,
            state=following.state,
            due_at=following.due_at or now,
            answer=result.answer,
            reason=following.reason,
            doubtful=result.doubtful,
            recovered=retry.Event.RECOVERED in events,
            target=target,
        )
        return end, events

    def _notices(self, event: retry.Event, one: Sent, end: SendEnd, now: datetime) -> Iterator[Delivery]:
        """The messages that tell operators of trouble with a target, by another way than the one that fails. News of
        trouble that cannot be delivered makes no news of its own."""
        sent = one.work.delivery
        if sent.event is EventType.HEALTH and event is retry.Event.DEAD:
            return
        for route in notice.health_routes(self._desk.routes, failing=sent.route):
            title, text = notice.target_trouble(event, end.target, self._desk.office.reader(route))
            # at most one an hour of its kind and target: five hundred dead letters are one piece of news
            key = f"{event}|{sent.route}|{sent.target}|{now:%Y-%m-%dT%H}"
            for draft in notice.health_drafts(title, text, route, self._desk.office, now, key, (sent.subject,)):
                yield tried(partial(draft.render, now), f"notice {draft.delivery_id}", partial(draft.parked, now))

    def _log(self, one: Sent, end: SendEnd) -> None:
        sent = one.work.delivery
        fields = (sent.id, sent.route, end.state, sent.attempts, end.answer)
        text = "delivery ended id=%s route=%s state=%s attempt=%s answer=%r"
        if end.state is DeliveryState.SENT:
            logger.info(text, *fields)
        elif end.state is DeliveryState.RETRY:
            logger.warning(text, *fields)
        else:
            logger.error(text, *fields)
