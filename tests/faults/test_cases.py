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
# the cases of alerts; those of time and process stand beside the store's
ALERTS = (
    *(f"STO-{number:02d}" for number in (1, 2, 3, 5, 6, 7, 8, 12)),
    *(f"DLV-{number:02d}" for number in range(1, 21)),
    *(f"PRC-{number:02d}" for number in (1, 2, 3, 4, 7, 9, 12)),
    *(f"TIM-{number:02d}" for number in range(1, 9)),
)
# the cases of operating it
OPERATE = (
    *(f"STO-{number:02d}" for number in (4, 9, 10)),
    *(f"PRC-{number:02d}" for number in (5, 6, 8, 10, 11, 13)),
)
_MARKED = re.compile(r'^@fault\("([A-Z]+-\d\d)"\)', re.M)
_NAMED = re.compile(r"^def test_((?:net|feed|art|sec|sto|dlv|prc|tim)_\d\d)_", re.M)


def named(folder: Path) -> set[str]:
    """The ids that tests in a folder carry, as a mark or in their name."""
    found: set[str] = set()
    for path in folder.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(_MARKED.findall(text)) | {name.replace("_", "-").upper() for name in _NAMED.findall(text)}
    return found


def test_every_case_of_the_poller_has_a_test() -> None:
    assert set(POLLER) - named(Path(__file__).parent / "poller") == set()


def test_every_case_of_alerts_has_a_test() -> None:
    here = Path(__file__).parent
    folders = (here / "alerts", here / "runner", here.parent / "flow", here.parent / "store")
    assert set(ALERTS) - set().union(*(named(folder) for folder in folders)) == set()


def test_every_case_of_operating_has_a_test() -> None:
    here = Path(__file__).parent
    assert set(OPERATE) - named(here / "operate") == set()


@pytest.mark.shared
def test_the_list_of_cases_is_the_examiners(shared: Path) -> None:
    with (shared / "examiner" / "fault-cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows if row["issue"] == "poller"} == set(POLLER)
    assert {row["id"] for row in rows if row["issue"] == "alerts"} == set(ALERTS)
    assert {row["id"] for row in rows if row["issue"] == "operate"} == set(OPERATE)


def test_a_case_without_a_test_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text('@fault("NET-01")\ndef test_art_02_x():\n    pass\n')
    assert named(tmp_path) == {"NET-01", "ART-02"}
