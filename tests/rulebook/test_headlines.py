"""The invented headlines are read with what they count, and every fault is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import RuleErrors
from monitor.rulebook.headlines import load_headlines

GOOD = """origin: ours
worth: 0.1
words_worth: 0.2
headlines:
- {say: a, lang: en, type: deal, stage: signed, title: "Peru sells gas to Chile"}
- {say: n, lang: it, title: "Sciopero dei treni", text: "Domani."}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "calibration").mkdir()
    (folder / "calibration" / "some.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_headline_has_its_label_its_type_and_what_its_file_counts(tmp_path: Path) -> None:
    deal, strike = load_headlines([written(tmp_path, GOOD)])
    assert (deal.label, deal.type, deal.stage, deal.origin) == ("announcement", "deal", "signed", "ours")
    assert (strike.label, strike.type, strike.text) == ("none", "", "Domani.")
    assert (strike.worth, strike.words_worth) == (0.1, 0.2)


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    wrong = GOOD.replace("say: n", "say: x").replace("type: deal", "type: bargain").replace("worth: 0.1", "worth: 7", 1)
    with pytest.raises(RuleErrors) as raised:
        load_headlines([written(tmp_path, wrong)])
    assert sorted(e.line or 0 for e in raised.value.errors) == [2, 5, 6]


def test_the_shipped_headlines_are_readable(rules_dir: Path) -> None:
    shipped = load_headlines([rules_dir])
    assert {h.lang for h in shipped} == {"it", "en", "fr", "de", "es", "ru", "zh"}
    assert all(h.title or h.text for h in shipped)
