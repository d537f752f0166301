"""docs/rules.md followed to the letter by a stranger in an empty folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.flow.conftest import forms_cache

__all__ = ["forms_cache"]  # a fixture

TUTORIAL = (
    (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").partition("## A first rule")[2].partition("\n## ")[0]
)
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TUTORIAL, re.DOTALL)


@pytest.fixture
def scratch(tmp_path: Path, forms_cache: Path) -> Path:
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    (tmp_path / "coopwatch.toml").write_text('state_dir = "state"\nrules_dir = ["rules", "mine"]\n', encoding="utf-8")
    shutil.copytree(forms_cache, tmp_path / "state" / "cache")
    return tmp_path


def run(line: str, folder: Path) -> str:
    """The output of one line, as a shell would run it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COOPWATCH_")}
    environ = {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "COOPWATCH_CONFIG": "coopwatch.toml"}
    words = line.split()
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environ[name] = str(folder / value)
    if words[0] == "coopwatch":
        words = [sys.executable, "-m", "monitor", *words[1:]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=folder, env=environ)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.long
def test_a_first_rule_in_ten_minutes(scratch: Path) -> None:
    said: list[str] = []
    for kind, block in BLOCKS:
        if kind == "text":
            (scratch / "006.txt").write_text(block, encoding="utf-8")
        elif kind == "yaml":
            path = scratch / block.splitlines()[0].removeprefix("# ")
            path.write_text(block, encoding="utf-8")
        else:
            said += [run(line, scratch) for line in block.splitlines()]
    _, before, suggested, checked, after, tried = said
    assert "NOW  none" in before
    assert 'text: "Istituto Sismico Aurora"' in suggested
    assert "IT, JP and no act that the rules know" in suggested
    assert "rule set" in checked
    assert "NOW  announcement" in after
    assert "rule institutes-twinned" in after
    assert "no stored articles to compare" in tried
