"""The words that tell no act from another: from the rule set, in check and in the service alike."""

from __future__ import annotations

from pathlib import Path

from monitor.app import fetch_limits, learn
from monitor.config import checkout, find_places, load
from monitor.fetch.egress import Egress
from monitor.story import common_stems
from monitor.story.words import stem


def test_the_service_passes_over_the_same_words_as_check(tmp_path: Path, rules_cache: Path) -> None:
    (tmp_path / "cache").symlink_to(rules_cache)
    rules_cache.mkdir(parents=True, exist_ok=True)
    environment = {"COOPWATCH_STATE_DIR": str(tmp_path)}
    settings = load(None, environment, places=find_places(environment, top=checkout()))
    known = learn(settings, Egress(fetch_limits(settings)))
    assert known.desk.common == common_stems(known.ruleset)
    # one everyday word of each language, one verb of an act, and none of a thing that acts are about
    for word in ("accordo", "agreement", "zusammenarbeit", "coopération", "acuerdo", "соглашение", "firmare", "与"):
        assert (stem(word) if len(word) > 1 else word) in known.desk.common, word
    for word in ("vaccino", "harbour", "Idrogeno", "трактор"):
        assert stem(word) not in known.desk.common, word
