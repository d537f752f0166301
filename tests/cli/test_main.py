"""The command line's frame: help at once, exit codes of contract 2, no tracebacks for what a person can mend."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from monitor.cli import COMMANDS, build, main


def test_every_command_module_loads_and_registers_the_command_it_is_named_for() -> None:
    for name in COMMANDS:
        app = build([name])
        found = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
        assert found == set(COMMANDS)


def parameters(command: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every option and argument below a command with its help."""
    for name, below in getattr(command, "commands", {}).items():
        yield from parameters(below, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield from ((f"{path} {each.opts[0]}", getattr(each, "help", "") or "") for each in command.params)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_says_what_it_is(name: str) -> None:
    command: Any = typer.main.get_command(build([name]))
    assert [path for path, told in parameters(command.commands[name], name) if not told] == []


def test_help_names_every_command_and_loads_no_heavy_library(capsys: pytest.CaptureFixture[str]) -> None:
    code = "import sys; from monitor.cli import main; main(['--help']); print(*sorted(sys.modules), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(run.stderr.split())
    assert all(name in run.stdout for name in COMMANDS)
    assert not loaded & {"sqlalchemy", "pydantic", "httpx", "feedparser", "trafilatura", "apscheduler", "fastapi"}


def test_the_service_starts_without_what_only_migrations_fleets_and_pages_need() -> None:
    code = "import sys, monitor.cli.run; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(run.stdout.split())
    assert not loaded & {"alembic", "procrastinate", "fastapi", "uvicorn", "trafilatura", "docx"}
    assert not loaded & {"sqlmodel", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "monitor.rulebook.schema"}
    assert not loaded & {"feedparser", "lxml", "charset_normalizer", "nh3"}  # they read hostile bytes, in the workers


def test_usage_errors_exit_2_and_version_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-command"]) == 2
    assert main(["status", "--no-such-option"]) == 2
    assert main(["--version"]) == 0
    assert "coopwatch" in capsys.readouterr().out


def test_a_configuration_fault_is_one_message_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "coopwatch.toml"
    config.write_text('state_dir = "s"\nnonsense = 1\n')
    assert main(["status", "--config", str(config)]) == 2
    err = capsys.readouterr().err
    assert f"{config}:2: nonsense: unknown key" in err
    assert "Traceback" not in err


def test_status_begins_with_a_warning_while_nothing_leaves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "coopwatch.toml"
    config.write_text('state_dir = "s"\n')
    assert main(["status", "--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith("NO ALERT LEAVES THIS MACHINE")
