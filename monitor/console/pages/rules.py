"""The loaded rules with their figures, and the playground."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor.console.pages.base import Page, Pages
from monitor.store import desk


def rules(pages: Pages) -> Page:
    def show(request: Request) -> HTMLResponse:
        return rules_page(pages, request)

    return show


def rules_page(pages: Pages, request: Request, **values: Any) -> HTMLResponse:
    """The loaded rules with their figures, and the playground with what was tried."""
    tongue, now = pages.tongue(request), pages.behind.clock()
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
                "status_words": tongue(f"rule.{rule.status}"),
                "description": rule.description,
                "false_positives": "; ".join(rule.false_positives),
                "match": [example.text for example in rule.examples if example.match],
                "no_match": [example.text for example in rule.examples if not example.match],
                "figures": tongue(key, hits=hits.get(rule.id, 0), precision=share),
            }
        )
    given = {"tried": {"title": "", "text": "", "url": ""}, "fault": "", "outcome": None, **values}
    return pages.render(request, "rules.html", "/rules", tongue("rules.title"), rules=rows, **given)
