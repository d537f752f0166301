"""The phrases of rules/pages/: loading and faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import RuleErrors
from monitor.rulebook.pages import load_page_phrases


def test_the_shipped_phrases_load_and_none_is_so_short_that_it_matches_anything(rules_dir: Path) -> None:
    phrases = load_page_phrases([rules_dir])
    for name in phrases.__slots__:
        words = getattr(phrases, name)
        assert words, name
        assert all(len(word) >= 4 or not word.isascii() for word in words if name != "lines"), name


def test_a_sites_own_phrases_are_added(rules_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "mine.yaml").write_text("lines:\n  - seguici\n", encoding="utf-8")
    phrases = load_page_phrases([rules_dir, tmp_path])
    assert "seguici" in phrases.lines
    assert "advertisement" in phrases.lines


def test_every_fault_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.yaml").write_text("lines:\n  - x\nwall:\n  - abc\nlogin: abc\n", encoding="utf-8")
    (tmp_path / "pages" / "b.yaml").write_text("lines: [", encoding="utf-8")
    with pytest.raises(RuleErrors) as caught:
        load_page_phrases([tmp_path])
    assert [(Path(error.file).name, error.line) for error in caught.value.errors] == [
        ("a.yaml", 2),
        ("a.yaml", 3),
        ("a.yaml", 5),
        ("b.yaml", 2),
    ]
