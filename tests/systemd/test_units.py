"""The units as systemd itself reads them: no warning, and little exposed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import absent

MOST_EXPOSURE = 1.2  # on Debian 12's systemd 252; what remains is the network that the service is for


@pytest.fixture(scope="module")
def analyze() -> str:
    path = shutil.which("systemd-analyze")
    if path is None:
        absent("systemd", "systemd-analyze is not installed")
    return str(path)


@pytest.fixture
def units(root: Path, tmp_path: Path) -> Path:
    """The units with the command at a place that exists here."""
    command = tmp_path / "coopwatch"
    command.write_text("#!/bin/sh\n", encoding="ascii")
    command.chmod(0o755)
    for unit in (root / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8").replace("/opt/coopwatch/current/bin/coopwatch", str(command))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_unit_is_verified_without_a_word(analyze: str, units: Path) -> None:
    files = [str(path) for path in units.iterdir() if path.suffix in (".service", ".timer")]
    assert len(files) == 3
    done = subprocess.run([analyze, "verify", "--man=no", *files], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", ["coopwatch.service", "coopwatch-backup.service"])
def test_little_is_exposed(analyze: str, units: Path, unit: str) -> None:
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(units / unit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found.group(1)) <= MOST_EXPOSURE


def test_a_person_s_fault_is_not_restarted(root: Path) -> None:
    assert "RestartPreventExitStatus=2 3" in (root / "systemd" / "coopwatch.service").read_text(encoding="utf-8")
