"""The manual's configuration is one that the program takes, and its commands are commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import config
from monitor.cli import build

MANUAL = (Path(__file__).resolve().parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")


def test_the_manuals_routes_are_accepted(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)
    (tmp_path / "smtp.password").write_text("secret")
    file = tmp_path / "coopwatch.toml"
    file.write_text(block)
    settings = config.load(file, {})
    assert [route.name for route in settings.routes] == ["desk", "morning", "ops"]
    assert settings.routes[0].match[1].principals == ("EU", "!US")


@pytest.mark.parametrize("line", re.findall(r"^coopwatch (.*?)(?:  +#.*)?$", MANUAL, re.MULTILINE))
def test_the_manuals_commands_exist(line: str) -> None:
    words = line.split()
    group = build([words[0]])
    found = next(each for each in group.registered_groups if each.name == words[0])
    assert found.typer_instance is not None
    command = next(each for each in found.typer_instance.registered_commands if each.name == words[1])
    assert command.callback is not None
    known = set(command.callback.__code__.co_varnames)
    options = {option.removeprefix("--").replace("-", "_") for option in re.findall(r"--[a-z-]+", line)}
    assert options <= known
