"""The outbox, what left it, and what is silenced."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor.alert import silence
from monitor.console import shown
from monitor.console.days import midnight
from monitor.console.pages.base import Page, PageNumber, Pages, Text, figure
from monitor.model import DeliveryState
from monitor.store import desk


def deliveries(pages: Pages) -> Page:
    def show(request: Request, state: Text = "", route: Text = "", page: PageNumber = 1) -> HTMLResponse:
        tongue = pages.tongue(request)
        now = pages.behind.clock()
        today_from = midnight(now.astimezone(tongue.zone).date(), tongue.zone)
        with pages.behind.database.read() as connection:
            box = desk.outbox(connection, sent_since=today_from)
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
        if box.held:  # rare, and then the answer to "why has nobody been told?"
            figures.append(figure(box.held, tongue("deliveries.held"), "warn"))
        quiet = [
            {
                "id": each.id,
                "match": silence.words_of(each.clause),
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
