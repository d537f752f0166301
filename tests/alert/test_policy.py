from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.alert import grammar, policy, silence
from monitor.alert.policy import Circumstances, Standing
from monitor.config import Channel, MatchClause, Route
from monitor.errors import ConfigError
from monitor.model import (
    ActType,
    Change,
    Decision,
    Novelty,
    Owed,
    Party,
    Pause,
    Reason,
    RouteMode,
    Silence,
    Stage,
    Step,
    Story,
    StoryChange,
    Told,
    Why,
)
from tests.alert import make

NOW = make.NOW
AROUND = Circumstances(NOW)


def route(name: str = "desk", **changes: Any) -> Route:
    fields: dict[str, Any] = {"name": name, "channel": Channel.EMAIL, "to": ("desk@example.org",), "threshold": 0.5}
    if changes.get("mode") is RouteMode.DIGEST:
        fields["at"] = ("08:00",)
    return Route(**(fields | changes))


def decide(change: StoryChange, *standings: Standing, around: Circumstances = AROUND) -> list[tuple[Decision, Why]]:
    owed = policy.decide((change,), standings or (Standing(route()),), around)
    return [(each.decision, each.why) for each in owed]


def told(value: Story, decision: Decision = Decision.IMMEDIATE, **changes: Any) -> Told:
    fields: dict[str, Any] = {"stage": value.stage, "change": "", "why": Why.NEW, "route": "desk", "at": NOW}
    fields |= changes
    owed = Owed(fields["route"], value.id, fields["stage"], fields["change"], decision, fields["why"])
    return Told(owed, fields["at"], "cw_1")


def silenced(clause: MatchClause, **changes: Any) -> Silence:
    made = silence.new(clause, "Ada", "holiday", NOW - timedelta(hours=1), NOW + timedelta(days=2))
    return replace(made, **changes)


# ---------------------------------------------------------------------------------------------- the grammar of match


@pytest.mark.parametrize(
    ("clause", "refused"),
    [
        (MatchClause(), None),
        (MatchClause(pairs=(("IT", "CN"),)), None),
        (MatchClause(pairs=(("RU", "CN"), ("CN", "IT"))), None),
        (MatchClause(pairs=(("IT", "RU"),)), Why.PAIRS),
        (MatchClause(principals=("IT",)), None),
        (MatchClause(principals=("IT", "!US")), None),
        (MatchClause(principals=("!CN",)), Why.PRINCIPALS),
        (MatchClause(principals=("IT", "!CN")), Why.PRINCIPALS),
        (MatchClause(principals=("!US",)), None),
        (MatchClause(principals=("EU",)), Why.PRINCIPALS),
        (MatchClause(sectors=("science_education", "space")), None),
        (MatchClause(sectors=("space",)), Why.SECTORS),
        (MatchClause(types=("call",)), Why.TYPES),
        (MatchClause(stages=("!signed",)), Why.STAGES),
        (MatchClause(topics=("polar",)), None),
        (MatchClause(topics=("steel",)), Why.TOPICS),
        (MatchClause(stories=("st-1",)), None),
        (MatchClause(feeds=("feed-2",)), Why.FEEDS),
        (MatchClause(rules=("any-two-states",)), None),
        (MatchClause(pairs=(("IT", "CN"),), sectors=("space",)), Why.SECTORS),
    ],
)
def test_a_clause_holds_when_every_key_holds(clause: MatchClause, refused: Why | None) -> None:
    found = grammar.subject(make.story(topics=("polar",)), make.report())
    assert grammar.refusal((clause,), found) is refused


def test_of_several_clauses_one_suffices() -> None:
    found = grammar.subject(make.story(), make.report())
    wrong, right = MatchClause(pairs=(("RU", "CN"),)), MatchClause(principals=("CN",))
    assert grammar.refusal((wrong, right), found) is None
    assert grammar.refusal((wrong, MatchClause(types=("call",))), found) is Why.TYPES


def test_a_company_counts_as_its_country() -> None:
    parties = (Party("org.eni", "company", "IT", "Eni"), Party("org.sonatrach", "company", "DZ", "Sonatrach"))
    found = grammar.subject(make.story(parties=parties), make.report())
    assert grammar.refusal((MatchClause(pairs=(("IT", "DZ"),)),), found) is None
    assert grammar.refusal((MatchClause(pairs=(("org.eni", "DZ"),)),), found) is None


# ---------------------------------------------------------------------------------------------- once per stage


def test_a_new_act_is_told_at_once() -> None:
    assert decide(make.change()) == [(Decision.IMMEDIATE, Why.NEW)]


def test_an_unsure_act_is_told_once() -> None:
    change = make.change(novelty=Novelty.UNSURE)
    assert decide(change) == [(Decision.IMMEDIATE, Why.UNSURE)]
    assert decide(change, Standing(route(), (told(change.story),))) == [(Decision.NOT, Why.ALREADY_TOLD)]


def test_a_second_report_tells_nothing_again() -> None:
    before = make.story(make.report(1))
    after = make.story(make.report(1), make.report(2))
    change = make.change(after, novelty=Novelty.KNOWN, before=before)
    assert decide(change, Standing(route(), (told(before),))) == [(Decision.NOT, Why.NOTHING_NEW)]


def test_a_second_report_is_a_line_in_the_digest_that_told_the_story() -> None:
    before = make.story(make.report(1))
    change = make.change(make.story(make.report(1), make.report(2)), novelty=Novelty.KNOWN, before=before)
    digest = route("morning", mode=RouteMode.DIGEST)
    assert decide(change, Standing(digest, (told(before, Decision.DIGEST, route="morning"),))) == [
        (Decision.DIGEST, Why.SOURCE)
    ]
    assert decide(change, Standing(digest)) == [(Decision.NOT, Why.NOTHING_NEW)]


def test_a_story_is_told_when_its_best_score_first_crosses_the_threshold() -> None:
    weak = make.report(1, announcement=make.announcement(score=0.4))
    before = make.story(weak)
    assert decide(make.change(before)) == [(Decision.NOT, Why.THRESHOLD)]
    after = make.story(weak, make.report(2))
    change = make.change(after, novelty=Novelty.KNOWN, before=before)
    assert decide(change) == [(Decision.IMMEDIATE, Why.NEW)]
    again = make.change(make.story(weak, make.report(2), make.report(3)), novelty=Novelty.KNOWN, before=after)
    assert decide(again) == [(Decision.NOT, Why.NOTHING_NEW)]


def test_a_new_route_does_not_tell_the_past() -> None:
    before = make.story(make.report(1))
    change = make.change(make.story(make.report(1), make.report(2)), novelty=Novelty.KNOWN, before=before)
    assert decide(change, Standing(route("fresh"))) == [(Decision.NOT, Why.NOTHING_NEW)]


def test_a_report_of_an_earlier_stage_is_no_news() -> None:
    late = make.report(2, announcement=make.announcement(stage=Stage.ANNOUNCED))
    before = make.story(make.report(1))
    change = make.change(
        make.story(make.report(1), late, stage=Stage.SIGNED), novelty=Novelty.KNOWN, before=before, report=late
    )
    assert decide(change) == [(Decision.NOT, Why.NOTHING_NEW)]


def stage_change() -> StoryChange:
    first = make.report(1, announcement=make.announcement(stage=Stage.ANNOUNCED))
    return make.change(
        make.story(first, make.report(2), stage=Stage.SIGNED),
        novelty=Novelty.NEW_STAGE,
        before=make.story(first),
    )


def test_a_new_stage_is_told_once() -> None:
    change = stage_change()
    past = told(change.story, stage=Stage.ANNOUNCED, at=NOW - timedelta(days=9))
    assert decide(change, Standing(route(), (past,))) == [(Decision.IMMEDIATE, Why.NEW_STAGE)]
    assert decide(change, Standing(route(), (past, told(change.story)))) == [(Decision.NOT, Why.ALREADY_TOLD)]


def test_will_be_signed_and_signed_within_72_hours_are_one_alert_and_one_digest_line() -> None:
    change = stage_change()
    immediate = told(change.story, stage=Stage.ANNOUNCED, at=NOW - timedelta(hours=71))
    digest = replace(immediate, owed=replace(immediate.owed, route="morning", decision=Decision.DIGEST))
    assert decide(
        change,
        Standing(route(), (immediate,)),
        Standing(route("morning", mode=RouteMode.DIGEST), (digest,)),
    ) == [(Decision.NOT, Why.SOON), (Decision.DIGEST, Why.SOON)]
    later = replace(immediate, told_at=NOW - timedelta(hours=73))
    assert decide(change, Standing(route(), (later,))) == [(Decision.IMMEDIATE, Why.NEW_STAGE)]


@pytest.mark.parametrize("stage", [Stage.PROPOSED, Stage.COMPLETED])
def test_proposals_and_ends_are_no_alerts(stage: Stage) -> None:
    change = make.change(make.story(make.report(announcement=make.announcement(stage=stage))))
    assert decide(change) == [(Decision.NOT, Why.STAGE_NOT_TOLD)]


def test_a_changed_step_goes_to_the_digest() -> None:
    stepped = make.report(2, announcement=make.announcement(step=Step.RATIFIED))
    before = make.story(make.report(1))
    change = make.change(make.story(make.report(1), stepped), novelty=Novelty.KNOWN, before=before, report=stepped)
    digest = Standing(route("morning", mode=RouteMode.DIGEST), (told(before, Decision.DIGEST, route="morning"),))
    assert decide(change, Standing(route(), (told(before),)), digest) == [
        (Decision.NOT, Why.NOTHING_NEW),
        (Decision.DIGEST, Why.STEP),
    ]


# ---------------------------------------------------------------------------------------------- withdrawals


@pytest.mark.parametrize(
    "changes",
    [
        {"change": Change.RETRACTED},
        {"report": make.report(2, reason=Reason.DENIED)},
        {"report": make.report(2, announcement=make.announcement(stage=Stage.SUSPENDED))},
    ],
    ids=["retracted", "denied", "suspended"],
)
def test_a_withdrawal_goes_at_once_to_those_who_were_told_and_to_nobody_else(changes: dict[str, Any]) -> None:
    change = make.change(novelty=Novelty.KNOWN, before=make.story(), **changes)
    knowing = Standing(route("desk", threshold=0.99), (told(change.story),))
    digest = Standing(route("morning", mode=RouteMode.DIGEST), (told(change.story, Decision.DIGEST, route="morning"),))
    assert decide(change, knowing, Standing(route("other")), digest) == [
        (Decision.IMMEDIATE, Why.WITHDRAWAL),
        (Decision.NOT, Why.NEVER_TOLD),
        (Decision.DIGEST, Why.WITHDRAWAL),
    ]


def test_a_withdrawal_is_told_once() -> None:
    change = make.change(novelty=Novelty.KNOWN, change=Change.RETRACTED)
    again = told(change.story, change="retracted")
    assert decide(change, Standing(route(), (told(change.story), again))) == [(Decision.NOT, Why.ALREADY_TOLD)]


def test_a_withdrawal_is_told_once_whichever_article_and_stage_it_names() -> None:
    denied = make.report(3, reason=Reason.DENIED, announcement=make.announcement(stage=Stage.ANNOUNCED))
    change = make.change(novelty=Novelty.NEW_STAGE, change=Change.DISPUTED, before=make.story(), report=denied)
    again = told(change.story, change="retracted:article-2")
    assert decide(change, Standing(route(), (told(change.story), again))) == [(Decision.NOT, Why.ALREADY_TOLD)]


def test_what_is_taken_up_again_is_told_and_so_is_its_next_suspension() -> None:
    suspended = make.story(stages=((Stage.SIGNED, "", NOW), (Stage.SUSPENDED, "", NOW)))
    back = make.change(make.story(), novelty=Novelty.NEW_STAGE, change=Change.STAGE, before=suspended)
    memory = (
        replace(told(suspended), told_at=NOW - timedelta(days=9)),
        replace(told(suspended, change="suspended:article-2"), told_at=NOW - timedelta(days=8)),
    )
    assert decide(back, Standing(route(), memory)) == [(Decision.IMMEDIATE, Why.NEW_STAGE)]
    memory += (replace(told(suspended, change="again:article-1"), told_at=NOW - timedelta(days=2)),)
    stopped = make.report(5, reason=Reason.SUSPENDED)
    change = make.change(novelty=Novelty.NEW_STAGE, change=Change.STAGE, before=make.story(), report=stopped)
    assert decide(change, Standing(route(), memory)) == [(Decision.IMMEDIATE, Why.WITHDRAWAL)]


def test_a_correction_goes_to_those_who_were_told_and_to_the_route_that_waits_for_the_party_it_adds() -> None:
    three = make.announcement(parties=(make.ITALY, make.CHINA, make.FRANCE))
    now_it_is = make.report(announcement=three)
    story = make.story(make.report(), parties=three.parties)
    change = make.change(story, novelty=Novelty.KNOWN, change=Change.CORRECTION, before=make.story(), report=now_it_is)
    france = Standing(route("france", match=(MatchClause(principals=("FR",)),)))
    assert decide(change, Standing(route("desk"), (told(story),)), Standing(route("other")), france) == [
        (Decision.IMMEDIATE, Why.CHANGED),
        (Decision.NOT, Why.NEVER_TOLD),
        (Decision.IMMEDIATE, Why.NEW),
    ]


def test_a_near_miss_is_not_having_been_told() -> None:
    change = make.change(novelty=Novelty.KNOWN, change=Change.RETRACTED)
    near = told(change.story, Decision.NEAR, change="near", route="morning")
    assert decide(change, Standing(route("morning", mode=RouteMode.DIGEST), (near,))) == [
        (Decision.NOT, Why.NEVER_TOLD)
    ]


# ---------------------------------------------------------------------------------------------- refusals


def test_a_story_known_in_passing_is_not_told() -> None:
    story = make.story(opened_by_mention=True)
    assert decide(make.change(story, novelty=Novelty.KNOWN, before=story)) == [(Decision.NOT, Why.MENTION)]
    assert decide(make.change(report=make.report(reason=Reason.OLD))) == [(Decision.NOT, Why.MENTION)]


def test_a_story_judged_wrong_is_not_told() -> None:
    assert decide(make.change(make.story(state="wrong"))) == [(Decision.NOT, Why.STORY_CLOSED)]


def test_what_is_too_old_is_not_told() -> None:
    assert decide(make.change(), around=Circumstances(NOW, held=True)) == [(Decision.NOT, Why.TOO_OLD)]


def test_what_is_dated_earlier_is_told_and_marked_late() -> None:
    assert decide(make.change(), around=Circumstances(NOW, late=True)) == [(Decision.IMMEDIATE, Why.LATE)]


def test_source_languages_filter_the_article() -> None:
    wanted = Standing(route(source_languages=("it",)))
    chinese = make.report(1, lang="zh")
    assert decide(make.change(make.story(chinese)), wanted) == [(Decision.NOT, Why.LANGUAGES)]
    before = make.story(chinese)
    change = make.change(make.story(chinese, make.report(2)), novelty=Novelty.KNOWN, before=before)
    assert decide(change, wanted) == [(Decision.IMMEDIATE, Why.NEW)]


def test_a_rule_on_trial_speaks_in_the_digest_only() -> None:
    change = make.change(make.story(make.report(announcement=make.announcement(trial=True))))
    digest = Standing(route("morning", mode=RouteMode.DIGEST))
    assert decide(change, Standing(route()), digest) == [(Decision.NOT, Why.TRIAL), (Decision.DIGEST, Why.TRIAL)]


def test_a_near_miss_is_half_the_threshold_or_more_and_in_the_digest_only() -> None:
    def of(score: float) -> list[tuple[Decision, Why]]:
        change = make.change(make.story(make.report(announcement=make.announcement(score=score))))
        return decide(change, Standing(route()), Standing(route("morning", mode=RouteMode.DIGEST)))

    assert of(0.3) == [(Decision.NOT, Why.THRESHOLD), (Decision.NEAR, Why.NEAR_MISS)]
    assert of(0.2) == [(Decision.NOT, Why.THRESHOLD), (Decision.NOT, Why.THRESHOLD)]


def test_health_and_report_routes_get_no_stories() -> None:
    assert decide(make.change(), Standing(route(mode=RouteMode.HEALTH))) == [(Decision.NOT, Why.MODE)]


# ---------------------------------------------------------------------------------------------- silences, pauses, caps


def test_a_silence_mutes_while_it_lasts_and_what_it_muted_is_not_sent_afterwards() -> None:
    mute = silenced(MatchClause(pairs=(("IT", "CN"),)))
    change = make.change()
    assert decide(change, around=Circumstances(NOW, (mute,))) == [(Decision.SILENCED, Why.SILENCE)]
    after = Circumstances(NOW + timedelta(days=3), (mute,))
    again = make.change(
        make.story(make.report(1), make.report(2)), novelty=Novelty.KNOWN, before=make.story(make.report(1))
    )
    assert decide(again, around=after) == [(Decision.NOT, Why.NOTHING_NEW)]
    remembered = told(change.story, Decision.SILENCED)
    assert decide(change, Standing(route(), (remembered,)), around=after) == [(Decision.NOT, Why.ALREADY_TOLD)]


def test_a_silence_may_be_for_one_route() -> None:
    mute = silenced(MatchClause(pairs=(("IT", "CN"),)), routes=("desk",))
    decisions = decide(make.change(), Standing(route()), Standing(route("b")), around=Circumstances(NOW, (mute,)))
    assert [decision for decision, _ in decisions] == [Decision.SILENCED, Decision.IMMEDIATE]


def test_an_act_from_a_muted_feed_is_told_when_another_feed_brings_it() -> None:
    around = Circumstances(NOW, (silenced(MatchClause(feeds=("feed-1",))),))
    first = make.story(make.report(1))
    assert decide(make.change(first), around=around) == [(Decision.SILENCED, Why.SILENCE)]
    second = make.change(make.story(make.report(1), make.report(2)), novelty=Novelty.KNOWN, before=first)
    assert decide(second, around=around) == [(Decision.IMMEDIATE, Why.NEW)]


def test_a_paused_route_keeps_or_hands_over_what_it_is_owed() -> None:
    def paused(to: str) -> Standing:
        return Standing(route(), pause=Pause("desk", NOW, NOW + timedelta(days=3), to))

    other = Standing(route("night", match=(MatchClause(types=("call",)),)))
    assert decide(make.change(), paused("digest"), other) == [
        (Decision.PAUSED, Why.PAUSE),
        (Decision.NOT, Why.TYPES),
    ]
    assert decide(make.change(), paused("night"), other) == [
        (Decision.PAUSED, Why.PAUSE),
        (Decision.IMMEDIATE, Why.REDIRECTED),
    ]
    knows = replace(other, told=(told(make.story(), route="night"),))
    assert decide(make.change(), paused("night"), knows)[1][0] is Decision.NOT


def test_a_pause_that_is_over_holds_nothing() -> None:
    standing = Standing(route(), pause=Pause("desk", NOW - timedelta(days=3), NOW))
    assert decide(make.change(), standing) == [(Decision.IMMEDIATE, Why.NEW)]


def test_over_the_hourly_cap_alerts_are_held_for_one_message() -> None:
    assert decide(make.change(), Standing(route(), messages_past_hour=11)) == [(Decision.IMMEDIATE, Why.NEW)]
    assert decide(make.change(), Standing(route(), messages_past_hour=12)) == [(Decision.HELD, Why.CAP)]
    hook = Route(name="hook", channel=Channel.FILE, match=())
    assert decide(make.change(), Standing(hook, messages_past_hour=500)) == [(Decision.IMMEDIATE, Why.NEW)]


def test_all_acts_of_one_article_are_decided_together() -> None:
    changes = tuple(make.change(make.story(id=f"st-{n}")) for n in range(20))
    owed = policy.decide(changes, (Standing(route(), messages_past_hour=11),), AROUND)
    assert {each.decision for each in owed} == {Decision.IMMEDIATE}


# ---------------------------------------------------------------------------------------------- silences themselves


def test_a_silence_needs_author_reason_and_a_near_end() -> None:
    clause = MatchClause(types=(ActType.CALL.value,))
    with pytest.raises(ConfigError) as raised:
        silence.new(clause, " ", "", NOW, NOW + timedelta(days=31))
    assert all(word in str(raised.value) for word in ("author", "reason", "30 days"))
    with pytest.raises(ConfigError, match="is past"):
        silence.new(clause, "Ada", "x", NOW, NOW)
    with pytest.raises(ConfigError, match="route pause"):
        silence.new(MatchClause(), "Ada", "x", NOW, NOW + timedelta(days=1))


def test_a_clause_is_read_back_as_it_was_written() -> None:
    clause = MatchClause(pairs=(("IT", "CN"),), sectors=("space", "!energy"), stories=("st-1",))
    assert silence.read(silence.written(clause)) == clause
    with pytest.raises(ConfigError):
        silence.read('{"nonsense": 1}')


def test_a_preview_shows_what_would_have_been_muted_and_how_much_of_it_was_right() -> None:
    mute = silenced(MatchClause(sectors=("science_education",)))
    other = make.story(id="st-2", sectors=())
    shown = silence.preview(
        mute, (make.change(), make.change(other), make.change(make.story(id="st-3"))), frozenset({"st-3", "st-2"})
    )
    assert [story.id for story in shown.muted] == ["st-1", "st-3"]
    assert shown.judged_right == 1
