"""What people judged, and the sample that they are asked to label."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor.console import shown
from monitor.console.pages.base import Page, Pages, figure
from monitor.store import desk


def quality(pages: Pages) -> Page:
    def show(request: Request) -> HTMLResponse:
        tongue = pages.tongue(request)
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
        return pages.render(
            request,
            "quality.html",
            "/quality",
            tongue("quality.title"),
            figures=figures,
            sample=cards,
            labelled=found.sampled > 0,
        )

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
