"""Full-text search over articles (FTS5, tsvector), and by which rule a report was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# An index over the table itself ("external content"): the text is stored once; triggers keep the index beside it.
SQLITE = (
    """CREATE VIRTUAL TABLE article_fts USING fts5(title, text, content='article', content_rowid='entry_id',
    tokenize='unicode61 remove_diacritics 2', prefix='3')""",
    """CREATE TRIGGER article_fts_insert AFTER INSERT ON article BEGIN
    INSERT INTO article_fts(rowid, title, text) VALUES (new.entry_id, new.title, new.text); END""",
    """CREATE TRIGGER article_fts_delete AFTER DELETE ON article BEGIN
    INSERT INTO article_fts(article_fts, rowid, title, text) VALUES ('delete', old.entry_id, old.title, old.text); END""",
    """CREATE TRIGGER article_fts_update AFTER UPDATE OF title, text ON article BEGIN
    INSERT INTO article_fts(article_fts, rowid, title, text) VALUES ('delete', old.entry_id, old.title, old.text);
    INSERT INTO article_fts(rowid, title, text) VALUES (new.entry_id, new.title, new.text); END""",
    "INSERT INTO article_fts(article_fts) VALUES ('rebuild')",
)
POSTGRESQL = ("CREATE INDEX ix_article_words ON article USING gin (to_tsvector('simple', title || ' ' || text))",)


def upgrade() -> None:
    """Forward only; the way back is the backup."""
    op.add_column("report", sa.Column("rule", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_article_read_at", "article", ["read_at"], unique=False)
    op.create_index("ix_report_seen_at", "report", ["seen_at"], unique=False)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
