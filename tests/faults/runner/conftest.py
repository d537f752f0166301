"""Worlds and small disks for the fault cases."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.flow.conftest import forms_cache, place

__all__ = ["forms_cache", "place"]  # fixtures


@pytest.fixture
def mount() -> Iterator[Callable[[Path, str], None]]:
    """Mounts a file system in memory at a folder: ``mount(folder, "size=32m")``; again with ``remount,ro`` to change it."""
    mounted: list[Path] = []

    def at(folder: Path, options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            absent("mount", "this user cannot mount a file system")
        if folder not in mounted:
            mounted.append(folder)

    yield at
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
