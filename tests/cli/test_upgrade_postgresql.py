"""The look ahead on PostgreSQL, which is read in place and never migrated by a look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.cli import main
from monitor.cli.db import schema_of
from monitor.store import open_store
from monitor.store.engine import open_database
from tests import postgresql as cluster
from tests.conftest import ROOT


@pytest.mark.long
@pytest.mark.postgresql
def test_it_reads_in_place_and_refuses_another_schema(
    postgresql: cluster.Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgresql.url()
    open_store(url).close()
    config = tmp_path / "coopwatch.toml"
    config.write_text(f'state_dir = {json.dumps(str(tmp_path / "state"))}\nrules_dir = {json.dumps(str(ROOT / "rules"))}\n'
                      f"database_url = {json.dumps(url)}\n", encoding="utf-8")  # fmt: skip
    assert main(["upgrade", "--check", "--json", "--config", str(config)]) == 0
    outlook = json.loads(capsys.readouterr().out)
    assert (outlook["backup"], outlook["articles"], outlook["differences"]) == ("", 0, [])
    database = open_database(url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.close()
    assert main(["upgrade", "--check", "--config", str(config)]) == 2
    assert "pg_dump" in capsys.readouterr().err
    assert schema_of(url) == "0001"
