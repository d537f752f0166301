"""Feeds: how they do today, and one with its last polls."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor.console import feeds, shown
from monitor.console.days import midnight
from monitor.console.pages.base import Page, PageNumber, Pages, Text, figure
from monitor.model import FeedState
from monitor.store import desk


def sources(pages: Pages) -> Page:
    def show(request: Request, q: Text = "", state: Text = "", page: PageNumber = 1) -> HTMLResponse:
        tongue = pages.tongue(request)
        now = pages.behind.clock()
        today_from = midnight(now.astimezone(tongue.zone).date(), tongue.zone)
        with pages.behind.database.read() as connection:
            covered = desk.coverage(connection, today_from)
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
            figure(
                " · ".join(tongue.short_span(each) for each in latency) if latency else "–", tongue("sources.latency")
            ),
        ]
        return pages.render(
            request,
            "sources.html",
            "/sources",
            tongue("sources.title"),
            figures=figures,
            feeds=[feeds.feed_row(line, tongue, now) for line in lines],
            f={"q": q, "state": state},
            options={"feed_state": tongue.closed("feed", [state for state in FeedState if state != FeedState.REMOVED])},
            page=page,
            more=more,
            query=urlencode({"q": q, "state": state}),
        )

    return show


def source(pages: Pages) -> Page:
    def show(request: Request, feed_id: str) -> HTMLResponse:
        tongue = pages.tongue(request)
        with pages.behind.database.read() as connection:
            lines, _ = desk.feed_lines(connection, pages.behind.clock(), feed_id=feed_id)
            polls = desk.polls(connection, feed_id)
        if not lines:
            return pages.fault(request, tongue("error.not_found_words"), 404)
        feed = lines[0]
        facts = [
            (tongue("col.language"), tongue.words.tongue(feed.spec.language) if feed.spec.language else "–"),
            (tongue("col.country"), tongue.words.name_of(feed.spec.country) or "–"),
            (tongue("col.kind"), feeds.publisher(feed.spec.kind, tongue) or "–"),
            (tongue("col.interval"), tongue.span(feed.interval_s)),
            (tongue("col.last_new"), tongue.moment(feed.last_new_at)),
            (tongue("col.next"), tongue.moment(feed.due_at)),
        ]
        row = feeds.feed_row(feed, tongue, pages.behind.clock())
        return pages.render(
            request,
            "source.html",
            "/sources",
            str(row["title"]),
            feed=row,
            facts=facts,
            polls=[feeds.poll_row(poll, tongue) for poll in polls],
        )

    return show
