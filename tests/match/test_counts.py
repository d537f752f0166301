"""How many acts a sentence tells, and where what was done begins."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.model import Article

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def told(matcher: Matcher, lang: str, text: str) -> tuple[int, str]:
    judged = matcher.judge(Article(id="1", title="", text=text, published_at=NOW, language=lang), now=NOW)
    return judged.announcements[0].count, judged.announcements[0].object


@pytest.mark.parametrize(
    ("lang", "text", "count"),
    [
        ("it", "Italia e Algeria hanno firmato oggi quattordici accordi ad Algeri.", 14),
        ("it", "Italia e Algeria hanno firmato oggi 14 accordi ad Algeri.", 14),
        ("it", "Italia e Algeria hanno firmato oggi una ventina di accordi ad Algeri.", 20),
        ("it", "I due paesi, Italia e Algeria, hanno firmato oggi un accordo ad Algeri.", 1),
        ("en", "Egypt and Greece signed twelve agreements in Alexandria on Tuesday.", 12),
        ("en", "Egypt and Greece signed ten agreements in Alexandria on Tuesday.", 10),
        ("en", "Egypt and Greece signed dozens of agreements in Alexandria on Tuesday.", 2),
        ("en", "Italy and Brazil signed the G20 agreement on ports on Tuesday.", 1),
        ("fr", "La France et le Sénégal ont signé mardi trois accords à Dakar.", 3),
        ("de", "Deutschland und Ghana haben am Dienstag in Accra fünf Abkommen unterzeichnet.", 5),
        ("es", "España y Chile firmaron el martes once acuerdos en Santiago.", 11),
        ("ru", "Россия и Китай подписали в Москве двенадцать соглашений о торговле.", 12),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(matcher: Matcher, lang: str, text: str, count: int) -> None:
    assert told(matcher, lang, text)[0] == count


def test_a_chinese_thing_begins_behind_the_particle(matcher: Matcher) -> None:
    text = "中国农业农村部与埃及农业部10日在开罗签署了关于节水农业的合作谅解备忘录。"
    assert told(matcher, "zh", text)[1].startswith("关于节水农业")
