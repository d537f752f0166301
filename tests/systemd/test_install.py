"""What is packed and installed: the wheel holds all that editors and operators need, and an installation works without internet
from wherever it was unpacked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project's wheel, built from a copy of what git knows, so that the checkout stays as it is."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True
    )
    for name in names.stdout.splitlines():
        if not name.startswith(("tests/", "bench/")) and (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, copy / name)
    arguments = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(out), "."]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments], cwd=copy, capture_output=True, text=True, env={**os.environ, **QUIET}
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_rule_document_and_unit(root: Path, wheel: zipfile.ZipFile) -> None:
    held = {name.split("/data/share/coopwatch/")[1] for name in wheel.namelist() if "/data/share/coopwatch/" in name}
    rules = {str(path.relative_to(root)) for path in (root / "rules").rglob("*") if path.is_file()}
    docs = {f"doc/{path.name}" for path in (root / "docs").iterdir() if path.suffix in (".md", ".toml", ".json")}
    units = {f"systemd/{path.name}" for path in (root / "systemd").iterdir()}
    assert rules | docs | units <= held
    assert len(rules) > 15


def test_the_wheel_holds_every_module_and_template(root: Path, wheel: zipfile.ZipFile) -> None:
    ours = {
        str(path.relative_to(root))
        for path in (root / "monitor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - set(wheel.namelist()) == set()


def test_the_runtime_lock_leaves_developers_tools_out(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / ".ci" / "runtime_lock.py"], capture_output=True, text=True, check=True
    )
    names = {line.split("==")[0] for line in done.stdout.splitlines() if "==" in line}
    assert {"httpx", "sqlmodel", "trafilatura", "psycopg-binary", "lxml"} <= names
    assert not names & {"pytest", "ruff", "mypy", "playwright", "schemathesis"}
    assert done.stdout.count("--hash=sha256:") >= len(names)


@pytest.mark.long
def test_an_installation_without_internet_works_from_its_own_folder(root: Path, tmp_path: Path) -> None:
    """As an operator would: make dist where there is internet, the wheelhouse carried over, make install-service where there
    is none; then the installed command, with nothing of this checkout."""
    if not (root / "dist" / "wheelhouse").is_dir():
        subprocess.run(["make", "dist"], cwd=root, check=True, capture_output=True, timeout=900)
    packed, place = tmp_path / "packed", tmp_path / "place"
    no_index = {**os.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    arguments = ["make", "install-service", f"DESTDIR={packed}", f"PYTHON={sys._base_executable}"]  # type: ignore[attr-defined]
    for _ in range(2):  # installing the same version again is no fault
        done = subprocess.run(arguments, cwd=root, capture_output=True, text=True, timeout=900, env=no_index)
        assert done.returncode == 0, done.stdout + done.stderr
    packed.rename(place)  # unpacked elsewhere
    assert os.readlink(place / "opt/coopwatch/current").count("/") == 0
    units = place / "etc/systemd/system"
    assert {path.name for path in units.iterdir()} == {
        "coopwatch.service",
        "coopwatch-backup.service",
        "coopwatch-backup.timer",
    }
    assert oct((place / "etc/coopwatch/secrets").stat().st_mode)[-3:] == "700"
    assert (place / "opt/coopwatch/current/share/doc/README.md").is_file()
    command = place / "opt/coopwatch/current/bin/coopwatch"
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COOPWATCH_STATE_DIR": str(tmp_path / "state")}
    for arguments in (["doctor", "--offline"], ["demo", "--dir", str(tmp_path / "demo")]):
        done = subprocess.run(
            [command, *arguments], capture_output=True, text=True, timeout=180, env=clean, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_shell_scripts_are_understood_by_a_plain_shell(root: Path) -> None:
    for script in (root / "systemd").glob("*.sh"):
        done = subprocess.run(["sh", "-n", script], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
