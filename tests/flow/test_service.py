"""The service as a process: ready, signals, reload, watchdog, and that it goes on where it was killed."""

from __future__ import annotations

import json
import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, eventually, running


def test_the_service_tells_new_stories_as_they_appear_and_drains_at_sigterm(place: World) -> None:
    place.stories = [WEATHER]
    with running(place) as service:
        service.says("coopwatch is ready: 1 feed,")
        eventually(lambda: "/a/weather" in place.asked, "the first article is read")
        place.stories = [WEATHER, SIGNED]
        eventually(lambda: place.mails and place.hooks, "mail and webhook arrived")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
        assert any("coopwatch has stopped" in line for line in service.lines)
    assert (len(place.mails), len(place.hooks)) == (1, 1)


def test_prc_04_a_second_signal_hastens_the_end(place: World) -> None:
    place.stories = [SIGNED]
    place.hook = _never
    place.configure(more='[delivery]\ndeadline = "60s"\n')
    with running(place) as service:
        eventually(lambda: place.hooks, "the slow receiver was asked")
        service.process.send_signal(signal.SIGTERM)
        service.says("is stopping")
        service.process.send_signal(signal.SIGINT)
        assert service.end(15) == 0
    place.hook = lambda number: (200, "text/plain", b"ok")
    with running(place) as service:
        eventually(lambda: len(place.hooks) >= 2, "the interrupted delivery was sent again")
    ids = {headers["webhook-id"] for headers, _ in place.hooks}
    assert len(ids) == 1


def _never(number: int) -> tuple[int, str, bytes]:
    threading.Event().wait(30 if number == 1 else 0)
    return 200, "text/plain", b"ok"


def test_sighup_swaps_good_settings_and_refuses_bad_ones(place: World) -> None:
    with running(place) as service:
        service.says("is ready")
        place.configure(more="nonsense = 1\n")
        service.process.send_signal(signal.SIGHUP)
        service.says("reload refused")
        service.says("nonsense: unknown key")
        assert service.process.poll() is None
        place.configure(routes='[[routes]]\nname = "only-files"\nchannel = "file"\n')
        service.process.send_signal(signal.SIGHUP)
        service.says("has reloaded: 1 feed,")
        place.stories = [SIGNED]
        eventually(lambda: list((place.folder / "state").glob("alerts/*.eml")), "the new route tells")
    # the refused reload may have been told as operational news; the story was not
    assert not any(SIGNED.key in mail.as_string() for mail in place.mails)


def test_systemd_hears_ready_alive_and_stopping(place: World, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(30)

        def hear(word: str) -> None:
            while not any(word in text for text in heard):
                heard.append(channel.recv(4096).decode())

        with running(place, NOTIFY_SOCKET=address, WATCHDOG_USEC="2000000") as service:
            hear("READY=1")
            hear("WATCHDOG=1")
            service.process.send_signal(signal.SIGTERM)
            hear("STOPPING=1")
            assert service.end(45) == 0


def test_prc_12_a_second_instance_refuses_and_the_first_goes_on(place: World) -> None:
    with running(place) as first:
        first.says("is ready")
        with running(place) as second:
            assert second.end(30) == 3
            assert any("another coopwatch" in line for line in second.lines)
        assert first.process.poll() is None


@pytest.mark.long
def test_edited_rules_that_fail_their_own_examples_are_refused_and_told(place: World, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "announcements").mkdir(parents=True)
    rule = OWN_RULE.format(text="Italia e Giappone firmano un accordo sull'energia.")
    own = site / "announcements" / "own.yaml"
    own.write_text(rule, encoding="utf-8")
    place.configure(more='[watch]\ncanary = false\ncheck_every = "1s"\n')
    config = place.folder / "coopwatch.toml"
    shipped = f'rules_dir = "{ROOT / "rules"}"'
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(shipped, f'rules_dir = ["{ROOT / "rules"}", "{site}"]'), encoding="utf-8")
    with running(place) as service:
        service.says("is ready")
        own.write_text(OWN_RULE.format(text="Domani piove."), encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        service.says("reload refused")
        eventually(lambda: place.mails, "the health mail arrived")
        place.stories = [SIGNED]
        eventually(
            lambda: any(SIGNED.key in mail.as_string() for mail in place.mails), "the former rules judge and tell"
        )
        own.write_text(rule, encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        service.says("has reloaded")
    kept = json.loads(place.run("rules", "history", "--json").stdout)
    assert len(kept) == 1, "the set in force is kept, the refused one is not"
    body = place.mails[0].get_body(("plain",))
    assert body is not None
    said = "".join(body.get_content().split())  # a long path is broken over lines
    told = f"{own}:9: rule site-signed: its example must match and does not: Domani piove."
    assert told.replace(" ", "") in said


OWN_RULE = """\
rules:
- id: site-signed
  title: A signed agreement
  description: A rule of this site's own.
  when: {{near: {{acts: [sign], instruments: [agreement]}}}}
  weight: 7
  examples:
    match:
    - {{text: "{text}", lang: it}}
    no_match: ["La scuola apre."]
"""
