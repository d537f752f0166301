"""Messages that carry no new act: trouble with deliveries (``health``), the test of a route, the reminder of a call's
deadline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.alert import calendar, clean, compose, digest, drafts, headline
from monitor.alert.digest import Item, Kind, Period
from monitor.alert.drafts import Draft
from monitor.alert.facts import Alert
from monitor.alert.letter import Card, Letter, Line, Reader, Section
from monitor.alert.office import Office, stable_id
from monitor.alert.render import webhook
from monitor.alert.retry import Event
from monitor.alert.targets import targets
from monitor.config import Channel, Route
from monitor.model import (
    Change,
    Decision,
    EventType,
    Novelty,
    Owed,
    RouteMode,
    Silence,
    Stage,
    Story,
    StoryChange,
    TargetState,
    Told,
    Why,
)

_TEXT_LIMIT = 1000


def health_letter(title: str, text: str, reader: Reader, lines: Sequence[str] = ()) -> Letter:
    """Operational news: a title, a text and what it lists."""
    words = reader.words
    head = clean.line(title, 120)
    return Letter(
        language=words.language,
        subject=words.text("health.subject", title=head),
        cards=(Card(head, tone="alarm"),),
        sections=(Section("", tuple(Line(clean.line(each, _TEXT_LIMIT)) for each in (text, *lines) if each)),),
        footer=compose.footer(reader),
    )


def target_trouble(event: Event, state: TargetState, reader: Reader) -> tuple[str, str]:
    """Title and text of what became of a target, in the reader's language."""
    words = reader.words
    at = words.moment(state.open_until, reader.zone) if state.open_until else ""
    fields = {
        "target": clean.line(state.target, 120),
        "route": state.route,
        "answer": clean.line(state.answer, 300) or "-",
        "at": at,
    }
    return words.text(f"health.{event}.title", **fields), words.text(f"health.{event}.text", **fields)


def silence_end(silence: Silence, muted: int, reader: Reader) -> tuple[str, str]:
    """Title and text of the end of a silence."""
    words = reader.words
    author, reason = clean.line(silence.author, 80), clean.line(silence.reason, 300)
    text = words.count("health.silence_ended.text", muted, author=author, reason=reason)
    return words.text("health.silence_ended.title"), text


def removed_drafts(
    removed: str, items: Sequence[Item], route: Route, office: Office, now: datetime
) -> tuple[Draft, ...]:
    """What a route that is not configured any more still waited for, as operational news; endpoints get the stories."""
    reader = office.reader(route)
    title = reader.words.text("health.route_removed.title", route=removed)
    text = reader.words.count("health.route_removed.text", len(items), route=removed)
    key = f"removed|{removed}|{min(f'{each.owed.story_id}/{each.owed.stage}' for each in items)}"
    if route.channel is Channel.WEBHOOK:
        period = Period(now, now, tuple(items))
        return drafts.collected_drafts(Kind.RETURN, period, route, office, now, key)
    lines = [digest.line_of(each, reader) for each in items]
    said = [f"{line.text} {line.url}".strip() for line in lines]
    return health_drafts(title, text, route, office, now, key, said)


def health_routes(routes: Sequence[Route], failing: str = "") -> tuple[Route, ...]:
    """Who gets operational news: the health routes, else every mail route, else all; never over the channel that
    fails where another is left."""
    health = [route for route in routes if route.mode is RouteMode.HEALTH]
    mail = [route for route in routes if route.channel is Channel.EMAIL]
    wanted = health or mail or list(routes)
    failed = next((route for route in routes if route.name == failing), None)
    if failed is None:
        return tuple(wanted)

    def shares(route: Route) -> bool:
        return route.name == failed.name or (route.channel is failed.channel and _way(route) == _way(failed))

    others = [route for route in wanted if not shares(route)] or [route for route in routes if not shares(route)]
    return tuple(others or wanted)


def _way(route: Route) -> object:
    """What two routes have in common when both fail together: the mail server, or the endpoint."""
    return (route.smtp.host, route.smtp.port) if route.smtp else route.endpoint


def health_drafts(
    title: str, text: str, route: Route, office: Office, now: datetime, key: str, lines: Sequence[str] = ()
) -> tuple[Draft, ...]:
    """The messages of one piece of operational news on one route. ``key`` names its episode: told once."""
    reader = office.reader(route)
    return _notice(
        EventType.HEALTH, lambda: health_letter(title, text, reader, lines), (title, text), route, office, now, key
    )


def test_drafts(route: Route, office: Office, now: datetime) -> tuple[Draft, ...]:
    """A marked test message: no news, each time another."""
    words = office.lexicon[route.language]
    title, body = words.text("test.title"), words.text("test.text", route=route.name)
    letter = Letter(
        language=words.language,
        subject=words.text("test.subject", route=route.name),
        cards=(Card(title, tone="update"),),
        sections=(Section("", (Line(body),)),),
        footer=compose.footer(office.reader(route)),
    )
    return _notice(EventType.TEST, lambda: letter, (title, body), route, office, now, now.isoformat())


def _notice(
    event: EventType,
    letter: drafts.MakeLetter,
    said: tuple[str, str],
    route: Route,
    office: Office,
    now: datetime,
    key: str,
) -> tuple[Draft, ...]:
    if route.channel is not Channel.WEBHOOK:
        return tuple(drafts.letter_drafts(letter, (), route, event, office, now, key=key))
    message = stable_id(route.name, event.value, key)

    def body() -> tuple[str, bytes]:
        return said[0], webhook.notice(event, route.name, said[0], said[1], now)

    return (Draft(message, message, route, targets(route)[0], event, (), "", body),)


def reminder_owed(story: Story, route: Route, days: int) -> Owed:
    """What a reminder is to the memory: once per deadline and number of days."""
    key = f"reminder:{days}:{story.deadline}"
    return Owed(route.name, story.id, story.stage, key, Decision.IMMEDIATE, Why.CHANGED, detail=str(days))


def reminder_drafts(story: Story, days: int, route: Route, office: Office, now: datetime) -> tuple[Draft, ...]:
    """The reminder of a call that closes in ``days`` days."""
    owed = (reminder_owed(story, route, days),)
    if route.channel is Channel.WEBHOOK:
        message = stable_id(route.name, "reminder", story.id, owed[0].change)
        words = office.lexicon[route.language]

        def body() -> tuple[str, bytes]:
            return headline.of_story(story, words), webhook.reminder(story, route.name, days, words, now)

        target = targets(route)[0]
        return (Draft(message, message, route, target, EventType.STORY_REMINDER, owed, "", body),)
    reader = office.reader(route)
    return tuple(
        drafts.letter_drafts(
            lambda: reminder_letter(story, reader, now), owed, route, EventType.STORY_REMINDER, office, now
        )
    )


def reminder_letter(story: Story, reader: Reader, now: datetime) -> Letter:
    """The call again, under the days that are left. They are counted in the reader's zone, to the deadline's day."""
    words = reader.words
    left = (date.fromisoformat(story.deadline) - now.astimezone(reader.zone).date()).days
    span = words.count("count.days", left)
    told = words.day(story.opened_at.astimezone(reader.zone).date().isoformat())
    report = max(story.reports, key=lambda each: (each.reason is None, each.announcement.score))
    change = StoryChange(story, Novelty.KNOWN, report)
    card = compose.change_card(change, Alert((change,), {}), reader)
    subject = words.text("reminder.subject", span=span, headline=headline.of_story(story, words))
    return Letter(
        language=words.language,
        subject=clean.cut(subject, headline.SUBJECT_LIMIT),
        title=words.text("reminder.title", date=words.day(story.deadline)),
        lead=(words.text("reminder.text", span=span, told=told),),
        cards=(replace(card, kicker="", after=card.after[:2]),),
        footer=compose.footer(reader, story),
    )


_OFF = frozenset({Stage.SUSPENDED, Stage.PROPOSED})  # suspended or ended, denied or taken back
_SAYS_WHEN = frozenset({"", Change.CORRECTION.value})  # messages that name the deadline


def reminder_days(story: Story, route: Route, told: Sequence[Told], now: datetime) -> int | None:
    """Which reminder of a call is due on a route that was told it: 14, 7 or 2 days before its deadline; None for none.
    ``told`` is what the route was told of this story."""
    if not route.reminders or story.state != "open" or story.stage in _OFF or not story.deadline:
        return None
    heard = [each for each in told if each.owed.decision is not Decision.SILENCED]
    if not any(each.owed.change == "" for each in heard):
        return None
    # who was told this morning that a call closes in six days need not hear it at noon again
    heard_at = max(each.told_at for each in heard if each.owed.change in _SAYS_WHEN)
    given = frozenset(
        int(each.owed.detail)
        for each in told
        if each.owed.change.startswith("reminder:") and each.owed.change.endswith(f":{story.deadline}")
    )
    return calendar.reminder_due(story.deadline, ZoneInfo(route.timezone), given, now, heard_at)
