"""Reports: which stories, what is said of each, and in every form the same and only text."""

from __future__ import annotations

import csv as table
import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import docx as word_processor

from monitor.alert import words
from monitor.alert.report import Asked, Coverage, Report, compose, csv, docx, html, markdown
from monitor.model import Reason, Stage, Story
from tests.alert import make

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
YEAR = Asked(date(2026, 1, 1), date(2026, 12, 31))


def report(*stories: Story, asked: Asked = YEAR, language: str = "it", **judged: frozenset[str]) -> Report:
    return compose(stories, asked, words.load(language), zone=ROME, now=NOW, coverage=Coverage(120, 117, 2), **judged)


def ids(made: Report) -> list[str]:
    return [act.story_id for relation in made.relations for act in relation.acts]


def test_between_wants_both_sides_and_principals_any() -> None:
    italy_china = make.story(id="ic")
    russia_china = make.story(make.report(announcement=make.announcement(parties=(make.RUSSIA, make.CHINA))), id="rc")
    stories = (italy_china, russia_china)
    assert ids(report(*stories, asked=Asked(YEAR.since, YEAR.until, between=("IT", "CN")))) == ["ic"]
    assert sorted(ids(report(*stories, asked=Asked(YEAR.since, YEAR.until, principals=("CN",))))) == ["ic", "rc"]
    assert ids(report(*stories, asked=Asked(YEAR.since, YEAR.until, principals=("FR",)))) == []


def test_what_was_judged_wrong_merged_or_only_mentioned_is_left_out() -> None:
    stories = [
        make.story(id="a"),
        make.story(id="b"),
        make.story(id="c", state="merged"),
        make.story(id="d", opened_by_mention=True),
    ]
    assert ids(report(*stories, wrong=frozenset({"b"}))) == ["a"]


def test_an_act_with_one_source_is_starred_until_a_person_confirms_it_or_a_second_outlet_does() -> None:
    single = make.story(id="s")
    double = make.story(make.report(1), make.report(2), id="d")
    made = report(single, double)
    assert {act.story_id: act.starred for relation in made.relations for act in relation.acts} == {
        "s": True,
        "d": False,
    }
    assert made.starred.startswith("*")
    confirmed = report(single, right=frozenset({"s"}))
    assert not confirmed.relations[0].acts[0].starred
    assert confirmed.starred == ""


def test_stages_deadline_and_sources_are_told_and_mentions_are_no_sources() -> None:
    seen = make.NOW
    told = make.story(
        make.report(1),
        make.report(2, reason=Reason.IN_PASSING),
        stages=((Stage.ANNOUNCED, "2026-02-01", seen), (Stage.SIGNED, "2026-03-05", seen)),
        deadline="2026-05-31",
    )
    act = report(told).relations[0].acts[0]
    assert act.day == "2026-03-05"
    assert len(act.steps) == 2
    assert "31 maggio 2026" in act.deadline
    assert [url for _, url, _ in act.sources] == ["https://news1.example/a/001"]


def test_no_form_says_a_score_and_every_form_says_quote_and_coverage() -> None:
    made = report(make.story(score=0.9312))
    document = word_processor.Document(io.BytesIO(docx.render(made)))
    forms = [html(made), markdown(made), "\n".join(paragraph.text for paragraph in document.paragraphs)]
    for text in forms:
        assert "ricerca polare" in text
        assert "117" in text
        assert "93" not in text


def test_an_empty_period_says_so() -> None:
    made = report()
    assert made.none
    assert made.none in html(made)
    assert made.none in markdown(made)
    assert len(list(table.reader(io.StringIO(csv(made))))) == 1


def test_hostile_text_is_text_in_every_form() -> None:
    quote = '=HYPERLINK("x") <script>alert(1)</script> [a](javascript:b) \x1b[31m\x00'
    evil = make.story(
        make.report(url="javascript:alert(1)", feed_title="=cmd|x", announcement=make.announcement(quote=quote))
    )
    made = report(evil)
    assert "<script" not in html(made)
    assert "javascript:alert" not in html(made)
    assert "\\[a\\]" in markdown(made)
    rows = list(table.reader(io.StringIO(csv(made))))
    assert rows[1][5].startswith("'=")
    assert docx.render(made)


def test_the_stage_stands_once_beside_a_headline() -> None:
    made = report(make.story())
    (line,) = [line for line in markdown(made).splitlines() if made.relations[0].acts[0].headline[:20] in line]
    assert line.count("firmato") == 1
    assert "(firmato)" not in html(made)


def test_english_reports_speak_english() -> None:
    made = report(make.story(), language="en", asked=Asked(YEAR.since, YEAR.until, between=("IT", "CN")))
    assert made.title == "Acts of cooperation: Italy – China"
    assert "Italian" in made.relations[0].acts[0].quote_language
