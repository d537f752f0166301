"""Who takes part where the sentence does not simply name two parties; and who claims an act that nobody has signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import rulebook
from monitor.match import Matcher
from monitor.match.candidates import may_be_recast, recast
from monitor.match.frames import Cast, cast_of
from monitor.model import Announcement, Article

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
HEADLINES = Path(__file__).parents[1] / "corpus" / "headlines.jsonl"


@pytest.fixture(scope="module")
def matcher(rules_dir: Path, rules_cache: Path) -> Matcher:
    return Matcher(rulebook.load([rules_dir], cache_dir=rules_cache))


def casts(matcher: Matcher, text: str, lang: str) -> list[Cast]:
    """The casts of the frames that may be announcements."""
    trace = matcher.explain(Article(id="a", title="", text=text, published_at=NOW, language=lang), now=NOW)
    return [s.candidate.frame.cast for s in trace.scored if s.candidate.reason is None]


def reports(matcher: Matcher, text: str, lang: str) -> list[Announcement]:
    """Everything told, believed or not: what it says is the same."""
    found = matcher.judge(Article(id="a", title="", text=text, published_at=NOW, language=lang), now=NOW)
    return [*found.announcements, *(m.announcement for m in found.mentions)]


@pytest.mark.parametrize(
    ("text", "lang", "name"),
    [
        ("L'Università di Borgolieto ha firmato un accordo con la Cina.", "it", "Università di Borgolieto"),
        ("Il ministero cinese ha firmato un memorandum con Velmontia.", "it", "Velmontia"),
        ("Japan signed an agreement with the University of Dunmorrow on Monday.", "en", "University of Dunmorrow"),
        ("The Japanese government signed an agreement with Dravento Ltd on batteries.", "en", "Dravento Ltd"),
    ],
)
def test_a_party_that_no_list_knows_is_found_by_its_shape(matcher: Matcher, text: str, lang: str, name: str) -> None:
    found = [c for c in casts(matcher, text, lang) if c.source == "unknown"]
    assert found
    assert name in {e.name for c in found for e in c.principals}


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("La Cina ha firmato un accordo con grande soddisfazione.", "it"),
        ("La Cina ha firmato un accordo e Marzo porta novità.", "it"),
        ("Japan Signs Agreement With Great Fanfare And Much Music", "en"),
    ],
)
def test_words_and_months_are_no_parties(matcher: Matcher, text: str, lang: str) -> None:
    assert not [c for c in casts(matcher, text, lang) if c.source == "unknown"]


def test_what_is_sent_to_a_state_makes_it_a_party(matcher: Matcher) -> None:
    found = casts(matcher, "Norway will send two hundred engineers to Moldova.", "en")
    assert {c.source for c in found} == {"receiver"}
    assert found[0].countries == {"NO", "MD"}


def test_a_place_is_no_receiver_of_what_is_signed_there(matcher: Matcher) -> None:
    found = casts(matcher, "Norway and Chile signed a treaty in Moldova.", "en")
    assert all("MD" not in c.countries for c in found)


def test_an_organisation_of_states_concludes_things_among_its_members(matcher: Matcher) -> None:
    found = casts(matcher, "The G20 agreed a framework for debt relief on Friday.", "en")
    assert "collective" in {c.source for c in found}
    assert not casts(matcher, "The G20 discussed debt relief on Friday.", "en")


@pytest.mark.parametrize(
    ("text", "lang", "claims"),
    [
        ("La Cina ha raggiunto un accordo con l'Italia sui porti, secondo il Cremlino.", "it", "RU"),
        ("Ieri l'Albania ha annunciato un accordo con l'Italia sul cavo elettrico.", "it", "AL"),
        ("Japan and Italy have reached a deal on chips, Tokyo said.", "en", "JP"),
        ("Japan and Italy have reached a deal on chips, both governments said.", "en", ""),
        ("Japan and Italy have reached a deal on chips.", "en", ""),
        ("Japan and Italy signed a deal on chips, Tokyo said.", "en", ""),
    ],
)
def test_an_act_that_one_side_tells_says_who_claims_it(matcher: Matcher, text: str, lang: str, claims: str) -> None:
    told = reports(matcher, text, lang)
    assert told
    assert told[0].claimed_by == claims


def test_a_word_of_an_organisations_name_is_no_instrument(matcher: Matcher) -> None:
    text = "Members of the Shanghai Cooperation Organisation signed an agreement establishing a joint bank."
    assert "collective" in {c.source for c in casts(matcher, text, "en")}


@pytest.mark.parametrize(
    ("text", "lang", "sides"),
    [
        ("Fiji and Oman opened a pearl school in Suva on Monday.", "en", {"FJ", "OM"}),
        ("Italia e Cile hanno inaugurato a Temuco un vivaio di araucarie.", "it", {"IT", "CL"}),
        ("Peru und Polen haben in Lima eine Werkstatt für Panflöten eröffnet.", "de", {"PE", "PL"}),
        ("Le Bénin et la Norvège ont lancé un concours de pirogues.", "fr", {"BJ", "NO"}),
        ("Chile y Kenia inauguraron en Arica una escuela de carpinteros.", "es", {"CL", "KE"}),
        ("Россия и Лаос открыли в Паксе школу шелководов.", "ru", {"RU", "LA"}),
        ("中国与智利在圣地亚哥启用葡萄育苗园。", "zh", {"CN", "CL"}),
        ("È stato inaugurato a Temuco il vivaio italo-cileno.", "it", {"IT", "CL"}),
        ("The pearl school, opened by Fiji and Oman, has a pier.", "en", {"FJ", "OM"}),
    ],
)
def test_what_two_parties_open_together_needs_no_word_of_the_list(
    matcher: Matcher, text: str, lang: str, sides: set[str]
) -> None:
    assert sides in [set(c.countries) for c in casts(matcher, text, lang)]


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Australia said it will open a yard with Fijian and Omani timber.", "en"),
        ("The leaders of Fiji and Oman agreed to work towards a gradual opening of hearts.", "en"),
        ("中国与智利友谊的图片展在圣地亚哥开幕。", "zh"),
        ("Per l'anniversario Italia e Cile hanno inaugurato una targa.", "it"),
    ],
)
def test_what_one_opens_or_remembers_is_not_opened_together(matcher: Matcher, text: str, lang: str) -> None:
    trace = matcher.explain(Article(id="a", title="", text=text, published_at=NOW, language=lang), now=NOW)
    assert not [s for s in trace.scored if s.candidate.frame.rule.id in ("parties-open", "body-opened")]


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("BRICS members launched a common grain exchange on Wednesday.", "en"),
        ("È partita mercoledì la borsa comune dei cereali lanciata dai Paesi Brics.", "it"),
        ("Страны ШОС открыли в Урумчи банк развития.", "ru"),
        ("上合组织成员国在乌鲁木齐启用开发银行。", "zh"),
        ("Les pays du G20 ont lancé à Rome une plateforme des semences.", "fr"),
    ],
)
def test_the_members_of_an_organisation_act_among_themselves(matcher: Matcher, text: str, lang: str) -> None:
    assert "collective" in {c.source for c in casts(matcher, text, lang)}


@pytest.mark.parametrize(
    ("text", "lang", "stage"),
    [
        ("Italia e Angola hanno firmato l'accordo che istituisce un centro comune sui coralli.", "it", "signed"),
        ("Fiji and Oman signed an agreement to create a joint pearl centre.", "en", "signed"),
        ("Россия и Лаос договорились о создании совместного центра шелководства.", "ru", "announced"),
        ("Fiji and Oman agreed on a joint corridor, with a signing planned for spring.", "en", "announced"),
        ("Fiji and Oman have created a joint pearl centre.", "en", "launched"),
    ],
)
def test_what_is_agreed_or_signed_to_be_created_is_not_yet_there(
    matcher: Matcher, text: str, lang: str, stage: str
) -> None:
    assert {told.stage.value for told in reports(matcher, text, lang)[:1]} == {stage}


@pytest.mark.parametrize(
    ("text", "lang", "never"),
    [
        ("Britain and Samoa signed a deal to join an Indo-Pacific trade bloc.", "en", "IN"),
        ("Italia e Samoa hanno firmato un accordo sull'Indo-Pacifico.", "it", "IN"),
        ("La France et Samoa ont signé un accord sur l'Indo-Pacifique.", "fr", "IN"),
        ("Deutschland und Samoa unterzeichnen ein Abkommen über den Indo-Pazifik.", "de", "IN"),
        ("Россия и Самоа подписали соглашение по Индо-Тихоокеанскому региону.", "ru", "IN"),
        ("Facing China, Samoa and Fiji signed a pact on patrols.", "en", "CN"),
        ("Samoa and Fiji revive their alliance to contend with increasingly assertive China.", "en", "CN"),
    ],
)
def test_seas_and_rivals_in_the_background_are_no_parties(matcher: Matcher, text: str, lang: str, never: str) -> None:
    found = casts(matcher, text, lang)
    assert found
    assert all(never not in cast.countries for cast in found)


def test_what_two_states_built_together_is_opened_by_them_in_chinese(matcher: Matcher) -> None:
    found = casts(matcher, "由中国与智利共建的葡萄检测中心7日在圣地亚哥正式启用。", "zh")
    assert {"CN", "CL"} in [set(c.countries) for c in found]
    assert "launched" in {
        told.stage.value for told in reports(matcher, "由中国与智利共建的葡萄检测中心7日正式启用。", "zh")
    }


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        ("zh", "上合组织气象部门会议在阿拉木图举行", "与会各方就极端天气交换看法。会议通过了2027年至2029年行动计划。"),
        (
            "en",
            "SCO weather services confer in Almaty",
            "Delegates spoke of storms. The meeting adopted an action plan.",
        ),
        (
            "it",
            "Asean, riunione sui monsoni a Bangkok",
            "Si è parlato di piogge. La riunione ha adottato un piano d'azione.",
        ),
    ],
)
def test_what_a_meeting_adopts_at_its_end_its_organisation_adopts(
    matcher: Matcher, lang: str, title: str, text: str
) -> None:
    trace = matcher.explain(Article(id="a", title=title, text=text, published_at=NOW, language=lang), now=NOW)
    able = [s.candidate.frame.cast for s in trace.scored if s.candidate.reason is None]
    assert "collective" in {cast.source for cast in able}
    assert {e.kind for cast in able for e in cast.principals} == {"organisation"}


def test_a_meeting_of_one_states_parliament_adopts_for_nobody_else(matcher: Matcher) -> None:
    article = Article(id="a", title="巴西议会在首都开会", text="会议通过了行动计划。", published_at=NOW, language="zh")
    assert all(s.candidate.reason is not None for s in matcher.explain(article, now=NOW).scored)


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "zh",
            "安哥拉总统同秘鲁总统会谈",
            "会谈9日举行。非盟支持安哥拉。会谈后，两国元首见证签署农业合作文件。",
        ),
        (
            "en",
            "President of Angola meets president of Peru",
            "They met on Monday. The African Union welcomes Angola's effort. The two presidents signed a fisheries agreement.",
        ),
    ],
)
def test_the_two_heads_of_state_are_those_of_the_title(matcher: Matcher, lang: str, title: str, text: str) -> None:
    found = matcher.judge(Article(id="a", title=title, text=text, published_at=NOW, language=lang), now=NOW)
    told = [*found.announcements, *(m.announcement for m in found.mentions)]
    signed = [a for a in told if a.rule == "instrument-signed"]
    assert signed
    assert {p.country for p in signed[0].parties} == {"AO", "PE"}


@pytest.mark.parametrize(
    ("lang", "text", "stage"),
    [
        (
            "it",
            "Il governo del Perù ha dato il via libera alla firma dell'accordo con il Ghana sul cacao.",
            "announced",
        ),
        ("en", "Peru's government approved the signing of a cocoa agreement with Ghana on Monday.", "announced"),
        ("en", "Peru approved the budget and signed a cocoa agreement with Ghana on Monday.", "signed"),
    ],
)
def test_leave_to_sign_is_no_signature(matcher: Matcher, lang: str, text: str, stage: str) -> None:
    assert stage in {a.stage.value for a in reports(matcher, text, lang)[:1]}


def test_where_no_act_can_have_another_cast_none_has(matcher: Matcher) -> None:
    """What rules skip by ``may_be_recast`` they would not have found."""
    kept = 0
    for line in HEADLINES.read_text(encoding="utf-8").splitlines()[::4]:
        each = json.loads(line)
        article = Article(id="a", title=each["title"], text=each["text"], published_at=NOW, language=each["lang"])
        reading = matcher.explain(article, now=NOW).reading
        for part in reading.parts:
            cast = cast_of(reading, part)
            if may_be_recast(cast, part):
                continue
            kept += 1
            for act in (None, *part.acts):
                for instrument in (None, *part.instruments):
                    assert recast(cast, reading, part, act, instrument) == cast, each["id"]
    assert kept > 300


@pytest.mark.parametrize(
    ("title", "text", "parties"),
    [
        (
            "Fiji and Norway strike maritime deal",
            "Move comes as Peru and Ghana vie for influence, Fiji and Norway have signed a maritime agreement.",
            {"FJ", "NO"},
        ),
        (
            "Fiji and Norway strike maritime deal",
            "Fiji, Norway and Peru have signed a maritime agreement.",
            {"FJ", "NO", "PE"},
        ),
        ("Fiji strikes maritime deal", "Fiji, Norway and Peru have signed a maritime agreement.", {"FJ", "NO", "PE"}),
    ],
)
def test_whom_the_headline_passes_over_is_no_party_unless_in_one_row(
    matcher: Matcher, title: str, text: str, parties: set[str]
) -> None:
    article = Article(id="a", title=title, text=text, published_at=NOW, language="en")
    found = matcher.judge(article, now=NOW)
    told = [*found.announcements, *(m.announcement for m in found.mentions)]
    signed = [a for a in told if a.rule == "instrument-signed"]
    assert {p.country for p in signed[0].parties} == parties
