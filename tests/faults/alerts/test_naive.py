"""What the delivery cases are worth: a naive sender (smtplib, httpx, no outbox) fails all of them but those named here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Tests that a naive sender passes, each with the reason why that says nothing for it.
PASSES: dict[str, str] = {}


@pytest.mark.long
@pytest.mark.skipif(os.environ.get("COOPWATCH_SUBJECT") == "naive", reason="this is the inner run")
def test_a_naive_sender_fails_all_cases_but_those_listed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "no:xdist"]
    cases = "tests/faults/alerts/test_delivery.py"
    done = subprocess.run(
        [*command, cases, "--basetemp", str(tmp_path / "naive"), "--timeout", "60"],
        cwd=ROOT,
        env={**os.environ, "COOPWATCH_SUBJECT": "naive"},
        capture_output=True,
        text=True,
        timeout=220,
    )
    passed = set(re.findall(r"^PASSED \S+::(test_\w+)", done.stdout, re.MULTILINE))
    failed = set(re.findall(r"^FAILED \S+::(test_\w+)", done.stdout, re.MULTILINE))
    assert len(failed) >= 20, done.stdout[-2000:]
    assert passed - failed == set(PASSES)
