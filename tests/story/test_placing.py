"""Which story an act belongs to, and what is new about it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from monitor.model import ActType, Change, Novelty, Reason, Sector, Stage, Step
from monitor.story import Memory, keys, lookup_keys, place, simhash
from monitor.story.vocabulary import Vocabulary
from monitor.story.words import stems
from tests.story.acts import START, article, judged, said

# what the rule set's lists would give: words that tell no act from another
WORDS = Vocabulary(
    frozenset(stems("and the on a an of to with by sign signed agreement accord memorandum joint italy india"))
)
LUNAR = "Italy and India signed an agreement on a joint lunar orbiter"
SOLAR = "Italy and India signed a memorandum on rooftop solar panels"


def test_a_first_report_opens_a_story() -> None:
    (change,) = place(article("a", LUNAR), judged(said("IT IN", LUNAR)), (), START, vocabulary=WORDS)
    assert (change.novelty, change.before) == (Novelty.NEW, None)
    assert change.story.id.startswith("20260205-in-it-")
    assert change.story.reports == (change.report,)


def test_a_second_report_in_other_words_joins_the_story() -> None:
    (first,) = place(article("a", LUNAR), judged(said("IT IN", LUNAR)), (), START, vocabulary=WORDS)
    other = "New Delhi and Rome to build lunar orbiter together, accord signed"
    (second,) = place(
        article("b", other, days=0.5), judged(said("IT IN", other)), (first.story,), START, vocabulary=WORDS
    )
    assert (second.story.id, second.novelty) == (first.story.id, Novelty.KNOWN)


def test_another_act_of_the_same_parties_and_week_is_told_on_its_own() -> None:
    (first,) = place(
        article("a", LUNAR), judged(said("IT IN", LUNAR, sector=Sector.SPACE)), (), START, vocabulary=WORDS
    )
    (second,) = place(
        article("b", SOLAR, days=3), judged(said("IT IN", SOLAR)), (first.story,), START, vocabulary=WORDS
    )
    assert second.story.id != first.story.id
    assert second.novelty in (Novelty.NEW, Novelty.UNSURE)


def test_a_report_in_another_language_joins_by_ids() -> None:
    (first,) = place(
        article("a", LUNAR), judged(said("IT IN", LUNAR, sector=Sector.SPACE)), (), START, vocabulary=WORDS
    )
    russian = article("b", "Италия и Индия подписали соглашение о лунном аппарате", days=1, lang="ru")
    (second,) = place(
        russian, judged(said("IT IN", russian.title, sector=Sector.SPACE), lang="ru"), (first.story,), START
    )
    assert second.story.id == first.story.id


def test_a_stage_reached_weeks_later_is_news_once() -> None:
    memory = Memory(WORDS)
    plan = "Italy and India agree on lunar orbiter"
    memory.place(article("a", plan), judged(said("IT IN", plan, stage=Stage.ANNOUNCED)), START)
    (signed,) = memory.place(article("b", LUNAR, days=20), judged(said("IT IN", LUNAR)), START)
    again = article("c", "Lunar orbiter agreement signed by India and Italy", days=21)
    (repeated,) = memory.place(again, judged(said("IT IN", again.title)), START)
    assert (signed.novelty, signed.change) == (Novelty.NEW_STAGE, Change.STAGE)
    assert repeated.novelty is Novelty.KNOWN


def test_signed_within_three_days_of_its_announcement_is_no_second_alert() -> None:
    memory = Memory(WORDS)
    plan = "Italy and India will sign lunar orbiter agreement on Thursday"
    memory.place(article("a", plan), judged(said("IT IN", plan, stage=Stage.ANNOUNCED)), START)
    (signed,) = memory.place(article("b", LUNAR, days=2), judged(said("IT IN", LUNAR)), START)
    assert (signed.novelty, signed.change) == (Novelty.KNOWN, Change.STAGE)
    assert signed.story.stage is Stage.SIGNED


def test_an_old_mention_makes_an_act_known_and_is_never_told() -> None:
    memory = Memory(WORDS)
    passing = said("RU CN", "the world organisation for lunar cooperation", stage=Stage.PROPOSED, thing="lunar_world")
    (remembered,) = memory.place(article("a", "China speaks"), judged(mentions=((passing, Reason.IN_PASSING),)), START)
    backed = said("RU CN", "Russia backed the world organisation", stage=Stage.PROPOSED, thing="lunar_world")
    (joined,) = memory.place(article("b", "Call between leaders", days=60), judged(backed), START)
    assert remembered.story.opened_by_mention
    assert (joined.story.id, joined.novelty) == (remembered.story.id, Novelty.KNOWN)


def test_a_mention_of_today_does_not_swallow_the_announcement() -> None:
    memory = Memory(WORDS)
    comment = article("a", "Opinion: why the lunar orbiter of Italy and India matters")
    memory.place(comment, judged(mentions=((said("IT IN", comment.title), Reason.OPINION),)), START)
    (told,) = memory.place(article("b", LUNAR, days=0.2), judged(said("IT IN", LUNAR)), START)
    assert told.novelty is Novelty.NEW


def test_a_denial_reaches_only_a_story_that_was_told() -> None:
    memory = Memory(WORDS)
    denial = article("b", "India denies lunar orbiter agreement with Italy", days=1)
    refused = judged(mentions=((said("IT IN", denial.title), Reason.DENIED),))
    assert memory.place(denial, refused, START) == ()
    memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR)), START)
    (change,) = memory.place(denial, refused, START)
    assert (change.novelty, change.change) == (Novelty.NEW_STAGE, Change.DISPUTED)


def test_a_suspension_is_told_once_and_what_is_taken_up_again_is_news() -> None:
    memory = Memory(WORDS)
    memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR)), START)
    changes = []
    for days, name in ((30, "b"), (31, "c")):
        stopped = article(name, "Italy and India suspend lunar orbiter agreement", days=days)
        mention = said("IT IN", stopped.title, stage=Stage.SUSPENDED)
        changes += memory.place(stopped, judged(mentions=((mention, Reason.SUSPENDED),)), START)
    resumed = article("d", "Italy and India resume lunar orbiter agreement", days=60)
    (back,) = memory.place(resumed, judged(said("IT IN", resumed.title, stage=Stage.LAUNCHED)), START)
    assert [change.novelty for change in changes] == [Novelty.NEW_STAGE, Novelty.KNOWN]
    assert changes[0].story.stage is Stage.SUSPENDED
    assert (back.novelty, back.story.stage) == (Novelty.NEW_STAGE, Stage.LAUNCHED)


def test_a_later_deadline_renews_a_call() -> None:
    memory = Memory(WORDS)
    title = "Italy and India open joint call for lunar research projects"
    call = said("IT IN", title, type=ActType.CALL, stage=Stage.LAUNCHED, deadline="2026-03-31")
    memory.place(article("a", title), judged(call), START)
    later = "Italy and India extend deadline of joint call for lunar research projects"
    longer = said("IT IN", later, type=ActType.CALL, stage=Stage.LAUNCHED, deadline="2026-04-30")
    (change,) = memory.place(article("b", later, days=20), judged(longer), START)
    assert (change.novelty, change.story.stage) == (Novelty.NEW_STAGE, Stage.RENEWED)
    assert change.story.deadline == "2026-04-30"


def test_an_act_of_a_package_is_a_story_of_its_own_and_part_of_it() -> None:
    package = said("RU CN", "more than twenty agreements were signed", count=20)
    year = said("RU CN", "the years of education were announced", type=ActType.EXCHANGE, sector=Sector.CULTURE_PEOPLE)
    changes = place(article("a", "Xi and Putin meet"), judged(year, package), (), START, vocabulary=WORDS)
    by_count = {change.story.count: change.story for change in changes}
    assert by_count[1].part_of == by_count[20].id
    assert by_count[20].part_of == ""


def test_a_copy_is_one_source() -> None:
    text = " ".join(f"Turbine{n} and cable{n * 3} reach port{n * 7} by ship{n}." for n in range(60))
    (first,) = place(
        article("a", "Turbines", text=text), judged(said("IT GR", "turbines")), (), START, vocabulary=WORDS
    )
    (copy,) = place(
        article("b", "Cables", text=text[:-80]),
        judged(said("IT GR", "cables")),
        (first.story,),
        START,
        vocabulary=WORDS,
    )
    assert copy.story.id == first.story.id
    assert copy.report.copy_of == "a"
    assert simhash(text) == first.report.simhash


def test_placing_an_article_again_changes_nothing() -> None:
    one, judgement = article("a", LUNAR), judged(said("IT IN", LUNAR), said("IT FR", "a rocket", thing="rocket_x"))
    first = place(one, judgement, (), START, vocabulary=WORDS)
    second = place(one, judgement, [change.story for change in first], START + timedelta(hours=1))
    assert [change.story for change in second] == [change.story for change in first]
    assert {change.novelty for change in second} == {Novelty.KNOWN}


def test_the_order_of_the_candidates_does_not_matter() -> None:
    stories = []
    for n, title in enumerate((LUNAR, SOLAR, "Italy and India open a joint school of cooking", "Rail accord")):
        (change,) = place(article(f"s{n}", title), judged(said("IT IN", title)), (), START, vocabulary=WORDS)
        stories.append(change.story)
    report = article("x", "Solar panels: Italy and India sign", days=1)
    results = {
        place(report, judged(said("IT IN", report.title)), order, START, vocabulary=WORDS)
        for order in permutations(stories)
    }
    assert len(results) == 1


def test_a_story_is_found_under_the_keys_of_its_next_report() -> None:
    (first,) = place(
        article("a", LUNAR), judged(said("IT IN many", LUNAR, thing="lunar_orbiter")), (), START, vocabulary=WORDS
    )
    wanted = lookup_keys(article("b", SOLAR), judged(said("IN IT FR", SOLAR)), 0)
    assert keys(first.story) & wanted == {"pair:IN+IT"}
    assert "object:lunar_orbiter" in keys(first.story)


def test_memory_forgets_after_four_hundred_days() -> None:
    memory = Memory(WORDS)
    memory.place(article("a", LUNAR), judged(said("IT IN", LUNAR)), START)
    memory.place(article("b", "x", days=401), judged(said("FR JP", "another")), START)
    assert len(memory) == 1


def test_acts_in_the_same_words_by_other_pairs_of_states_are_other_acts() -> None:
    body = "The governments of {0} signed an agreement on rooftop solar panels today. Five years of joint projects follow. "
    stories = []
    for sides, names in (
        ("FR DE", "France and Germany"),
        ("FR ES", "France and Spain"),
        ("DE ES", "Germany and Spain"),
    ):
        text = body.format(names) * 4
        told = judged(said(sides, text.split(".")[0]))
        (change,) = place(article(sides, f"{names} sign", text=text), told, stories, START, vocabulary=WORDS)
        assert change.novelty is Novelty.NEW
        stories.append(change.story)
    assert len({story.id for story in stories}) == 3


def test_an_extended_call_is_renewed_each_time_it_is_extended() -> None:
    memory = Memory(WORDS)
    title = "Italy and India open joint call for lunar research projects"
    call = said("IT IN", title, type=ActType.CALL, stage=Stage.LAUNCHED, deadline="2026-03-31")
    memory.place(article("a", title), judged(call), START)
    stages = []
    for days, deadline in ((20, "2026-04-30"), (60, "2026-05-31")):
        later = f"Italy and India extend joint call for lunar research projects ({days})"
        longer = said("IT IN", later, type=ActType.CALL, stage=Stage.LAUNCHED, deadline=deadline)
        (change,) = memory.place(article(f"b{days}", later, days=days), judged(longer), START)
        stages.append((change.report.announcement.stage, change.report.announcement.step))
    assert stages == [(Stage.RENEWED, Step.EXTENDED)] * 2


def test_what_was_written_before_an_act_was_told_does_not_take_it_back() -> None:
    memory = Memory(WORDS)
    memory.place(article("a", LUNAR, days=3), judged(said("IT IN", LUNAR)), START)
    denial = article("b", "India denies lunar orbiter agreement with Italy", days=0.5)
    (change,) = memory.place(denial, judged(mentions=((said("IT IN", denial.title), Reason.DENIED),)), START)
    assert (change.novelty, change.change) == (Novelty.KNOWN, None)
