"""From decisions to deliveries: which messages a route's decisions make, under which stable ids, rendered for its
channel. Pure. A draft that cannot be rendered raises; its caller parks that delivery and goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.alert import compose, digest, headline, keys
from monitor.alert.digest import Item, Kind, Period
from monitor.alert.facts import Alert
from monitor.alert.letter import Letter
from monitor.alert.office import Office, for_mailbox, stable_id
from monitor.alert.render import mail, text, webhook
from monitor.alert.targets import targets
from monitor.config import Channel, Route
from monitor.model import (
    Change,
    Decision,
    Delivery,
    DeliveryState,
    EventType,
    Novelty,
    Owed,
    RouteMode,
    Stage,
    Story,
    StoryChange,
    Told,
    Why,
)

STORIES_PER_EVENT = 40  # of some 300 bytes each: well below 20 kB

Body = Callable[[], tuple[str, bytes]]  # subject and bytes
MakeLetter = Callable[[], Letter]


@dataclass(frozen=True, slots=True)
class Draft:
    """A delivery without its bytes. ``message_id`` is what Told.delivery_id remembers: one message may go to several
    mailboxes, each a delivery of its own."""

    message_id: str
    delivery_id: str
    route: Route
    target: str
    event: EventType
    owed: tuple[Owed, ...]
    article_id: str
    body: Body

    def render(self, now: datetime) -> Delivery:
        """The delivery, due at once. Raises whatever rendering raises."""
        subject, body = self.body()
        return replace(self.parked(now, ""), subject=subject, body=body, state=DeliveryState.QUEUED)

    def parked(self, now: datetime, reason: str) -> Delivery:
        """The delivery that could not be rendered: dead, with the reason, for a person."""
        return Delivery(
            id=self.delivery_id,
            route=self.route.name,
            channel=self.route.channel.value,
            target=self.target,
            event=self.event,
            story_ids=tuple(dict.fromkeys(owed.story_id for owed in self.owed)),
            body=b"",
            state=DeliveryState.DEAD,
            created_at=now,
            due_at=now,
            article_id=self.article_id,
            reason=reason,
        )


def alert_drafts(
    alert: Alert, owed: Iterable[Owed], routes: Sequence[Route], told: Iterable[Told], office: Office, now: datetime
) -> tuple[Draft, ...]:
    """The messages of one article: for each route the changes that it is owed at once. ``told`` are earlier tellings
    of these stories, for the thread."""
    by_name = {route.name: route for route in routes}
    earlier = tuple(told)
    due: dict[str, list[Owed]] = {}
    for each in owed:
        if each.decision is Decision.IMMEDIATE:
            due.setdefault(each.route, []).append(each)
    drafts: list[Draft] = []
    for name, mine in due.items():
        wanted = {(each.story_id, each.stage, each.change) for each in mine}
        changes = tuple(sorted((change for change in alert.changes if _key(change) in wanted), key=_best_first))
        drafts += _route_drafts(replace(alert, changes=changes), tuple(mine), by_name[name], earlier, office, now)
    return tuple(drafts)


def _route_drafts(
    alert: Alert, owed: tuple[Owed, ...], route: Route, told: tuple[Told, ...], office: Office, now: datetime
) -> list[Draft]:
    drafts = []
    if route.channel is not Channel.WEBHOOK:
        earlier = sorted(
            (each for each in told if each.owed.route == route.name and each.delivery_id), key=lambda each: each.told_at
        )
        stories = {each.story_id for each in owed}
        thread = tuple(dict.fromkeys(each.delivery_id for each in earlier if each.owed.story_id in stories))
        letter = _Lazy(lambda: compose.alert_letter(alert, office.reader(route), now))
        link = alert.report.url
        drafts += letter_drafts(letter, owed, route, _event(alert.changes), office, now, thread, link)
    if route.channel in (Channel.WEBHOOK, Channel.FILE):
        drafts += [_story_draft(change, alert, owed, route, office, now) for change in alert.changes]
    return drafts


class _Lazy:
    """A letter composed when its first draft is rendered, so that a fault in it stays inside that draft."""

    def __init__(self, make: MakeLetter) -> None:
        self._make = make
        self._made: Letter | None = None

    def __call__(self) -> Letter:
        if self._made is None:
            self._made = self._make()
        return self._made


def letter_drafts(
    letter: MakeLetter,
    owed: tuple[Owed, ...],
    route: Route,
    event: EventType,
    office: Office,
    now: datetime,
    thread: tuple[str, ...] = (),
    link: str = "",
    key: str = "",
) -> list[Draft]:
    """One letter to each mailbox of a route, or as 200 characters to its Apprise service. ``key`` stands for the
    decisions where the message has an identity of its own (a digest's due time)."""
    message = stable_id(route.name, event.value, key or _identity(owed))
    article = owed[0].article_id if owed and event is not EventType.DIGEST else ""
    names = targets(route)
    drafts = []
    for target in names:
        delivery_id = for_mailbox(message, target) if route.channel is Channel.EMAIL else message
        body = _mail_body(letter, delivery_id, route, target, office, now, thread)
        if route.channel is Channel.APPRISE:
            body = _phone_body(letter, link)
        drafts.append(Draft(message, delivery_id, route, target, event, owed, article, body))
    return drafts


def _mail_body(
    letter: MakeLetter,
    delivery_id: str,
    route: Route,
    target: str,
    office: Office,
    now: datetime,
    thread: tuple[str, ...],
) -> Body:
    def body() -> tuple[str, bytes]:
        whole = letter()
        replies = tuple(for_mailbox(each, target) for each in thread)
        return whole.subject, mail.render(whole, office.envelope(route, target, delivery_id, replies), now)

    return body


def _phone_body(letter: MakeLetter, link: str) -> Body:
    def body() -> tuple[str, bytes]:
        short = text.phone(letter(), link)
        return short, short.encode("utf-8")

    return body


def _story_draft(
    change: StoryChange, alert: Alert, owed: tuple[Owed, ...], route: Route, office: Office, now: datetime
) -> Draft:
    """One story's event to one endpoint."""
    mine = tuple(each for each in owed if (each.story_id, each.stage, each.change) == _key(change))
    words = office.lexicon[route.language]
    message = stable_id(route.name, "story", _identity(mine))
    event = webhook.event_type(change)

    def body() -> tuple[str, bytes]:
        return headline.of_change(change, words), webhook.story_event(change, alert, route.name, words, now)

    return Draft(message, message, route, targets(route)[0], event, mine, change.report.article_id, body)


def _key(change: StoryChange) -> tuple[str, Stage, str]:
    return change.story.id, change.report.announcement.stage, keys.of_change(change)


def _best_first(change: StoryChange) -> float:
    return -change.report.announcement.score


def _identity(owed: Iterable[Owed]) -> str:
    """What is told, whichever article brought it: the same news twice is the same message."""
    return "|".join(sorted(f"{each.story_id}/{each.stage}/{each.change}" for each in owed))


def _event(changes: Sequence[StoryChange]) -> EventType:
    """New when any of the acts is new; a mail that only moves known stories is an update."""
    new = any(webhook.event_type(change) is EventType.STORY_NEW for change in changes)
    return EventType.STORY_NEW if new else EventType.STORY_UPDATED


def collected_drafts(
    kind: Kind, period: Period, route: Route, office: Office, now: datetime, key: str, only: str = ""
) -> tuple[Draft, ...]:
    """The messages of a digest, an overflow, a catch-up or the end of a pause. ``key`` tells it from every other of its
    kind on this route: the due time of a digest, the first id of what is collected. Endpoints get the stories in as many
    events as they need. ``only`` names the one mailbox that it is for (a catch-up)."""
    owed = tuple(item.owed for item in period.items)
    if route.channel is Channel.WEBHOOK:
        return tuple(_collected_events(kind, period, route, now, key))
    letter = _Lazy(lambda: digest.letter(kind, period, office.reader(route), route.hourly_cap))
    drafts = letter_drafts(letter, owed, route, EventType.DIGEST, office, now, key=f"{kind}:{key}")
    return tuple(draft for draft in drafts if not only or draft.target == only)


def _collected_events(kind: Kind, period: Period, route: Route, now: datetime, key: str) -> list[Draft]:
    chunks = [period.items[n : n + STORIES_PER_EVENT] for n in range(0, len(period.items), STORIES_PER_EVENT)] or [()]
    drafts = []
    for number, chunk in enumerate(chunks, 1):
        message = stable_id(route.name, EventType.DIGEST.value, f"{kind}:{key}:{number}")
        body = _event_body(kind, chunk, (number, len(chunks)), period, route, now)
        owed = tuple(item.owed for item in chunk)
        drafts.append(Draft(message, message, route, targets(route)[0], EventType.DIGEST, owed, "", body))
    return drafts


def _event_body(
    kind: Kind, chunk: tuple[Item, ...], part: tuple[int, int], period: Period, route: Route, now: datetime
) -> Body:
    def body() -> tuple[str, bytes]:
        rows = [(item.owed.why.value, item.story) for item in chunk]
        return kind.value, webhook.digest(kind.value, rows, part, (period.since, period.until), route.name, now)

    return body


def merge_of(closed: Story, route: Route) -> tuple[StoryChange, Owed]:
    """What a route is owed when a story that it knows ended in another one (``closed.merged_into``): once, whichever
    stage it had. A digest gets a line."""
    report = max(closed.reports, key=lambda each: (each.reason is None, each.announcement.score))
    change = StoryChange(closed, Novelty.KNOWN, report, change=Change.MERGED)
    stage = report.announcement.stage
    decision = Decision.DIGEST if route.mode is RouteMode.DIGEST else Decision.IMMEDIATE
    owed = Owed(route.name, closed.id, stage, keys.of_change(change), decision, Why.CHANGED, report.article_id)
    return change, owed


def remember(owed: Iterable[Owed], drafts: Iterable[Draft], now: datetime) -> tuple[Told, ...]:
    """The memory that the decisions leave: all but ``not``, each with the message that carries it."""
    carried = {(each.route, each.story_id, each.stage, each.change): draft for draft in drafts for each in draft.owed}
    told = []
    for each in owed:
        if each.decision is Decision.NOT:
            continue
        draft = carried.get((each.route, each.story_id, each.stage, each.change))
        told.append(Told(each, now, draft.message_id if draft else ""))
    return tuple(told)
