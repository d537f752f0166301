"""Backup, the way back and the schema, by command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.store import runner_lock
from tests.databases import new_store


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "coopwatch.toml"
    path.write_text('state_dir = "state"\n', encoding="utf-8")
    new_store(f"sqlite:///{tmp_path}/state/coopwatch.db").close()
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    out = capsys.readouterr()
    return code, out.out + out.err


def test_a_backup_is_made_listed_and_restored(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "backup", "--json", "--config", str(config))
    copy = Path(json.loads(text)["copy"])
    assert (code, copy.is_file(), copy.parent) == (0, True, config.parent / "state" / "backups")
    code, text = said(capsys, "backup", "--list", "--json", "--config", str(config))
    assert [Path(each["copy"]) for each in json.loads(text)] == [copy]
    for named in (str(copy), copy.name, "latest"):
        code, text = said(capsys, "restore", named, "--json", "--config", str(config))
        assert code == 0, text
        assert json.loads(text)["carried"] == {"entries": 0, "stories": 0, "deliveries": 0}


def test_restoring_under_a_running_service_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "backup", "--config", str(config))
    lock = runner_lock(f"sqlite:///{config.parent}/state/coopwatch.db")
    assert lock is not None
    lock.take()
    try:
        code, text = said(capsys, "restore", "latest", "--config", str(config))
    finally:
        lock.release()
    assert code == 3
    assert "another coopwatch" in text


def test_a_copy_that_is_not_there_is_a_usage_error(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "restore", "latest", "--config", str(config))
    assert code == 2
    assert "backup --list" in text


def test_postgresql_is_told_of_its_own_tools(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOPWATCH_DATABASE_URL", "postgresql+psycopg://nobody@localhost/coopwatch")
    for command in (("backup",), ("restore", "latest")):
        code, text = said(capsys, *command, "--config", str(config))
        assert code == 2
        assert "pg_dump --format=custom" in text
        assert "pg_restore" in text


def test_db_upgrade_makes_the_schema_and_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "coopwatch.toml"
    config.write_text('state_dir = "fresh"\n', encoding="utf-8")
    code, text = said(capsys, "db", "upgrade", "--json", "--config", str(config))
    first = json.loads(text)
    assert (code, first["before"]) == (0, None)
    code, text = said(capsys, "db", "upgrade", "--json", "--config", str(config))
    assert json.loads(text) == {"before": first["after"], "after": first["after"]}
