"""A judgement as the JSON object of contract 1 (``coopwatch check``). Keys are only ever added."""

from __future__ import annotations

from typing import Any

from monitor.model import Announcement, Judgement


def judgement_object(article_id: str, judgement: Judgement) -> dict[str, Any]:
    """One line of ``coopwatch check``."""
    return {
        "id": article_id,
        "lang": judgement.lang,
        "verdict": judgement.verdict.value,
        "score": judgement.score,
        "alert": judgement.alert,
        "announcements": [announcement_object(a) for a in judgement.announcements],
        "mentions": [{**announcement_object(m.announcement), "reason": m.reason.value} for m in judgement.mentions],
        "reasons": [r.value for r in judgement.reasons],
        "ruleset": judgement.ruleset,
    }


def announcement_object(a: Announcement) -> dict[str, Any]:
    """One announcement or the report behind a mention."""
    return {
        "type": a.type.value,
        "stage": a.stage.value,
        "step": a.step.value if a.step else None,
        "object": a.object,
        "count": a.count,
        "parties": [
            {"id": p.id, "kind": p.kind, "country": p.country, "name": p.name, "role": p.role} for p in a.parties
        ],
        "claimed_by": a.claimed_by,
        "sectors": [s.value for s in a.sectors],
        "topics": list(a.topics),
        "event_date": a.event_date,
        "deadline": a.deadline,
        "quote": a.quote,
        "rule": a.rule,
        "score": a.score,
        "evidence": [{"start": s.start, "end": s.end, "field": s.field, "concept": s.concept} for s in a.evidence],
        **({"trial": True} if a.trial else {}),
    }
