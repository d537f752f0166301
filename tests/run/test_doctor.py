"""The doctor's decisions as pure functions."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from monitor.model import FeedSpec
from monitor.run import doctor
from monitor.run.finding import Finding, Level, exit_code
from monitor.run.reachable import check_clock, judge_names, sample_of


def fault(code: int) -> Finding:
    return Finding("x", Level.FAULT, "words", "advice", code)


def test_what_a_restart_cannot_mend_outranks_what_time_may_mend() -> None:
    assert exit_code([]) == 0
    assert exit_code([Finding("x", Level.WARNING, "w")]) == 0
    assert exit_code([fault(4)]) == 4
    assert exit_code([fault(4), fault(2)]) == 2
    assert exit_code([fault(4), fault(2), fault(3)]) == 3


def test_whether_pages_can_be_read_here_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = asyncio.run(doctor.check_reader())
    assert (finding.level, finding.exit_code) == (Level.OK, 0)
    monkeypatch.setattr(doctor, "PAGE", "<html><body></body></html>")
    assert asyncio.run(doctor.check_reader()).exit_code == 2


def test_one_server_with_a_wrong_clock_does_not_blame_ours() -> None:
    right, wrong = timedelta(seconds=1), timedelta(hours=5)
    assert check_clock([right, right, wrong])[0].level is Level.OK
    assert check_clock([wrong, wrong, right])[0].level is Level.WARNING
    assert check_clock([]) == ()


def test_the_sample_asks_different_hosts_and_only_enabled_feeds() -> None:
    specs = [FeedSpec(url=f"https://h{number % 8}.example/{number}") for number in range(40)]
    specs.append(FeedSpec(url="https://off.example/", enabled=False))
    sample = sample_of(specs)
    hosts = {spec.url.split("/")[2] for spec in sample}
    assert len(sample) == len(hosts) == 5
    assert "off.example" not in hosts


def test_one_unknown_publisher_is_its_own_affair_and_all_of_them_one_fault_of_ours() -> None:
    mail = {"mail.example.org": ""}
    assert judge_names(mail, {"a.example": "", "b.example": ""})[0].words == "3 names found"
    (one,) = judge_names(mail, {"a.example": "no answer", "b.example": ""})
    assert (one.level, one.exit_code) == (Level.WARNING, 0)
    (all_of_them,) = judge_names(mail, {"a.example": "no answer", "b.example": "no answer"})
    assert (all_of_them.level, all_of_them.exit_code) == (Level.FAULT, 4)
    (server,) = judge_names({"mail.example.org": "not known"}, {"a.example": ""})
    assert (server.level, server.exit_code) == (Level.FAULT, 4)
