"""The five founding documents, and the same documents with other parties, dates and modes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article, Judgement

# title as a feed would give it, and the day
SEEDS = {
    "000": (
        "Russia e Cina, nasce un Consiglio di esperti per l’intelligenza artificiale",
        datetime(2025, 11, 4, 16, tzinfo=UTC),
    ),
    "001": (
        "Intelligenza artificiale, il modello cinese e quello americano a confronto",
        datetime(2025, 8, 11, 8, tzinfo=UTC),
    ),
    "002": ("Xi e Putin a Pechino: l’alleanza sino-russa alla prova dei fatti", datetime(2025, 9, 2, 18, tzinfo=UTC)),
    "003": ("Putin-Xi, il colloquio raccontato da Ushakov", datetime(2026, 2, 5, 12, tzinfo=UTC)),
    "004": ("Italia e Cina rilanciano la cooperazione scientifica", datetime(2025, 11, 6, 19, tzinfo=UTC)),
}
FOUND = {
    "000": ({"RU", "CN"}, "joint_body", "hanno deciso di creare un Consiglio"),
    "002": ({"RU", "CN"}, "agreement", "sono stati firmati oltre 20 accordi"),
    "003": ({"RU", "CN"}, "joint_body", "consult|rete di comunicazione costante"),
    "004": ({"IT", "CN"}, "call", "annunciati bandi per progetti congiunti"),
}


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


@pytest.fixture(scope="module")
def judge(matcher: Matcher, shared: Path) -> Callable[..., Judgement]:
    def _judge(seed: str, change: Callable[[str], str] = str, titled: bool = True) -> Judgement:
        title, day = SEEDS[seed]
        (file,) = (shared / "seeds").glob(f"{seed}_*.txt")
        text = change(file.read_text(encoding="utf-8"))
        article = Article(id=seed, title=change(title) if titled else "", text=text, published_at=day, language="it")
        return matcher.judge(article, now=day)

    return _judge


@pytest.mark.parametrize("titled", [True, False], ids=["titled", "text only"])
@pytest.mark.parametrize("seed", FOUND)
def test_a_seed_with_an_announcement_is_told_with_its_parties(
    judge: Callable[..., Judgement], seed: str, titled: bool
) -> None:
    found = judge(seed, titled=titled)
    parties, kind, proof = FOUND[seed]
    assert found.alert
    first = found.announcements[0]
    assert {p.country for p in first.parties} == parties
    assert first.type == kind
    assert re.search(proof, first.quote)


def test_the_opinion_is_context(judge: Callable[..., Judgement]) -> None:
    found = judge("001")
    assert (found.verdict, found.alert) == ("context", False)


def test_a_package_counts_its_acts(judge: Callable[..., Judgement]) -> None:
    assert judge("002").announcements[0].count == 20


def test_what_was_signed_in_2013_is_not_told_as_new(judge: Callable[..., Judgement]) -> None:
    found = judge("004")
    assert not any("2013" in a.quote for a in found.announcements)
    assert any(m.reason == "old" and "2013" in m.announcement.quote for m in found.mentions)


# Russia and China become France and Japan, in every form the documents use
OTHER = (
    ("Russia", "Francia"), ("russa", "francese"), ("russe", "francesi"), ("russo", "francese"), ("Mosca", "Parigi"),
    ("Cina", "Giappone"), ("cinesi", "giapponesi"), ("cinese", "giapponese"), ("Pechino", "Tokyo"),
    ("Cremlino", "Eliseo"), ("Italia ", "Germania "), ("L’Italia", "La Germania"), ("italiana", "tedesca"),
    ("Mikhail Mishustin", "Emmanuel Macron"), ("Li Qiang", "Sanae Takaichi"), ("sino-russa", "franco-giapponese"),
    ("Sino-Russa", "franco-giapponese"), ("Vladimir Putin", "Emmanuel Macron"), ("Putin", "Macron"),
    ("Xi Jinping", "Sanae Takaichi"), ("Xi", "Takaichi"),
)  # fmt: skip


def other_parties(text: str) -> str:
    for old, new in OTHER:
        text = re.sub(rf"\b{old}\b" if old.strip() == old else old, new, text)
    return text


@pytest.mark.parametrize("seed", ["000", "002"])
def test_other_parties_change_the_parties_and_nothing_else(judge: Callable[..., Judgement], seed: str) -> None:
    found = judge(seed, other_parties)
    assert found.alert
    assert {p.country for p in found.announcements[0].parties} == {"FR", "JP"}
    assert found.announcements[0].type == FOUND[seed][1]


PLAIN = "Italia e Cina {verb} un accordo per un consiglio congiunto sull'intelligenza artificiale."


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("non hanno firmato", "denied"),
        ("potrebbero firmare", "conditional"),
        ("firmerebbero", "conditional"),
        ("nel 2013 hanno firmato", "old"),
    ],
)
def test_the_negated_conditional_and_old_variants_are_context(matcher: Matcher, verb: str, reason: str) -> None:
    day = datetime(2026, 3, 5, tzinfo=UTC)
    said = PLAIN.format(verb=verb)
    article = Article(id="v", title="", text=said, published_at=day, language="it")
    found = matcher.judge(article, now=day)
    assert not found.alert
    assert found.verdict == "context"
    assert reason in found.reasons


def test_the_plain_variant_alerts(matcher: Matcher) -> None:
    day = datetime(2026, 3, 5, tzinfo=UTC)
    article = Article(id="v", title="", text=PLAIN.format(verb="hanno firmato"), published_at=day, language="it")
    assert matcher.judge(article, now=day).alert
