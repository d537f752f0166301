"""Which rules find something in an article, whoever scores it: what a rule's own examples are checked against."""

from __future__ import annotations

from datetime import datetime

from monitor.match.matcher import Matcher
from monitor.model import Article


def rules_found(matcher: Matcher, article: Article, now: datetime) -> dict[str, frozenset[str]]:
    """Rule id to the principals of its best frame that may be an announcement."""
    out: dict[str, frozenset[str]] = {}
    for scored in matcher.explain(article, now=now).scored:
        candidate = scored.candidate
        if candidate.reason is None:
            out.setdefault(candidate.frame.rule.id, frozenset(e.principal for e in candidate.frame.cast.principals))
    return out
