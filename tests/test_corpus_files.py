"""The articles of our own writing keep their form and cover what they are there for (tests/corpus/README.md)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.model import ActType, Reason, Sector, Stage, Verdict

CORPUS = Path(__file__).resolve().parent / "corpus"
LANGUAGES = ("it", "en", "fr", "de", "es", "ru", "zh")
COLUMNS = {
    *("id", "lang", "title", "text", "published", "url", "label", "types", "stage", "countries", "organisations"),
    *("sectors", "reason", "stratum", "quote", "note"),
}
TOLD_STAGES = {Stage.ANNOUNCED, Stage.SIGNED, Stage.LAUNCHED, Stage.RENEWED}


@cache
def rows(pattern: str) -> tuple[dict[str, Any], ...]:
    """Every line of the corpus files that match ``pattern``."""
    return tuple(
        json.loads(line)
        for path in sorted(CORPUS.glob(pattern))
        for line in path.read_text(encoding="utf-8").splitlines()
    )


def articles() -> tuple[dict[str, Any], ...]:
    return rows("articles/*.jsonl")


def announcements() -> list[dict[str, Any]]:
    return [row for row in articles() if row["label"] == Verdict.ANNOUNCEMENT]


def test_every_article_has_the_same_columns_and_values_of_the_closed_sets() -> None:
    for row in articles():
        assert set(row) == COLUMNS, row["id"]
        assert row["id"].startswith(row["lang"] + "-")
        assert row["title"].strip()
        assert row["text"].strip()
        assert date.fromisoformat(row["published"])
        assert row["label"] in set(Verdict), row["id"]
        assert set(row["types"]) <= set(ActType), row["id"]
        assert set(row["sectors"]) <= set(Sector), row["id"]
        assert row["stage"] is None or row["stage"] in set(Stage), row["id"]
        assert row["reason"] is None or row["reason"] in set(Reason), row["id"]
        assert all(len(code) == 2 and code.isupper() for code in row["countries"]), row["id"]


def test_ids_and_texts_are_unique() -> None:
    assert len({row["id"] for row in articles()}) == len(articles())
    assert len({row["text"] for row in articles()}) == len(articles())


def test_an_announcement_has_principals_a_told_stage_and_a_verbatim_quote() -> None:
    for row in announcements():
        principals = len(row["countries"]) + len(row["organisations"])
        assert principals >= 2 or "(open)" in row["note"], row["id"]
        assert row["types"], row["id"]
        assert row["sectors"], row["id"]
        assert row["stage"] in TOLD_STAGES, row["id"]
        assert row["quote"], row["id"]
        assert row["quote"] in row["text"], row["id"]
        assert row["reason"] is None, row["id"]


def test_what_is_no_announcement_has_no_quote() -> None:
    assert [row["id"] for row in articles() if row["label"] != Verdict.ANNOUNCEMENT and row["quote"]] == []


def test_languages_types_stages_and_reasons_are_covered() -> None:
    per_language = Counter(row["lang"] for row in articles())
    assert len(articles()) >= 160
    assert set(per_language) == set(LANGUAGES)
    assert per_language["it"] >= 55
    assert per_language["en"] >= 50
    assert min(per_language.values()) >= 11
    assert {kind for row in announcements() for kind in row["types"]} == set(ActType)
    assert {row["stage"] for row in articles() if row["stage"]} == set(Stage)
    assert {row["reason"] for row in articles() if row["reason"]} == set(Reason)
    assert {sector for row in articles() for sector in row["sectors"]} == set(Sector)
    for language in LANGUAGES:
        labels = {row["label"] for row in articles() if row["lang"] == language}
        assert labels == set(Verdict), language


def test_every_language_has_announcements_of_every_told_stage() -> None:
    for language in LANGUAGES:
        stages = {row["stage"] for row in announcements() if row["lang"] == language}
        assert stages == TOLD_STAGES, language


@pytest.mark.shared
def test_no_passage_was_taken_from_the_labelled_articles(shared: Path) -> None:
    """Eight words (or 24 characters of Chinese) in a row would be a copy."""

    def shingles(text: str, lang: str) -> set[str]:
        if lang == "zh":
            return {text[at : at + 24] for at in range(max(0, len(text) - 23))}
        words = text.lower().split()
        return {" ".join(words[at : at + 8]) for at in range(max(0, len(words) - 7))}

    ours = {shingle for row in articles() for shingle in shingles(row["text"], row["lang"])}
    theirs = (
        json.loads(line)
        for name in ("announcements-dev.jsonl", "stories-dev.jsonl")
        for line in (shared / "data" / name).read_text(encoding="utf-8").splitlines()
    )
    assert [row["id"] for row in theirs if shingles(row["text"] or "", row["lang"]) & ours] == []


GROUPING_COLUMNS = {"id", "lang", "title", "text", "published", "url", "group", "role", "stage"}


def test_acts_are_told_by_several_outlets_in_several_languages_on_several_days() -> None:
    reports = [row for row in rows("grouping.jsonl") if row["role"] == "report"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in reports:
        groups.setdefault(row["group"], []).append(row)
    assert all(set(row) == GROUPING_COLUMNS for row in rows("grouping.jsonl"))
    assert {row["role"] for row in rows("grouping.jsonl")} == {"report", "mention"}
    assert len(groups) >= 40
    assert min(len(group) for group in groups.values()) >= 2
    assert all(len({row["published"] for row in group}) > 1 for key, group in groups.items() if len(group) > 3)
    assert sum(len({row["lang"] for row in group}) > 1 for group in groups.values()) >= 40
    assert {"it", "en", "ru", "zh"} <= {row["lang"] for row in reports}
    assert sum(len({row["stage"] for row in group}) > 1 for group in groups.values()) >= 10


def test_lookalikes_are_two_acts_within_fourteen_days() -> None:
    pairs: dict[str, list[dict[str, Any]]] = {}
    for row in rows("lookalikes.jsonl"):
        assert set(row) == GROUPING_COLUMNS | {"pair"}
        pairs.setdefault(row["pair"], []).append(row)
    assert len(pairs) >= 70
    for first, second in pairs.values():
        days = (date.fromisoformat(second["published"]) - date.fromisoformat(first["published"])).days
        assert 0 <= days <= 14, first["pair"]
        assert first["group"] != second["group"]
        assert first["stage"] == second["stage"]


def test_novelty_replays_say_what_each_step_should_do() -> None:
    cases = rows("novelty.jsonl")
    kinds = Counter(case["kind"] for case in cases)
    assert len(cases) >= 74
    assert {"rereport_3w", "rereport_1y", "anniversary", "new_stage", "correction", "denial"} <= set(kinds)
    assert {"suspension", "copy", "copy_of_copy", "framework", "within_72h", "deadline_extended"} <= set(kinds)
    for case in cases:
        steps = case["steps"]
        assert len(steps) >= 2, case["case"]
        assert [step["published"] for step in steps] == sorted(step["published"] for step in steps), case["case"]
        assert any(step["alert"] for step in steps), case["case"]
        for step in steps:
            assert step["novelty"] in {"new", "new_stage", "known", "unsure", None}, step["id"]
            assert not step["alert"] or step["novelty"] in {"new", "new_stage", "unsure"}, step["id"]


def test_every_report_of_the_corpus_has_its_own_id() -> None:
    steps = [step for case in rows("novelty.jsonl") for step in case["steps"]]
    ids = [row["id"] for row in (*articles(), *rows("grouping.jsonl"), *rows("lookalikes.jsonl"), *steps)]
    assert len(ids) == len(set(ids))
