"""The whole line with the installed command: feed, page, judgement, story, mail and webhook; then nothing more."""

from __future__ import annotations

import json
import signal
import time

import pytest
from standardwebhooks import Webhook

from tests.flow.world import SECRET, Story, World, eventually
from tests.postgresql import Cluster

SIGNED = Story(
    "signed",
    "Italia e Giappone firmano un accordo di cooperazione scientifica",
    "ROMA - Italia e Giappone hanno firmato oggi a Roma un accordo di cooperazione scientifica e tecnologica.\n"
    "L'intesa è stata firmata dai ministri degli Esteri dei due Paesi e prevede borse di studio e progetti comuni.\n"
    "I due governi si incontreranno ogni anno per fare il punto sui lavori.",
)
WEATHER = Story(
    "weather",
    "Pioggia in arrivo sulle regioni del Centro",
    "Una perturbazione raggiungerà domani le regioni del Centro con piogge diffuse.\n"
    "Le temperature scenderanno di cinque gradi. Neve sopra i mille metri.",
)


def test_one_announcement_is_one_mail_and_one_signed_webhook_and_a_second_run_sends_nothing(place: World) -> None:
    place.stories = [WEATHER, SIGNED]
    first = place.run("once", "--json")
    assert first.returncode == 0, first.stderr
    summary = json.loads(first.stdout)["steps"]
    assert (summary["poll"]["entries"], summary["read"]["page"], summary["deliver"]["sent"]) == (2, 2, 2)
    (mail,), ((headers, body),) = place.mails, place.hooks
    assert f"{place.base}/a/signed" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    event = Webhook(SECRET).verify(body, headers)
    assert event["type"] == "story.new"
    assert {party["id"] for party in event["data"]["story"]["parties"]} == {"IT", "JP"}
    time.sleep(1.3)  # the feed's own interval: the second run must ask again
    second = place.run("once", "--json")
    assert second.returncode == 0, second.stderr
    assert place.asked.count("/feed.xml") == 2
    assert (len(place.mails), len(place.hooks)) == (1, 1)
    assert [place.asked.count(f"/a/{key}") for key in ("signed", "weather")] == [1, 1]


def test_without_routes_alerts_become_files_and_are_shown(place: World) -> None:
    place.configure(routes="")
    place.stories = [SIGNED]
    done = place.run("once")
    assert done.returncode == 0, done.stderr
    files = sorted(path.suffix for path in (place.folder / "state" / "alerts").iterdir())
    assert files == [".eml", ".json"]
    assert "ALERT  " in done.stdout
    assert "NO ALERT LEAVES THIS MACHINE" in done.stderr


@pytest.mark.long
def test_a_receiver_that_fails_is_tried_again_later_with_the_same_id_and_bytes(place: World) -> None:
    place.configure(more='[delivery]\nretry = ["500ms", "1s"]\n')
    place.stories = [SIGNED]
    place.hook = lambda number: (500, "text/plain", b"no") if number == 1 else (204, "text/plain", b"")
    assert place.run("once", "--json").returncode == 0
    time.sleep(0.7)
    assert place.run("once", "--json").returncode == 0
    (first, second) = place.hooks
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    assert len(place.mails) == 1


def test_a_page_that_cannot_be_read_is_judged_on_the_feeds_summary(place: World) -> None:
    place.stories = [Story(SIGNED.key, SIGNED.title, SIGNED.text, summary=SIGNED.text.split("\n")[0])]
    place.pages["/a/signed"] = lambda: (404, "text/html", b"gone")
    assert place.run("once", "--json").returncode == 0
    (event,) = place.events
    assert {party["id"] for party in event["data"]["story"]["parties"]} == {"IT", "JP"}


def test_a_second_runner_on_the_same_database_is_refused(place: World) -> None:
    from monitor.store import runner_lock

    lock = runner_lock(f"sqlite:///{place.folder}/state/coopwatch.db")
    assert lock is not None
    lock.take()
    try:
        done = place.run("once")
    finally:
        lock.release()
    assert done.returncode == 3
    assert "another coopwatch" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.postgresql
def test_the_same_line_on_postgresql_also_after_a_kill(place: World, postgresql: Cluster) -> None:
    place.configure(database=postgresql.url())
    place.stories = [WEATHER, SIGNED]
    killed = place.run("once", COOPWATCH_FAILPOINT="match.rendered:kill", start_new_session=True)
    assert killed.returncode == -signal.SIGKILL
    assert (place.mails, place.hooks) == ([], [])
    done = place.run("once", "--json")
    assert done.returncode == 0, done.stderr
    # the dead one's claims end when it gave no sign of life for a while
    eventually(lambda: place.run("once").returncode == 0 and place.hooks and place.mails, "told after the kill", 90)
    assert (len(place.mails), len(place.hooks)) == (1, 1)
