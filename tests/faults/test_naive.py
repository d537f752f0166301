"""What the fault cases are worth: a naive client (plain httpx, feedparser, trafilatura) fails all but the listed ones."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import ROOT

# Cases that a first draft passes too, and why it does.
PASSED_BY_NAIVE = {
    "FEED-08": "feedparser looks at the bytes, not at the content type",
    "FEED-14": "its fallback from id to link to title is stable as long as nothing else goes wrong",
    "FEED-21": "it follows no page at all, so none in a circle",
    "NET-07": "every byte comes within its read time-out",
    "SEC-04": "httpx drops the Authorization header on another host",
}


def _limited() -> None:
    """The naive client has no limits of its own: a bomb must end the run and not the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


@pytest.mark.long
def test_a_naive_client_fails_every_case_but_the_listed_ones(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--basetemp", str(tmp_path / "inner"), "-W", "ignore", "--timeout", "60"),
            *("--junitxml", str(report), str(ROOT / "tests" / "faults" / "poller")),
        ],
        cwd=ROOT,
        env={**os.environ, "COOPWATCH_SUBJECT": "naive", "PYTHONPATH": str(ROOT)},
        preexec_fn=_limited,
        timeout=600,
        capture_output=True,
        check=False,
    )
    failed: dict[str, bool] = defaultdict(bool)
    for test in ElementTree.parse(report).iter("testcase"):
        bad = any(test.find(kind) is not None for kind in ("failure", "error"))
        for case in {found.get("value") for found in test.iter("property") if found.get("name") == "fault"}:
            failed[str(case)] |= bad
    assert len(failed) >= 80
    assert {case for case, bad in failed.items() if not bad} == set(PASSED_BY_NAIVE)
