"""The pages: each reads one moment of the store through the desk and hands plain values to a template. Nothing here decides."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy import Connection

from monitor import __version__
from monitor.alert.words import Words
from monitor.console import picture, shown
from monitor.console.backstage import Backstage
from monitor.console.shown import Tongue
from monitor.model import ActType, DeliveryState, FeedState, Party, Reason, Sector, Stage
from monitor.store import desk
from monitor.store.desk import PairCount, StoryFilter

FOLDER = Path(__file__).parent
SECTIONS = (
    ("/", "nav.stories"),
    ("/relations", "nav.relations"),
    ("/sources", "nav.sources"),
    ("/rules", "nav.rules"),
    ("/deliveries", "nav.deliveries"),
    ("/quality", "nav.quality"),
)
HEAT_SIZE = 16  # principals on the axes; the table beside the picture holds every pair
PAIRS_SHOWN = 60
MARKS_SHOWN = 200  # the newest; more would hide one another
Text = Annotated[str, Query(max_length=300)]
PageNumber = Annotated[int, Query(ge=1, le=2000)]


class Pages:
    """Renders templates with what every page needs."""

    def __init__(self, behind: Backstage) -> None:
        self.behind = behind
        self.tongue = Tongue(behind.words, ZoneInfo(behind.timezone))
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self, request: Request, template: str, section: str, title: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """One page. ``section`` is the path of the menu entry it belongs to."""
        html = self._templates.get_template(template).render(
            t=self.tongue,
            words=self.tongue.words,
            title=title,
            section=section,
            sections=SECTIONS,
            session=request.state.session,
            ruleset=self.behind.rules().digest,
            version=__version__,
            notice=values.pop("notice", "") or self._told(request),
            **values,
        )
        return HTMLResponse(html, status)

    def _told(self, request: Request) -> str:
        """The sentence that the action before this page left in the address, by its key only: nothing is echoed."""
        key = request.query_params.get("done", "")
        return self.tongue(key) if key in DONE_KEYS else ""

    def score_of(self, connection: Connection, story_id: str) -> float | None:
        """The score of a story, for what a threshold there would change."""
        file = desk.story_file(connection, story_id)
        return file.story.score if file else None

    def fault(self, request: Request, words: str, status: int) -> HTMLResponse:
        """A page that says what went wrong."""
        key = "error.not_found" if status == 404 else "error.bad"
        return self.render(request, "message.html", "", self.tongue(key), status=status, message=words)


DONE_KEYS = frozenset({"act.done", "missed.done", "sources.added", "deliveries.replayed", "silences.ended"})


def router(pages: Pages) -> APIRouter:
    """Every page that reads."""
    found = APIRouter(include_in_schema=False)
    for path, page in (
        ("/", stories),
        ("/stories/{story_id}", story),
        ("/relations", relations),
        ("/sources", sources),
        ("/sources/{feed_id}", source),
        ("/rules", rules),
        ("/deliveries", deliveries),
        ("/quality", quality),
    ):
        found.get(path, response_class=HTMLResponse)(page(pages))
    return found


Page = Callable[..., HTMLResponse]


def stories(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(
        request: Request,
        q: Text = "",
        principals: Text = "",
        type: Text = "",
        stage: Text = "",
        sector: Text = "",
        topic: Text = "",
        lang: Text = "",
        feed: Text = "",
        state: Text = "",
        since: Text = "",
        until: Text = "",
        page: PageNumber = 1,
    ) -> HTMLResponse:
        chosen = {
            "q": q, "principals": principals, "type": type, "stage": stage, "sector": sector, "topic": topic,
            "lang": lang, "feed": feed, "state": state, "since": since, "until": until,
        }  # fmt: skip
        with pages.behind.database.read() as connection:
            lines, more = desk.find_stories(connection, story_filter(chosen, tongue.zone), page=page)
            values = desk.choices(connection)
            feeds = desk.feed_titles(connection, values["feed"])
        options = {
            "type": tongue.closed("type", list(ActType)),
            "stage": tongue.closed("stage", list(Stage)),
            "sector": tongue.closed("sector", list(Sector)),
            "state": tongue.closed("state", ("open", "wrong", "merged")),
            "topic": [(topic, topic) for topic in values["topic"]],
            "lang": [(code, tongue.words.tongue(code)) for code in values["lang"]],
            "feed": feeds,
        }
        return pages.render(
            request,
            "stories.html",
            "/",
            tongue("stories.title"),
            lines=[shown.story_line(line, tongue) for line in lines],
            f={**chosen, "more": bool(topic or lang or feed or since or until)},
            options=options,
            page=page,
            more=more,
            query=urlencode({key: value for key, value in chosen.items() if value}),
            quiet=tongue("stories.quiet") if pages.behind.sends_nothing else "",
        )

    return show


def story_filter(chosen: Mapping[str, str], zone: ZoneInfo) -> StoryFilter:
    """The filter that the form's fields ask for; what makes no sense is left out. Days are local."""
    since, until = shown.day_or_none(chosen["since"]), shown.day_or_none(chosen["until"])
    codes = chosen["principals"].replace(",", " ").split()[:6]
    return StoryFilter(
        words=chosen["q"],
        principals=tuple(code.upper() if len(code) == 2 else code for code in codes),
        type=chosen["type"],
        stage=chosen["stage"],
        sector=chosen["sector"],
        topic=chosen["topic"],
        lang=chosen["lang"],
        feed=chosen["feed"],
        state=chosen["state"],
        since=_midnight(since, zone) if since else None,
        until=_midnight(until + timedelta(days=1), zone) if until else None,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def story(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request, story_id: str, effect: Text = "") -> HTMLResponse:
        with pages.behind.database.read() as connection:
            file = desk.story_file(connection, story_id)
            others = desk.quiet_at(connection, float(effect), pages.behind.clock()) if _is_share(effect) else None
        if file is None:
            return pages.fault(request, tongue("error.not_found_words"), 404)
        judged = next((detail.split(" ", 1)[0] for _, _, kind, detail in reversed(file.actions) if kind == "judge"), "")
        page = shown.story_page(file, judged, tongue)
        page["effect"] = tongue("act.effect", threshold=effect, n=others) if others is not None else ""
        reasons = tongue.closed("reason", list(Reason))
        return pages.render(request, "story.html", "/", str(page["headline"]), s=page, options={"reason": reasons})

    return show


def _is_share(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and 0 <= float(text) <= 1


def relations(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request, since: Text = "", until: Text = "", type: Text = "", between: Text = "") -> HTMLResponse:
        today = pages.behind.clock().astimezone(tongue.zone).date()
        first = shown.day_or_none(since) or today - timedelta(days=365)
        last = shown.day_or_none(until) or today
        start, end = _midnight(first, tongue.zone), _midnight(last + timedelta(days=1), tongue.zone)
        sides = tuple(between.split(",")[:2]) if between.count(",") == 1 else ()
        with pages.behind.database.read() as connection:
            counts = desk.pair_counts(connection, since=start, until=end, type=type)
            lines, _ = (
                desk.find_stories(
                    connection, StoryFilter(principals=sides, type=type, since=start, until=end), size=300
                )
                if sides
                else ((), False)
            )
        fields = {"since": first.isoformat(), "until": last.isoformat(), "type": type}
        values = relation_values(counts, fields, tongue)
        rows = [shown.story_line(line, tongue) for line in lines]
        marks = [
            picture.Mark(
                line.story.opened_at.astimezone(tongue.zone).date(),
                str(line.story.type),
                str(row["headline"]),
                f"/stories/{line.story.id}",
            )
            for line, row in zip(lines, rows, strict=True)
        ]
        lanes = [
            (key, name) for key, name in tongue.closed("type", list(ActType)) if any(mark.type == key for mark in marks)
        ]
        drawn = picture.time_line(marks, first, last, lanes, tongue.months()) if marks else ""
        return pages.render(
            request,
            "relations.html",
            "/relations",
            tongue("relations.title"),
            **values,
            f=fields,
            options={"type": tongue.closed("type", list(ActType))},
            between=" – ".join(_name(side, tongue.words) for side in sides),
            timeline=Markup(drawn),
            lines=rows[:PAIRS_SHOWN],
        )

    return show


def relation_values(counts: Sequence[PairCount], fields: Mapping[str, str], tongue: Tongue) -> dict[str, Any]:
    """The heat table and the rows beside it."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    by_type: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    weight: dict[str, int] = defaultdict(int)
    for count in counts:
        pair = (count.left, count.right)
        totals[pair] += count.acts
        by_type[pair][count.type] = count.acts
        weight[count.left] += count.acts
        weight[count.right] += count.acts
    href = {pair: "/relations?" + urlencode({**fields, "between": ",".join(pair)}) + "#between" for pair in totals}
    axis = sorted(weight, key=lambda side: (-weight[side], side))[:HEAT_SIZE]
    names = [(side, _name(side, tongue.words)) for side in axis]
    ordered = sorted(totals, key=lambda pair: (-totals[pair], pair))
    return {
        "heat": Markup(picture.heat_table(names, totals, href)) if totals else "",
        "pairs": [
            {
                "name": " – ".join(_name(side, tongue.words) for side in pair),
                "href": href[pair],
                "total": totals[pair],
                "by_type": [by_type[pair].get(str(kind), 0) for kind in ActType],
            }
            for pair in ordered[:PAIRS_SHOWN]
        ],
    }


def _name(party_id: str, words: Words) -> str:
    return words.party(Party(party_id, "", None, words.name_of(party_id) or party_id))


def sources(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request, q: Text = "", state: Text = "", page: PageNumber = 1) -> HTMLResponse:
        now = pages.behind.clock()
        midnight = _midnight(now.astimezone(tongue.zone).date(), tongue.zone)
        with pages.behind.database.read() as connection:
            covered = desk.coverage(connection, midnight)
            lines, more = desk.feed_lines(connection, now, words=q, state=state, page=page)
        latency = shown.median_and_p95(covered.latencies_s)
        figures = [
            figure(f"{covered.polled}/{covered.feeds}", tongue("sources.polled")),
            figure(covered.reached, tongue("sources.reached")),
            figure(covered.in_full, tongue("sources.in_full")),
            figure(covered.summary, tongue("sources.summary")),
            figure(covered.blocked, tongue("sources.blocked")),
            figure(covered.failing, tongue("sources.failing"), "bad" if covered.failing else ""),
            figure(covered.gaps, tongue("sources.gaps")),
            figure(" · ".join(tongue.span(each) for each in latency) if latency else "–", tongue("sources.latency")),
        ]
        return pages.render(
            request,
            "sources.html",
            "/sources",
            tongue("sources.title"),
            figures=figures,
            feeds=[shown.feed_row(line, tongue, now) for line in lines],
            f={"q": q, "state": state},
            options={"feed_state": tongue.closed("feed", [state for state in FeedState if state != FeedState.REMOVED])},
            page=page,
            more=more,
            query=urlencode({"q": q, "state": state}),
        )

    return show


def figure(value: object, name: str, tint: str = "") -> dict[str, str]:
    return {"value": str(value), "name": name, "class": tint}


def source(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request, feed_id: str) -> HTMLResponse:
        with pages.behind.database.read() as connection:
            lines, _ = desk.feed_lines(connection, pages.behind.clock(), feed_id=feed_id)
            polls = desk.polls(connection, feed_id)
        if not lines:
            return pages.fault(request, tongue("error.not_found_words"), 404)
        feed = lines[0]
        facts = [
            (tongue("col.language"), tongue.words.tongue(feed.spec.language) if feed.spec.language else "–"),
            (tongue("col.country"), tongue.words.name_of(feed.spec.country) or "–"),
            (tongue("col.kind"), feed.spec.kind or "–"),
            (tongue("col.interval"), tongue.span(feed.interval_s)),
            (tongue("col.last_new"), tongue.moment(feed.last_new_at)),
            (tongue("col.next"), tongue.moment(feed.due_at)),
        ]
        rows = [
            {
                "when": tongue.moment(poll.started_at),
                "words": poll.words or poll.outcome,
                "listed": poll.listed,
                "new": poll.new,
            }
            for poll in polls
        ]
        row = shown.feed_row(feed, tongue, pages.behind.clock())
        return pages.render(request, "source.html", "/sources", str(row["title"]), feed=row, facts=facts, polls=rows)

    return show


def rules(pages: Pages) -> Page:
    def show(request: Request) -> HTMLResponse:
        return rules_page(pages, request)

    return show


def rules_page(pages: Pages, request: Request, **values: Any) -> HTMLResponse:
    """The loaded rules with their figures, and the playground with what was tried."""
    tongue, now = pages.tongue, pages.behind.clock()
    loaded = pages.behind.rules()
    with pages.behind.database.read() as connection:
        judged = desk.quality(connection, now - timedelta(days=30))
        hits = desk.rule_hits(connection, now - timedelta(days=30))
    rows = []
    for rule in loaded.rules:
        right, wrong = judged.by_rule.get(rule.id, (0, 0))
        share = f"{right / (right + wrong):.0%}" if right + wrong else ""
        key = "rules.figures" if share else "rules.figures_none"
        rows.append(
            {
                "id": rule.id,
                "title": rule.title,
                "status": rule.status,
                "description": rule.description,
                "false_positives": "; ".join(rule.false_positives),
                "match": [example.text for example in rule.examples if example.match],
                "no_match": [example.text for example in rule.examples if not example.match],
                "figures": tongue(key, hits=hits.get(rule.id, 0), precision=share),
            }
        )
    given = {"tried": {"title": "", "text": "", "url": ""}, "fault": "", "outcome": None, **values}
    return pages.render(request, "rules.html", "/rules", tongue("rules.title"), rules=rows, **given)


def deliveries(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request, state: Text = "", route: Text = "", page: PageNumber = 1) -> HTMLResponse:
        now = pages.behind.clock()
        midnight = _midnight(now.astimezone(tongue.zone).date(), tongue.zone)
        with pages.behind.database.read() as connection:
            box = desk.outbox(connection, sent_since=midnight)
            lines, more = desk.deliveries(connection, state=state, route=route, page=page)
            muted = desk.silences(connection, now)
        waiting = sum(box.counts.get(each, 0) for each in ("queued", "sending", "retry"))
        dead = box.counts.get("dead", 0)
        figures = [
            figure(waiting, tongue("deliveries.queued")),
            figure(tongue.moment(box.oldest_due_at), tongue("deliveries.oldest")),
            figure(box.sent_since, tongue("deliveries.sent")),
            figure(dead, tongue("deliveries.dead"), "bad" if dead else "good"),
        ]
        quiet = [
            {
                "id": each.id,
                "match": clause_words(each.clause),
                "author": each.author,
                "reason": each.reason,
                "until": tongue.moment(each.until),
                "muted": each.muted,
            }
            for each in muted
        ]
        return pages.render(
            request,
            "deliveries.html",
            "/deliveries",
            tongue("deliveries.title"),
            figures=figures,
            deliveries=[shown.delivery_row(line, tongue) for line in lines],
            silences=quiet,
            f={"state": state, "route": route},
            options={
                "delivery_state": tongue.closed("delivery", list(DeliveryState)),
                "route": [(name, name) for name in pages.behind.routes],
            },
            page=page,
            more=more,
            query=urlencode({"state": state, "route": route}),
        )

    return show


def clause_words(clause: str) -> str:
    """A match table as operators write it: the keys that say something."""
    table = json.loads(clause)
    found = [(name, values) for name, values in table.items() if values]
    return "; ".join(
        f"{name}: " + ", ".join("–".join(each) if isinstance(each, list) else str(each) for each in values)
        for name, values in found
    )


def quality(pages: Pages) -> Page:
    tongue = pages.tongue

    def show(request: Request) -> HTMLResponse:
        now = pages.behind.clock()
        ids = pages.behind.verbs.sample_of_today()
        with pages.behind.database.read() as connection:
            found = desk.quality(connection, now - timedelta(days=30))
            articles = desk.sample(connection, ids)
        precision = shown.share_interval(found.right, found.right + found.wrong)
        recall = estimated_recall(found)
        figures = [
            figure(f"{precision[0]:.0%}" if precision else "–", tongue("quality.precision")),
            figure(f"{precision[1]:.0%} – {precision[2]:.0%}" if precision else "–", tongue("quality.interval")),
            figure(found.right + found.wrong, tongue("quality.judged")),
            figure(f"{recall:.0%}" if recall is not None else "–", tongue("quality.recall")),
            figure(found.sampled, tongue("quality.sampled")),
        ]
        cards = [
            {
                "id": each.article_id,
                "title": each.title,
                "href": shown.web_link(each.url),
                "feed": each.feed_title,
                "published": tongue.moment(each.published_at),
                "score": f"{each.score:.2f}",
                "lead": each.text,
            }
            for each in articles
        ]
        return pages.render(request, "quality.html", "/quality", tongue("quality.title"), figures=figures, sample=cards)

    return show


def estimated_recall(found: desk.QualityFigures) -> float | None:
    """Share of the announcements that alerted: alerts judged right (or believed to be) over these and what the sample says
    was missed among the articles that did not alert. None until the sample holds 30 labels."""
    if found.sampled < 30:
        return None
    judged = found.right + found.wrong
    told = found.alerts * (found.right / judged if judged else 1.0)
    missed = found.quiet_articles * found.sampled_missed / found.sampled
    return told / (told + missed) if told + missed else None
