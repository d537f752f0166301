"""Every event and every example of docs/webhook.md obeys docs/webhook.schema.json."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from monitor.alert import published, words
from monitor.alert.render import webhook
from monitor.model import Change, EventType, Novelty, Party, Reason, Stage
from tests.alert import make

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
EXAMPLES = re.findall(
    r"^```json\n(.*?)^```", (DOCS / "webhook.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
WORDS = words.load("it")
NOW = make.NOW


def faults(event: Any) -> list[str]:
    return [f"{list(error.instance_path)}: {error.message}" for error in VALIDATOR.iter_errors(event)]


@pytest.mark.parametrize("example", EXAMPLES, ids=[json.loads(example)["type"] for example in EXAMPLES])
def test_each_example_obeys_the_schema(example: str) -> None:
    assert faults(json.loads(example)) == []


def test_each_event_type_has_an_example() -> None:
    assert {json.loads(example)["type"] for example in EXAMPLES} == set(EventType)


def hostile() -> Any:
    parties = tuple(Party(f"org.{n}" * 30, "organisation", None, "x\r\n<b>" * 90) for n in range(60))
    reports = tuple(make.report(n, title="题" * 900, url="javascript:1", published_at=None, lang="") for n in range(40))
    story = make.story(*reports, parties=parties, topics=("t" * 500,) * 30, object="o" * 999, stages=())
    return make.change(story, novelty=Novelty.UNSURE, report=reports[0])


CHANGES = {
    "new": make.change(),
    "unsure": make.change(novelty=Novelty.UNSURE),
    "stage": make.change(novelty=Novelty.NEW_STAGE, before=make.story(stage=Stage.ANNOUNCED)),
    "retracted": make.change(novelty=Novelty.KNOWN, change=Change.RETRACTED),
    "denied": make.change(novelty=Novelty.KNOWN, report=make.report(reason=Reason.DENIED)),
    "only_mentions": make.change(make.story(make.report(reason=Reason.OLD))),
    "hostile": hostile(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_event_obeys_the_schema_and_its_size(change: Any) -> None:
    body = webhook.story_event(change, make.alert(change, mentions=(make.mention(),) * 30), "hook", WORDS, NOW)
    assert faults(json.loads(body)) == []
    assert len(body) < 20_000


def test_a_wrong_event_is_refused() -> None:
    event = json.loads(EXAMPLES[0])
    del event["data"]["story"]["quote"]
    assert faults(event) != []
    assert faults(json.loads(EXAMPLES[0]) | {"type": "story.other"}) != []


def test_the_schema_names_every_field_of_the_published_story() -> None:
    whole = published.story(make.story())
    for name, value in (
        ("story", whole),
        ("party", whole["parties"][0]),
        ("article", published.article(make.report())),
    ):
        assert set(value) == set(SCHEMA["$defs"][name]["properties"]), name
    assert set(published.announcement(make.announcement())) == set(SCHEMA["$defs"]["announcement"]["properties"])
