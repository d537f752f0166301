"""Articles of the last days with the judgement that they got, to be judged again by other rules. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from monitor.model import Article, Judgement
from monitor.store.articles import article_query, to_article
from monitor.store.engine import Database
from monitor.store.tables import article, entry, judgement
from monitor.store.types import from_json

BATCH = 200


def judged_since(database: Database, since: datetime) -> tuple[int, ...]:
    """The ids of the articles that were judged since a moment and still have their text, oldest first."""
    with database.read() as connection:
        rows = connection.execute(
            select(judgement.c.entry_id)
            .join(article, article.c.entry_id == judgement.c.entry_id)
            .where(judgement.c.judged_at >= since, article.c.text != "")
            .distinct()
            .order_by(judgement.c.entry_id)
        )
        return tuple(rows.scalars())


def with_judgements(database: Database, ids: tuple[int, ...]) -> Iterator[tuple[Article, Judgement, datetime]]:
    """Each article with its last judgement and when that was made."""
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        with database.read() as connection:
            rows = connection.execute(
                select(judgement.c.entry_id, judgement.c.judged_at, judgement.c.body)
                .where(judgement.c.entry_id.in_(chunk))
                .order_by(judgement.c.id)
            )
            last = {row.entry_id: (from_json(Judgement, row.body), row.judged_at) for row in rows}
            articles = [to_article(row) for row in connection.execute(article_query().where(entry.c.id.in_(chunk)))]
        for each in articles:
            said, at = last[int(each.id)]
            yield each, said, at
