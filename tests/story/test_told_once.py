"""Each act is told once: copies, headlines, doubt, later types and stages, with the routes' policy at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.alert import facts, policy
from monitor.alert.policy import Circumstances, Standing
from monitor.config import Channel, Route
from monitor.model import ActType, Change, Decision, Novelty, Reason, RouteMode, Sector, Stage, Story, StoryChange, Told
from monitor.story import Memory, place
from tests.story.acts import START, article, judged, said
from tests.story.test_placing import LUNAR, SOLAR, WORDS

BODY = " ".join(f"Turbine{n} and cable{n * 3} reach port{n * 7} by ship{n}." for n in range(60))


def whole(change: StoryChange, earlier: Story | None) -> StoryChange:
    """The change with all reports of its story, as the service hands it on."""
    reports = earlier.reports if earlier is not None else ()
    before = replace(change.before, reports=reports) if change.before else None
    return replace(change, story=replace(change.story, reports=(*reports, change.report)), before=before)


def test_twelve_copies_of_one_agency_text_are_one_source() -> None:
    story: Story | None = None
    for number in range(12):
        paper = replace(article(f"p{number}", f"Turbines {number}", text=BODY[number * 20 :]), feed_id=f"f{number}")
        (change,) = place(paper, judged(said("IT GR", "turbines")), (story,) if story else (), START, vocabulary=WORDS)
        story = change.story
    assert story is not None
    assert len(story.reports) == 12
    assert facts.independence(facts.sources(story)) == facts.Independence(independent=1, copies=11, parties=0)


def test_of_two_stories_as_likely_the_headline_decides() -> None:
    # two acts in the same words, told under different headlines, before a third report under one of them
    quote = "Italy and India signed a memorandum"
    stories = []
    for name, title in (("a", "Rome, Delhi and the sea cables"), ("b", "Rome, Delhi and the cooking school")):
        (change,) = place(article(name, title), judged(said("IT IN", quote, thing="")), (), START)
        stories.append(change.story)
    again = article("c", "The cooking school of Rome, Delhi and all", days=0.1)
    (joined,) = place(again, judged(said("IT IN", quote)), stories, START)
    assert joined.story.id == stories[1].id


def test_a_declaration_signed_later_as_an_agreement_is_one_act() -> None:
    memory = Memory(WORDS)
    plan = "Italy and India declare that they will build a joint lunar orbiter"
    declared = said("IT IN", plan, stage=Stage.ANNOUNCED, type=ActType.DECLARATION, sector=Sector.SPACE)
    (first,) = memory.place(article("a", plan), judged(declared), START)
    (second,) = memory.place(article("b", LUNAR, days=60), judged(said("IT IN", LUNAR, sector=Sector.ENERGY)), START)
    assert (second.story.id, second.novelty) == (first.story.id, Novelty.NEW_STAGE)


def test_an_act_in_doubt_is_told_once_and_names_the_story_it_may_belong_to() -> None:
    memory = Memory(WORDS)
    (known,) = memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR, sector=Sector.SPACE)), START)
    vague = "Italy and India signed an agreement on a probe"
    doubts = []
    for days in range(1, 30):  # somewhere between surely the same and surely another lies doubt
        new = article(f"b{days}", vague, days=days)
        (change,) = place(new, judged(said("IT IN", vague, thing="probe")), (known.story,), START, vocabulary=WORDS)
        if change.novelty is Novelty.UNSURE:
            doubts.append(change)
    assert doubts
    assert {change.story.may_belong_to for change in doubts} == {known.story.id}
    (again,) = place(
        article("c", vague, days=3),
        judged(said("IT IN", vague)),
        (known.story, doubts[0].story),
        START,
        vocabulary=WORDS,
    )
    assert again.novelty is Novelty.KNOWN


def test_a_re_report_an_anniversary_and_the_framework_agreement_of_old_are_known() -> None:
    memory = Memory(WORDS)
    memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR)), START)
    for days, title, reason in (
        (21, "The lunar orbiter that Italy and India agreed on", None),
        (366, "A year of the lunar orbiter agreement of Italy and India", Reason.ANNIVERSARY),
        (200, "Under the lunar orbiter agreement, Italy and India train engineers", Reason.OLD),
    ):
        act = said("IT IN", title)
        told = judged(act) if reason is None else judged(mentions=((act, reason),))
        changes = memory.place(article(f"b{days}", title, days=days), told, START)
        assert {change.novelty for change in changes} <= {Novelty.KNOWN}, title


def test_will_be_signed_and_signed_within_three_days_are_one_alert_and_one_line_of_the_digest() -> None:
    desk = Route(name="desk", channel=Channel.EMAIL, to=("desk@example.org",))
    daily = replace(desk, name="daily", mode=RouteMode.DIGEST, at=("08:00",))
    plan = "Italy and India will sign lunar orbiter agreement on Thursday"
    story: Story | None = None
    told: tuple[Told, ...] = ()
    decided = []
    for name, title, stage, days in (("a", plan, Stage.ANNOUNCED, 0), ("b", LUNAR, Stage.SIGNED, 2)):
        one = article(name, title, days=days)
        bare = (replace(story, reports=()),) if story else ()
        (change,) = place(one, judged(said("IT IN", title, stage=stage)), bare, START, vocabulary=WORDS)
        change = whole(change, story)
        now = START + timedelta(days=days)
        standings = [Standing(each, tuple(t for t in told if t.owed.route == each.name)) for each in (desk, daily)]
        owed = policy.decide((change,), standings, Circumstances(now))
        told += tuple(Told(each, now) for each in owed if each.decision is not Decision.NOT)
        decided.append([each.decision for each in owed])
        story = change.story
    assert decided == [[Decision.IMMEDIATE, Decision.DIGEST], [Decision.NOT, Decision.DIGEST]]


def test_a_single_act_told_the_day_after_the_summit_is_part_of_its_package() -> None:
    package = said("IT IN", "Italy and India signed nine agreements", count=9)
    (summit,) = place(article("a", "Rome summit"), judged(package), (), START, vocabulary=WORDS)
    (act,) = place(article("b", SOLAR, days=1), judged(said("IT IN", SOLAR)), (summit.story,), START, vocabulary=WORDS)
    assert (act.story.id != summit.story.id, act.story.part_of) == (True, summit.story.id)


def test_what_is_completed_moves_a_known_story_and_is_no_alert() -> None:
    memory = Memory(WORDS)
    memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR)), START)
    done = article("b", "Lunar orbiter of Italy and India completed", days=90)
    (change,) = memory.place(done, judged(said("IT IN", done.title, stage=Stage.COMPLETED)), START)
    assert (change.novelty, change.change, change.story.stage) == (Novelty.KNOWN, None, Stage.COMPLETED)
    assert change.change is not Change.STAGE


def test_an_act_in_doubt_on_the_very_day_is_told_and_names_the_story_it_may_belong_to() -> None:
    memory = Memory(WORDS)
    orbiter = said("IT IN", LUNAR, thing="agreement on a joint lunar orbiter", sector=Sector.SPACE)
    (known,) = memory.place(article("a", LUNAR), judged(orbiter), START)
    other = "Italy and India signed an agreement on a probe of deep trenches"
    one = said("IT IN", other, thing="agreement on a probe of deep trenches", sector=Sector.SPACE)
    (told,) = memory.place(article("b", other, days=0.1), judged(one), START)
    assert (told.novelty, told.story.may_belong_to) == (Novelty.UNSURE, known.story.id)


def test_what_announces_nothing_is_no_report_of_an_act_by_its_parties_alone() -> None:
    memory = Memory(WORDS)
    (known,) = memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR, sector=Sector.SPACE)), START)
    quote = "Why friendship matters to Rome and to Delhi"
    opinion = judged(mentions=((said("IT IN", quote, sector=Sector.OTHER), Reason.OPINION),))
    assert memory.place(article("b", quote, days=1), opinion, START) == ()
    about_it = "Why Italy and India need their lunar orbiter"
    (joined,) = memory.place(
        article("c", about_it, days=1), judged(mentions=((said("IT IN", about_it), Reason.OPINION),)), START
    )
    assert (joined.story.id, joined.novelty) == (known.story.id, Novelty.KNOWN)


def test_a_bare_suspension_means_the_one_agreement_that_there_is_and_none_of_two() -> None:
    bare = "Rome halts everything with Delhi"
    stopped = judged(mentions=((said("IT IN", bare, stage=Stage.SUSPENDED, sector=Sector.OTHER), Reason.SUSPENDED),))
    alone, two = Memory(WORDS), Memory(WORDS)
    for memory in (alone, two):
        orbiter = said("IT IN", LUNAR, thing="agreement on a joint lunar orbiter", sector=Sector.SPACE)
        memory.place(article("a", LUNAR), judged(orbiter), START)
    two.place(article("b", SOLAR), judged(said("IT IN", SOLAR, thing="memorandum on rooftop solar panels")), START)
    (off,) = alone.place(article("c", bare, days=1), stopped, START)
    assert off.story.stage is Stage.SUSPENDED
    assert two.place(article("c", bare, days=1), stopped, START) == ()


def test_an_article_that_tells_one_act_twice_is_one_source_and_an_edited_one_counts_as_it_reads_now() -> None:
    memory = Memory(WORDS)
    again = "India and Italy will fly the lunar orbiter in May"
    first, weak = (
        said("IT IN", LUNAR, sector=Sector.SPACE, thing="lunar orbiter"),
        said("IT IN", again, sector=Sector.SPACE, score=0.6, thing="lunar orbiter"),
    )
    changes = memory.place(article("a", LUNAR), judged(first, weak), START)
    assert len({change.story.id for change in changes}) == 1
    story = replace(changes[-1].story, reports=tuple(change.report for change in changes))
    assert [source.report.announcement.quote for source in facts.sources(story)] == [LUNAR]
    edited = replace(story.reports[0], title="Corrected", announcement=weak)
    (source,) = facts.sources(replace(story, reports=(*story.reports, edited)))
    assert source.report.title == "Corrected"
