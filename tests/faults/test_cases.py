"""No case of the examiner's list is missing: each id of the poller is named by a test."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

POLLER = (
    *(f"NET-{number:02d}" for number in range(1, 40)),
    *(f"FEED-{number:02d}" for number in range(1, 24)),
    *(f"ART-{number:02d}" for number in range(1, 11)),
    *(f"SEC-{number:02d}" for number in range(1, 10)),
    "SEC-14",
)
_MARKED = re.compile(r'^@fault\("([A-Z]+-\d\d)"\)', re.M)
_NAMED = re.compile(r"^def test_((?:net|feed|art|sec)_\d\d)_", re.M)


def named(folder: Path) -> set[str]:
    """The ids that tests in a folder carry, as a mark or in their name."""
    found: set[str] = set()
    for path in folder.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(_MARKED.findall(text)) | {name.replace("_", "-").upper() for name in _NAMED.findall(text)}
    return found


def test_every_case_of_the_poller_has_a_test() -> None:
    assert set(POLLER) - named(Path(__file__).parent / "poller") == set()


@pytest.mark.shared
def test_the_list_of_cases_is_the_examiners(shared: Path) -> None:
    with (shared / "examiner" / "fault-cases.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["id"] for row in csv.DictReader(file) if row["issue"] == "poller"}
    assert listed == set(POLLER)


def test_a_case_without_a_test_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text('@fault("NET-01")\ndef test_art_02_x():\n    pass\n')
    assert named(tmp_path) == {"NET-01", "ART-02"}
