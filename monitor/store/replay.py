"""Stored articles for judging them again: makes reports, never messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from monitor.model import Article
from monitor.store.articles import article_query, to_article
from monitor.store.engine import Database
from monitor.store.tables import entry

_AT_ONCE = 200


def stored_articles(database: Database, since: datetime) -> Iterator[Article]:
    """The articles first seen since a moment whose text is still kept, oldest first; a few hundred in memory at once."""
    last = 0
    while True:
        query = article_query().where(entry.c.id > last, entry.c.first_seen_at >= since)
        with database.read() as connection:
            rows = connection.execute(query.order_by(entry.c.id).limit(_AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        yield from (to_article(row) for row in rows if row.title or row.text)
