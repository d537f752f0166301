"""Values of the store -> what a page shows: words of one language, local times, short names. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_month_names

from monitor.alert import clean, facts, headline
from monitor.alert.words import Words
from monitor.model import Announcement, Party, Report, Story
from monitor.store.desk import ArticleText, DeliveryLine, StoryFile, StoryLine

STATE_CLASS = {
    "sent": "good",
    "dead": "bad",
    "retry": "warn",
    "queued": "plain",
    "sending": "plain",
    "wrong": "bad",
    "right": "good",
    "old": "warn",
    "merged": "plain",
    "mention": "plain",
    "ok": "good",
    "failing": "bad",
    "gone": "bad",
    "silent": "warn",
    "stale": "warn",
    "held": "warn",
    "paused": "warn",
}


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language, one zone: everything that is needed to say something on a page."""

    words: Words
    zone: ZoneInfo

    def __call__(self, key: str, **fields: object) -> str:
        return self.words.text(key, **fields)

    def closed(self, prefix: str, values: Sequence[str]) -> list[tuple[str, str]]:
        """(value, shown) of a closed set, in its own order."""
        return [(str(value), self(f"{prefix}.{value}")) for value in values]

    def moment(self, at: datetime | None) -> str:
        return self.words.moment(at, self.zone) if at else "–"

    def span(self, seconds: float) -> str:
        return self.words.span(seconds)

    def short_span(self, seconds: float) -> str:
        return self.words.span(seconds, short=True)

    def months(self) -> list[str]:
        names = get_month_names("abbreviated", context="stand-alone", locale=self.words.locale)
        return [str(names[number]) for number in range(1, 13)]


def party_chip(party: Party, words: Words) -> dict[str, str]:
    """A party as a chip: states by their code, others by a short name."""
    name = words.party(party)
    return {"id": party.id, "name": name, "short": party.id if len(party.id) == 2 else clean.cut(name, 18)}


def story_state(line_state: str, judged: str, mention: bool) -> str:
    """The one word that a list shows about a story besides its act, or an empty string."""
    if line_state != "open":
        return line_state
    if judged in {"right", "wrong", "old"}:
        return judged
    return "mention" if mention else ""


def story_line(line: StoryLine, tongue: Tongue) -> dict[str, object]:
    story = line.story
    state = story_state(story.state, line.judged, story.opened_by_mention)
    local = story.opened_at.astimezone(tongue.zone)
    return {
        "id": story.id,
        "opened_at": story.opened_at,
        "day": str(format_date(local.date(), "d MMM yy", locale=tongue.words.locale)),
        "parties": [party_chip(party, tongue.words) for party in story.parties[:4]],
        "headline": headline.of_story(story, tongue.words),
        "type": tongue(f"type.{story.type}"),
        "stage": tongue(f"stage.{story.stage}"),
        "sectors": ", ".join(tongue(f"sector.{sector}") for sector in story.sectors),
        "sources": tongue.words.count("story.fonti", line.sources),
        "state": tongue(f"state.{state}") if state else "",
        "state_class": STATE_CLASS.get(state, "plain"),
    }


def web_link(url: str) -> str:
    """The address if a browser may be sent there, else an empty string: javascript:, data: and the like are never links."""
    return url if urlsplit(url).scheme in {"http", "https"} else ""


def pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """``text`` cut at the edges of ``spans`` (overlaps joined): what lies inside is marked."""
    joined: list[list[int]] = []
    for start, end in sorted((max(0, start), min(len(text), end)) for start, end in spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    edges = [0, *(edge for pair in joined for edge in pair), len(text)]
    return [(text[a:b], index % 2 == 1) for index, (a, b) in enumerate(pairwise(edges)) if a < b]


def quote_span(text: str, quote: str) -> list[tuple[int, int]]:
    """Where the proving sentence stands in the text, if it stands there unchanged."""
    at = text.find(quote) if quote else -1
    return [(at, at + len(quote))] if at >= 0 else []


def story_page(file: StoryFile, judged: str, tongue: Tongue) -> dict[str, object]:
    """Everything the page of one story shows."""
    story, words = file.story, tongue.words
    best = _best(story)
    counted = facts.independence(facts.sources(story))
    state = story_state(story.state, judged, story.opened_by_mention)
    texts = {article.article_id: article for article in file.articles}
    return {
        "id": story.id,
        "headline": headline.of_story(story, words),
        "parties": [party_chip(party, words) for party in story.parties],
        "type": tongue(f"type.{story.type}"),
        "stage": tongue(f"stage.{story.stage}"),
        "sectors": [tongue(f"sector.{sector}") for sector in story.sectors],
        "state": tongue(f"state.{state}") if state else "",
        "state_class": STATE_CLASS.get(state, "plain"),
        "merged_into": story.merged_into,
        "may_belong_to": story.may_belong_to,
        "part_of": story.part_of,
        "quote": best.quote if best else "",
        "quote_lang": story.reports[0].lang if story.reports else "",
        "steps": [
            {"name": tongue(f"stage.{stage}"), "when": words.day(day) if day else tongue.moment(seen)}
            for stage, day, seen in facts.stages_in_order(story)
        ],
        "facts": story_facts(story, best, tongue),
        "independence": tongue.words.count("story.independent", counted.independent),
        "reports": [
            article_card(reports, texts.get(article_id), tongue) for article_id, reports in by_article(story).items()
        ],
        "rule_line": tongue("story.rule", rule=best.rule, score=words.percent(best.score)) if best else "",
        "terms": term_rows(best.terms) if best else [],
        "deliveries": [
            {
                "route": route,
                "target": target,
                "event": event,
                "state": tongue(f"delivery.{state}"),
                "state_class": STATE_CLASS.get(state, "plain"),
                "reason": reason,
                "when": tongue.moment(at),
            }
            for route, target, event, state, reason, at in file.deliveries
        ],
        "actions": [f"{tongue.moment(at)} · {who} · {what} {detail}" for at, who, what, detail in file.actions],
    }


def _best(story: Story) -> Announcement | None:
    announcing = [report.announcement for report in story.reports if report.reason is None]
    return max(
        announcing or [report.announcement for report in story.reports], key=lambda each: each.score, default=None
    )


def story_facts(story: Story, best: Announcement | None, tongue: Tongue) -> list[tuple[str, str]]:
    """The coded fields that the headline does not say."""
    first = min(story.reports, key=lambda report: report.seen_at, default=None)
    found = [(tongue("story.opened"), tongue.moment(first.seen_at if first else story.opened_at))]
    if best is not None and best.event_date:
        found.append((tongue("story.event_date"), tongue.words.day(best.event_date)))
    if story.object:
        found.append((tongue("story.object"), tongue.words.name_of(story.object) or clean.line(story.object, 160)))
    if story.count > 1:
        found.append((tongue("story.count"), str(story.count)))
    if story.deadline:
        found.append((tongue("story.deadline"), tongue.words.day(story.deadline)))
    if first is not None and first.published_at is not None:
        found.append(
            (tongue("story.latency"), tongue.span(max(0.0, (first.seen_at - first.published_at).total_seconds())))
        )
    return found


def by_article(story: Story) -> dict[str, list[Report]]:
    """A story's reports under their articles: one that tells the act in two places is one source."""
    found: dict[str, list[Report]] = {}
    for report in story.reports:
        found.setdefault(report.article_id, []).append(report)
    return found


def article_card(reports: Sequence[Report], article: ArticleText | None, tongue: Tongue) -> dict[str, object]:
    """One source, with each sentence in which it tells the act."""
    report, text = reports[0], article.text if article else ""
    told = {each.announcement.quote: tongue(f"reason.{each.reason}") if each.reason else "" for each in reports}
    marks = [mark for each in reports for mark in _marks(each.announcement, text)]
    return {
        "article_id": report.article_id,
        "title": report.title,
        "href": web_link(report.url),
        "feed": report.feed_title,
        "lang": tongue.words.tongue(report.lang),
        "code": report.lang,
        "published": tongue.moment(report.published_at),
        "is_copy": bool(report.copy_of),
        "publisher_party": report.publisher_party,
        "told": [{"quote": quote, "reason": reason} for quote, reason in told.items()],
        "pieces": pieces(text, marks) if text else [],
    }


def _marks(found: Announcement, text: str) -> list[tuple[int, int]]:
    return quote_span(text, found.quote) or [(span.start, span.end) for span in found.evidence if span.field == "text"]


def term_rows(terms: Sequence[tuple[str, float]]) -> list[dict[str, object]]:
    """The terms of a score, heaviest first, each with the width class of its bar (the heaviest fills it)."""
    ordered = sorted(terms, key=lambda term: -abs(term[1]))
    most = abs(ordered[0][1]) if ordered else 1.0
    return [
        {
            "name": name,
            "value": f"{value:+.2f}",
            "minus": value < 0,
            "width": math.ceil(9 * abs(value) / (most or 1.0)),
        }
        for name, value in ordered
    ]


def delivery_row(line: DeliveryLine, tongue: Tongue) -> dict[str, object]:
    return {
        "id": line.id,
        "when": tongue.moment(line.ended_at or line.created_at),
        "route": line.route,
        "target": line.target,
        "subject": line.subject,
        "event": line.event,
        "story": line.story_id,
        "state": tongue(f"delivery.{line.state}"),
        "state_class": STATE_CLASS.get(line.state, "plain"),
        "reason": line.reason,
        "replayable": line.state == "dead",
    }


def median_and_p95(values: Sequence[float]) -> tuple[float, float] | None:
    """The two figures of a latency, nearest rank; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2], ordered[min(len(ordered) - 1, math.ceil(0.95 * len(ordered)) - 1)]


def share_interval(right: int, total: int) -> tuple[float, float, float] | None:
    """A share with its 95 % interval (Wilson, 1927: right also for few judgements); None without any."""
    if not total:
        return None
    z = 1.959964
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return share, max(0.0, middle - half), min(1.0, middle + half)
