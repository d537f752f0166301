"""The type of an act whose sentence names no instrument, or only an agreement in general: what stands beside it tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher, details
from monitor.model import Article

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


@pytest.mark.parametrize(
    ("lang", "title", "kind"),
    [
        ("en", "Kenya and Poland opened a competition for mixed teams of geologists", "call"),
        ("en", "Kenya and Poland open a joint call for ten laboratories", "call"),
        ("it", "Kenya e Polonia hanno aperto il bando per dieci laboratori congiunti", "call"),
        ("en", "Kenya and Poland open a joint laboratory", "joint_body"),
        ("en", "Chile and Ghana extend swaps of students by four years", "exchange"),
        ("en", "Peru and Oman open border office at Tacna", "joint_body"),
        ("en", "Japan signed a loan agreement with Malawi", "assistance"),
        ("en", "Uruguay and Samoa signed an agreement on visas", "exchange"),
        ("en", "Uruguay and Samoa signed an agreement on tuna", "agreement"),
        ("it", "Italia e Kenya hanno aperto un ufficio comune a Mombasa", "joint_body"),
        ("it", "Italia e Perù hanno firmato un accordo sui visti", "exchange"),
        ("it", "Italia e Perù hanno firmato un accordo sul rame", "agreement"),
        ("es", "Chile y Ghana abrieron una oficina en Acra", "joint_body"),
    ],
)
def test_what_stands_beside_the_act_tells_its_type(matcher: Matcher, lang: str, title: str, kind: str) -> None:
    trace = matcher.explain(Article(id="a", title=title, text="", published_at=NOW, language=lang), now=NOW)
    able = [s.candidate.frame for s in trace.scored if s.candidate.reason is None]
    assert able, "no frame that may be an announcement"
    assert details.type_of(able[0], trace.reading) == kind
