"""The five founding documents through the installed command, twice: mails at a real server, signed webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.flow.world import SECRET, Story, World
from tests.match.test_seeds import SEEDS

TOLD = {
    "000": ("RU", "CN", "joint_body"),
    "002": ("RU", "CN", None),
    "003": ("RU", "CN", None),
    "004": ("IT", "CN", "call"),
}


@pytest.mark.shared
def test_the_seeds_are_told_once_each_and_the_opinion_never(place: World, shared: Path) -> None:
    for key in ("001", "002", "000", "004", "003"):  # as they were published
        title, day = SEEDS[key]
        (file,) = (shared / "seeds").glob(f"{key}_*.txt")
        date = day.strftime("%a, %d %b %Y %H:%M:%S GMT")
        place.stories.append(Story(key, title, file.read_text(encoding="utf-8"), date))
    first = place.run("once", "--json")
    assert first.returncode == 0, first.stderr
    told: dict[str, list[dict[str, object]]] = {}
    for (headers, body), event in zip(place.hooks, place.events, strict=True):
        Webhook(SECRET).verify(body, headers)
        told.setdefault(event["data"]["article"]["url"].removeprefix(f"{place.base}/a/"), []).append(
            event["data"]["story"]
        )
    assert set(told) == set(TOLD)
    for key, (one, other, kind) in TOLD.items():
        parties = [{party["id"] for party in story["parties"]} for story in told[key]]  # type: ignore[attr-defined]
        assert {one, other} in parties
        assert kind is None or kind in [story["type"] for story in told[key]]
    quotes = [event["data"]["announcement"]["quote"] for event in place.events]
    assert not [quote for quote in quotes if "2013" in quote], "the framework agreement is not new"
    assert len(place.mails) == 4
    for mail in place.mails:
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert any(f"{place.base}/a/{key}" in text for key in TOLD)
    hooks = len(place.hooks)
    second = place.run("once", "--json")
    assert second.returncode == 0, second.stderr
    assert (len(place.mails), len(place.hooks)) == (4, hooks)
    assert all(place.asked.count(f"/a/{key}") == 1 for key in SEEDS)
