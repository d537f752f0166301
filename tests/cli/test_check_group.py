"""``coopwatch check --group``: articles as a stream, each announcement with its story and what is new about it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.cli import main

SIGNED = {
    "id": "a",
    "title": "Italia e Giappone firmano un accordo sull'idrogeno",
    "text": "Italia e Giappone hanno firmato oggi a Roma un accordo per produrre idrogeno in Sardegna.",
    "published": "2026-03-02",
}
TOLD_AGAIN = {
    "id": "b",
    "title": "Idrogeno, firmato l'accordo tra Italia e Giappone",
    "text": "Italia e Giappone hanno firmato un accordo per produrre idrogeno in Sardegna, con un primo impianto a Oristano.",
    "published": "2026-03-03",
}
ANOTHER = {
    "id": "c",
    "title": "Italia e Giappone firmano un accordo sul restauro dei templi",
    "text": "Italia e Giappone hanno firmato oggi a Kyoto un accordo per il restauro dei templi di legno.",
    "published": "2026-03-10",
}
WEATHER = {
    "id": "d",
    "title": "Pioggia in arrivo",
    "text": "Domani piove sulle regioni del Nord.",
    "published": "2026-03-11",
}


@pytest.fixture
def group(
    tmp_path: Path, rules_cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """The answers to the four articles."""
    rules_cache.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache").symlink_to(rules_cache)
    monkeypatch.setenv("COOPWATCH_STATE_DIR", str(tmp_path))
    lines = "\n".join(json.dumps(one) for one in (SIGNED, TOLD_AGAIN, ANOTHER, WEATHER))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert main(["check", "--group"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_stream_is_answered_in_order_with_stories(group: list[dict[str, Any]]) -> None:
    signed, again, another, weather = group
    assert [line["id"] for line in group] == ["a", "b", "c", "d"]
    assert (signed["announcements"][0]["novelty"], signed["alert"]) == ("new", True)
    assert (again["announcements"][0]["novelty"], again["alert"]) == ("known", False)
    assert signed["story"] == signed["announcements"][0]["story"] == again["story"]
    assert another["story"] not in (None, signed["story"])
    assert another["alert"] is True
    assert (weather["story"], weather["alert"], weather["announcements"]) == (None, False, [])
