"""Full-text search over the articles: FTS5 on SQLite, tsvector on PostgreSQL. The indexes are made by the migrations.

Words are searched as written by people: every word must occur, the last one may be a beginning. Scripts written without
spaces (Chinese) are searched as substrings, since neither index cuts them into words.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, ScalarSelect, Select, cast, literal_column, or_, select, text

from monitor.store import tables

WORD = re.compile(r"[^\W_]+", re.UNICODE)
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
MOST_WORDS = 12


def search_words(query: str) -> tuple[str, ...]:
    """The words of a query, at most twelve; never an operator of a search language."""
    return tuple(WORD.findall(query.lower())[:MOST_WORDS])


def articles_with(connection: Connection, query: str) -> Select[tuple[int]] | ScalarSelect[int]:
    """The ids of the articles in which every word of ``query`` occurs."""
    words = search_words(query)
    article = tables.article.c
    if not words:
        return select(article.entry_id).where(text("1 = 0"))
    if UNSPACED.search(query):
        return select(article.entry_id).where(
            *(or_(article.title.contains(word), article.text.contains(word)) for word in words)
        )
    if connection.dialect.name == "sqlite":
        match = " ".join(f'"{word}"' for word in words) + "*"
        return (
            select(literal_column("rowid", type_=article.entry_id.type))
            .select_from(text("article_fts"))
            .where(text("article_fts MATCH :match").bindparams(match=match))
        )
    # written out, so that it is the very expression of the index
    found = text("to_tsvector('simple', article.title || ' ' || article.text) @@ to_tsquery('simple', :words)")
    return select(article.entry_id).where(found.bindparams(words=" & ".join(words) + ":*"))


def stories_with(connection: Connection, query: str) -> Select[tuple[str]]:
    """The ids of the stories that an article with these words reports."""
    report = tables.report.c
    # the few report rows are turned into numbers, not the many article rows into text
    return select(report.story_id).where(
        cast(report.article_id, tables.article.c.entry_id.type).in_(articles_with(connection, query))
    )
