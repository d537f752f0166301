"""The scorer is fitted, calibrated, reported; what is held out is never fitted."""

from __future__ import annotations

import random

import pytest

from monitor.errors import ConfigError
from monitor.model import Article
from monitor.quality.calibrate import Evidence, FrameEvidence, calibrate, figures
from monitor.quality.fit import fit
from monitor.quality.labels import Labelled, is_held_out, labels_by_id, read, relabelled
from monitor.quality.report import at_rate, report, weights_yaml


def made(number: int, *, base: bool = True) -> Evidence:
    """Half of the articles have the telling feature; it is right nine times in ten."""
    rnd = random.Random(number)
    positive = rnd.random() < 0.4
    telling = positive if rnd.random() < 0.9 else not positive
    article_id = f"x{number}"
    labelled = Labelled(
        Article(id=article_id, title=f"t{number}", text="", language="it"),
        "announcement" if positive else "context" if number % 2 else "none",
        held_out=is_held_out(article_id),
    )
    frame = FrameEvidence({"frame.signed": 1.0} if telling else {"frame.talks": 1.0}, "s", 1, 1.0)
    return Evidence(labelled, {"title.some": 1.0}, (frame,), 1.0, base)


def test_the_telling_feature_gets_the_weight_and_the_score_is_a_probability() -> None:
    found = calibrate([made(i) for i in range(400)])
    assert found.weights["frame.signed"] > 0.5 > found.weights.get("frame.talks", 0.0)
    precision, recall, _ = figures(found.unseen, found.threshold)
    assert precision > 0.75
    assert recall > 0.75


def test_what_is_held_out_is_scored_and_never_fitted() -> None:
    evidence = [made(i) for i in range(300)]
    held = {e.labelled.article.id for e in evidence if e.labelled.held_out}
    found = calibrate(evidence)
    assert found.fitted_on == len(evidence) - len(held)
    assert {s.labelled.article.id for s in found.unseen} == {e.labelled.article.id for e in evidence}
    flipped = [
        Evidence(
            Labelled(e.labelled.article, "none" if e.labelled.positive else "announcement", held_out=True),
            e.article,
            e.frames,
        )
        if e.labelled.held_out
        else e
        for e in evidence
    ]
    assert calibrate(flipped).weights == found.weights


def test_a_refit_changes_the_weights_and_none_of_the_figures() -> None:
    evidence = [made(i) for i in range(300)]
    found, again = calibrate(evidence), calibrate(evidence, refit=True)
    assert again.unseen == found.unseen
    assert again.threshold == found.threshold
    assert again.fitted_on == len(evidence)
    assert again.weights != found.weights


def invented(number: int) -> Evidence:
    """All of them announce, whatever they say: so a writer's set may be, and no real one."""
    labelled = Labelled(Article(id=f"w{number}", title="t", text="", language="it"), "announcement")
    return Evidence(labelled, {"title.some": 1.0}, (), 0.0, False, {"word.sealed": 0.1}, 0.2, "fresh")


def test_what_an_invented_set_has_in_common_is_no_term_and_words_alone_move_no_evidence() -> None:
    evidence = [made(i) for i in range(300)]
    found, plain = calibrate([*evidence, *(invented(i) for i in range(100))]), calibrate(evidence)
    assert not [name for name in found.weights if name.startswith("origin.")]
    assert "word.sealed" not in plain.weights
    assert abs(found.weights["frame.signed"] - plain.weights["frame.signed"]) < 0.2
    assert abs(found.intercept - plain.intercept) < 0.3


def test_the_report_says_what_a_score_means_at_the_natural_rate() -> None:
    found = calibrate([made(i) for i in range(300)])
    text = report(found)
    assert "held out, never fitted" in text
    assert at_rate(0.5, prior=0.5, rate=0.01) < 0.011
    assert "frame.signed" in weights_yaml(found, "a test")


def test_rare_features_are_left_out() -> None:
    rows = [{"a": 1.0}] * 5 + [{"b": 1.0}]
    assert "b" not in fit(rows, [True] * 5 + [False], lambda _: 1.0).weights


def test_reports_of_stories_count_as_labels() -> None:
    lines = [
        '{"id":"1","title":"x","role":"report","stage":"signed"}',
        '{"id":"2","title":"x","role":"report","stage":"proposed"}',
        '{"id":"3","title":"x","role":"mention","stage":"signed"}',
    ]
    assert [x.label for x in read(lines)] == ["announcement", "context", "context"]


def test_labels_by_id_prevail_and_what_they_do_not_name_is_left_out() -> None:
    told = labels_by_id(["# read again", "1 n", ""])
    one, two = (Labelled(Article(id=i, title="t", text="", language="it"), "announcement") for i in "12")
    assert [(x.article.id, x.label) for x in relabelled([one, two], told)] == [("1", "none")]
    assert relabelled([two], told) == [two]


def test_a_line_without_a_label_is_told_with_its_number() -> None:
    with pytest.raises(ConfigError, match="some:2"):
        labels_by_id(["1 a", "2 perhaps"], "some")
