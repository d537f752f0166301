"""What an edited article takes back or corrects."""

from __future__ import annotations

from dataclasses import replace

from monitor.model import ActType, Announcement, Article, Change, Novelty, ReadMethod, Reason, Stage, Story, StoryChange
from monitor.story import place, tellers
from monitor.story.signature import of_story
from tests.story.acts import START, article, judged, said
from tests.story.test_placing import LUNAR, WORDS

TOLD = article("a", LUNAR)
SILENT = article("a", "The minister visits a fair")


def opened(told: Announcement = said("IT IN", LUNAR), *others: Article) -> Story:
    """A story that article a told, and then others in its words."""
    (change,) = place(TOLD, judged(told), (), START, vocabulary=WORDS)
    story = change.story
    for other in others:
        (change,) = place(other, judged(replace(told, quote=other.title)), (story,), START, vocabulary=WORDS)
        assert change.story.id == story.id
        story = change.story
    return story


def edit(story: Story, now_it_is: Article, *told: Announcement, **more: object) -> tuple[StoryChange, ...]:
    """What the edited article does; the story comes without its reports, as the store gives it."""
    bare = replace(story, reports=())
    assert tellers(now_it_is, (bare,)) == {story.id}
    judgement = judged(*told, **more)  # type: ignore[arg-type]
    return place(now_it_is, judgement, (bare,), START, vocabulary=WORDS, earlier={story.id: story.reports})


def test_an_article_that_tells_its_act_no_longer_takes_it_back() -> None:
    story = opened()
    (change,) = edit(story, SILENT)
    assert (change.novelty, change.change, change.story.id) == (Novelty.NEW_STAGE, Change.RETRACTED, story.id)
    assert change.report.announcement.quote == ""
    assert of_story(change.story).denied


def test_taking_back_is_done_once() -> None:
    story = opened()
    (change,) = edit(story, SILENT)
    whole = replace(change.story, reports=(*story.reports, change.report))
    assert edit(whole, article("a", "The minister visits another fair")) == ()


def test_silence_takes_nothing_back_where_another_source_tells_the_act() -> None:
    other = article("b", "Rome and New Delhi to build lunar orbiter", days=0.2)
    assert edit(opened(said("IT IN", LUNAR), other), SILENT) == ()


def test_silence_of_a_page_that_could_not_be_read_takes_nothing_back() -> None:
    assert edit(opened(), replace(SILENT, method=ReadMethod.SUMMARY)) == ()


def test_an_act_told_in_passing_now_is_not_taken_back() -> None:
    passing = (said("IT IN", "the orbiter that Italy and India agreed on"), Reason.IN_PASSING)
    assert [change.change for change in edit(opened(), SILENT, mentions=(passing,))] in ([], [None])


def test_an_article_that_now_denies_its_act_retracts_it() -> None:
    denial = said("IT IN", "Italy and India did not sign an agreement on a joint lunar orbiter")
    (change,) = edit(opened(), article("a", denial.quote), mentions=((denial, Reason.DENIED),))
    assert (change.novelty, change.change) == (Novelty.NEW_STAGE, Change.RETRACTED)


def test_other_words_and_another_type_correct_nothing() -> None:
    words = "India and Italy sign the agreement on a joint lunar orbiter"
    (change,) = edit(opened(), article("a", words), said("IT IN", words, type=ActType.PROGRAMME))
    assert (change.novelty, change.change) == (Novelty.KNOWN, None)


def test_an_edit_of_an_article_is_no_copy_of_it() -> None:
    body = " ".join(f"Turbine{n} and cable{n * 3} reach port{n * 7} by ship{n}." for n in range(60))
    first, second = (replace(article("a", LUNAR, text=text)) for text in (body, body[:-40]))
    (told,) = place(first, judged(said("IT IN", LUNAR)), (), START, vocabulary=WORDS)
    (change,) = edit(told.story, second, said("IT IN", f"{LUNAR} today"))
    assert (change.story.id, change.report.copy_of) == (told.story.id, "")


def test_a_party_that_was_left_out_corrects_the_story() -> None:
    three = "Italy, France and India signed an agreement on a joint lunar orbiter"
    (change,) = edit(opened(), article("a", three), said("IT FR IN", three))
    assert (change.novelty, change.change) == (Novelty.KNOWN, Change.CORRECTION)
    assert [party.id for party in change.story.parties] == ["IT", "FR", "IN"]


def test_another_partner_is_another_act_and_the_first_is_taken_back() -> None:
    other = "Italy and Japan signed an agreement on a joint lunar orbiter"
    new, gone = edit(opened(), article("a", other), said("IT JP", other))
    assert (new.novelty, new.change) == (Novelty.NEW, None)
    assert (gone.novelty, gone.change) == (Novelty.NEW_STAGE, Change.RETRACTED)


def test_a_signature_told_too_early_is_corrected_and_is_news_when_it_comes() -> None:
    plan = "Italy and India will sign an agreement on a joint lunar orbiter"
    (corrected,) = edit(opened(), article("a", plan), said("IT IN", plan, stage=Stage.ANNOUNCED))
    assert (corrected.change, corrected.story.stage) == (Change.CORRECTION, Stage.ANNOUNCED)
    signed = article("b", f"{LUNAR} at last", days=10)
    (later,) = place(signed, judged(said("IT IN", signed.title)), (corrected.story,), START, vocabulary=WORDS)
    assert (later.novelty, later.change) == (Novelty.NEW_STAGE, Change.STAGE)


def test_an_act_whose_proving_sentence_still_stands_is_neither_taken_back_nor_corrected() -> None:
    story = opened()
    same = article("a", "The minister visits a fair", text=f"{LUNAR} It was raining.")
    assert edit(story, same) == ()
    (change,) = edit(story, same, said("IT FR IN", "France joined them"))
    assert change.change is None


def test_a_signature_that_is_only_wished_for_now_is_taken_back() -> None:
    wish = (said("IT IN", "Italy and India could sign an agreement on a joint lunar orbiter"), Reason.CONDITIONAL)
    (change,) = edit(opened(), article("a", wish[0].quote), mentions=(wish,))
    assert (change.novelty, change.change) == (Novelty.NEW_STAGE, Change.RETRACTED)
