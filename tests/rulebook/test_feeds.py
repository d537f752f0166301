from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import RuleErrors
from monitor.rulebook.feeds import load_feeds


def written(folder: Path, text: str) -> Path:
    path = folder / "feeds.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("timezone: Europe/Roma", "timezone 'Europe/Roma' is not known"),
        ("zone: Europe/Rome", "unknown key zone"),
        ("enabled: maybe", "enabled must be true or false"),
    ],
)
def test_a_fault_in_a_listed_feed_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, f"feeds:\n  - url: https://x.example/feed\n    {line}\n")
    with pytest.raises(RuleErrors) as raised:
        load_feeds([path])
    (error,) = raised.value.errors
    assert said in str(error)
    assert error.line == 3


def test_a_feed_may_name_the_zone_of_its_dates(tmp_path: Path) -> None:
    path = written(tmp_path, "feeds:\n  - url: https://x.example/feed\n    timezone: Asia/Shanghai\n")
    (feed,) = load_feeds([path])
    assert feed.timezone == "Asia/Shanghai"
