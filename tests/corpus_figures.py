"""What ``coopwatch check`` makes of the corpus of our own, as counts and percentages, and the floors below them.

Errors are percentages where they grow with what is found: a rule set that finds twice as much may err twice as often.

``python tests/corpus_figures.py`` prints the figures; with ``--pin`` it also writes those that became better into
tests/corpus/floors.yaml. None ever becomes worse there but by a person's hand.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).resolve().parent / "corpus"
FLOORS = CORPUS / "floors.yaml"
Figures = dict[str, dict[str, int]]
# Of these, fewer is better; of all others, more.
COSTS = frozenset({"wrong_alerts", "repeats_percent"})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check(rows: Iterable[dict[str, Any]], *options: str) -> dict[str, dict[str, Any]]:
    """The installed command's judgement of each article, by id."""
    columns = ("id", "title", "text", "published", "url", "lang")
    text = "".join(json.dumps({key: row[key] for key in columns}, ensure_ascii=False) + "\n" for row in rows)
    run = subprocess.run(
        [sys.executable, "-m", "monitor", "check", *options],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=180,
    )
    return {answer["id"]: answer for answer in map(json.loads, run.stdout.splitlines())}


def percent(part: int, whole: int) -> int:
    """A share in whole percent; of nothing, all is right."""
    return round(100 * part / whole) if whole else 100


def article_figures() -> Figures:
    """Announcements found and precision of the alerts: Italian, English, the other five languages together."""
    rows = [row for path in sorted((CORPUS / "articles").glob("*.jsonl")) for row in lines(path)]
    answers = check(rows)
    alerts: dict[str, list[bool]] = {"it": [], "en": [], "others": []}
    for row in rows:
        if answers[row["id"]]["alert"]:
            alerts[row["lang"] if row["lang"] in alerts else "others"].append(row["label"] == "announcement")
    return {
        f"articles_{group}": {"found": sum(right), "precision_percent": percent(sum(right), len(right))}
        for group, right in alerts.items()
    }


def headline_figures() -> Figures:
    """The same of headlines that nothing is fitted on and nobody mends for, by language."""
    rows = lines(CORPUS / "headlines.jsonl")
    answers = check(rows)
    alerts: dict[str, list[bool]] = {}
    for row in rows:
        if answers[row["id"]]["alert"]:
            alerts.setdefault(row["lang"], []).append(row["label"] == "announcement")
    return {
        f"headlines_{lang}": {"found": sum(right), "precision_percent": percent(sum(right), len(right))}
        for lang, right in sorted(alerts.items())
    }


def kind_figures() -> Figures:
    """The same of headlines with leads written of kinds that had been missed or wrong, with near twins, before they were tried
    and then mended for: all languages together."""
    rows = lines(CORPUS / "kinds.jsonl")
    answers = check(rows)
    right = [row["label"] == "announcement" for row in rows if answers[row["id"]]["alert"]]
    return {"kinds": {"found": sum(right), "precision_percent": percent(sum(right), len(right))}}


def grouping_figures() -> Figures:
    """Pairs of reports of one act that share a story, pairs that should not, and tellings beyond one a stage."""
    rows = lines(CORPUS / "grouping.jsonl")
    answers = check(rows, "--group")
    story = {key: answer.get("story") for key, answer in answers.items()}
    reports = [row for row in rows if row["role"] == "report"]
    joined = [
        (one, two)
        for one, two in itertools.combinations(reports, 2)
        if story[one["id"]] and story[one["id"]] == story[two["id"]]
    ]
    right = sum(one["group"] == two["group"] for one, two in joined)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in reports:
        groups.setdefault(row["group"], []).append(row)
    alerts = {key: sum(answers[row["id"]]["alert"] for row in group) for key, group in groups.items()}
    repeats = sum(max(0, alerts[key] - len({row["stage"] for row in group})) for key, group in groups.items())
    repeats += sum(answers[row["id"]]["alert"] for row in rows if row["role"] == "mention")
    told = sum(count > 0 for count in alerts.values())
    return {
        "grouping": {
            "pairs": right,
            "precision_percent": percent(right, len(joined)),
            "told": told,
            "repeats_percent": percent(repeats, len(reports)),
        }
    }


def lookalike_figures() -> Figures:
    """Pairs of different acts of which both were found, kept apart, told: as they are dated, one day apart, and on the
    same day."""
    rows = lines(CORPUS / "lookalikes.jsonl")
    return {
        "lookalikes": _kept_apart(rows),
        "lookalikes_next_day": _kept_apart(_days_apart(rows, 1)),
        "lookalikes_same_day": _kept_apart(_days_apart(rows, 0)),
    }


def _days_apart(rows: list[dict[str, Any]], days: int) -> list[dict[str, Any]]:
    """The pairs with the second report dated ``days`` after the first."""
    first = {row["pair"]: date.fromisoformat(row["published"][:10]) for row in reversed(rows)}
    seen: set[str] = set()
    moved = []
    for row in rows:
        day = first[row["pair"]] + timedelta(days=days if row["pair"] in seen else 0)
        seen.add(row["pair"])
        moved.append({**row, "published": day.isoformat()})
    return sorted(moved, key=lambda row: (row["published"], row["id"]))


def _kept_apart(rows: list[dict[str, Any]]) -> dict[str, int]:
    answers = check(rows, "--group")
    pairs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        pairs.setdefault(row["pair"], []).append(answers[row["id"]])
    both = [(one, two) for one, two in pairs.values() if one.get("story") and two.get("story")]
    apart = sum(one["story"] != two["story"] for one, two in both)
    told = sum(one["alert"] and two["alert"] for one, two in both)
    return {"both_found": len(both), "apart": apart, "both_told": told}


def novelty_figures() -> Figures:
    """Steps of the replays that should alert and do not, or the other way round. The replays run as one stream."""
    cases = lines(CORPUS / "novelty.jsonl")
    steps = sorted((step for case in cases for step in case["steps"]), key=lambda step: (step["published"], step["id"]))
    answers = check(steps, "--group")
    wrong = [step["id"] for step in steps if answers[step["id"]]["alert"] != step["alert"]]
    refusals = [step["id"] for step in steps if step.get("refuses")]
    unheard = [key for key in refusals if not _takes_back(answers[key])]
    if "--verbose" in sys.argv:
        print("wrong alerts:", *wrong)
        print("not taken back:", *unheard)
    return {"novelty": {"wrong_alerts": len(wrong), "taken_back": len(refusals) - len(unheard)}}


def _takes_back(answer: dict[str, Any]) -> bool:
    """Whether an article tells those who were told that an act is off, and tells of none."""
    told = any(mention["novelty"] == "new_stage" and mention["story"] for mention in answer["mentions"])
    return told and not answer["alert"]


def measure() -> Figures:
    """All figures."""
    measured = (article_figures, headline_figures, kind_figures, grouping_figures, lookalike_figures, novelty_figures)
    return {group: counts for measure in measured for group, counts in measure().items()}


def floors() -> Figures:
    """The pinned figures."""
    pinned: Figures = yaml.safe_load(FLOORS.read_text(encoding="utf-8"))
    return pinned


def better(name: str, old: int, new: int) -> int:
    """The better of two counts."""
    return min(old, new) if name in COSTS else max(old, new)


def pin(figures: Figures) -> None:
    """Writes the figures that became better."""
    old = floors() if FLOORS.exists() else {}
    new = {
        group: {name: better(name, old.get(group, {}).get(name, count), count) for name, count in counts.items()}
        for group, counts in figures.items()
    }
    head = "# Pinned by `python tests/corpus_figures.py --pin`; figures only become better here.\n"
    FLOORS.write_text(head + yaml.safe_dump(new, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    measured = measure()
    print(yaml.safe_dump(measured, sort_keys=False))
    if "--pin" in sys.argv:
        pin(measured)
