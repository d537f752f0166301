"""The numbers of the migrations, read from their file names, are Alembic's."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from monitor.store import Store
from monitor.store.schema import FOLDER, current, head, revisions


def test_the_file_names_say_what_alembic_reads_in_the_files() -> None:
    scripts = ScriptDirectory(str(FOLDER))
    assert list(revisions()) == [script.revision for script in scripts.walk_revisions()][::-1]
    assert head() == scripts.get_current_head()


def test_a_new_database_has_the_newest_schema(store: Store) -> None:
    with store.database.read() as connection:
        assert current(connection) == head()
