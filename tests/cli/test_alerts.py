"""The commands that operators use on routes, silences and the outbox, over a real store and a real mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import insert, update

from monitor import cli
from monitor.model import Decision, Delivery, DeliveryState, EventType, Owed, Stage, Told, Why
from monitor.store import Store, tables
from monitor.store.articles import told_row
from monitor.store.outbox import insert_deliveries
from monitor.store.statements import insert_new
from monitor.store.stories import save_story
from monitor.store.tables import told as told_table
from monitor.store.tables import verdict
from tests.alert import make
from tests.cli.ports import free_port

NOW = datetime.now(UTC)


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.mails.append(envelope.content)  # type: ignore[attr-defined]
        return "250 2.0.0 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def configure(folder: Path, port: int = 1) -> list[str]:
    path = folder / "coopwatch.toml"
    path.write_text(f"""
state_dir = "{folder}/state"
[[routes]]
name = "desk"
channel = "email"
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {port}, starttls = "none" }}
[[routes]]
name = "calls"
channel = "file"
match = [{{ types = ["call"] }}]
""")
    return ["--config", str(path)]


def tell(store: Store, number: int, state: DeliveryState = DeliveryState.SENT) -> None:
    """A story that the desk was told in a mail."""
    story = make.story(make.report(number), id=f"st-{number}")
    owed = Owed("desk", story.id, Stage.SIGNED, "", Decision.IMMEDIATE, Why.NEW, f"article-{number}")
    delivery = Delivery(
        id=f"cw_{number}.x",
        route="desk",
        channel="email",
        target="desk@example.org",
        event=EventType.STORY_NEW,
        story_ids=(story.id,),
        body=b"Subject: x\r\n\r\nx",
        state=state,
        created_at=NOW - timedelta(hours=number),
        due_at=NOW,
        subject=f"Story {number}",
        reason="550 no",
    )
    row = told_row(Told(owed, NOW - timedelta(hours=number), f"cw_{number}"))
    with store.database.write() as connection:
        save_story(connection, story, {f"k{number}"}, NOW, known=False, added=story.reports)
        insert_new(connection, told_table, [row])
        kept = {name: value for name, value in row.items() if name not in ("told_at", "delivery_id")}
        connection.execute(verdict.insert(), [kept | {"decided_at": NOW}])
        insert_deliveries(connection, [delivery])


def test_route_test_sends_a_marked_mail_and_prints_the_servers_answer(
    tmp_path: Path, mailbox: tuple[Mailbox, int], capsys: pytest.CaptureFixture[str]
) -> None:
    box, port = mailbox
    config = configure(tmp_path, port)
    assert cli.main(["route", "test", "desk", *config]) == 0
    assert "desk@example.org: accepted: 250 2.0.0 OK" in capsys.readouterr().out
    assert b"Subject: [prova] coopwatch, rotta desk" in box.mails[0]


def test_route_test_says_what_failed_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["route", "test", "desk", "--json", *configure(tmp_path)]) == 1
    (answer,) = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["fault"]) == (False, "connect")


def test_an_unknown_route_is_a_usage_error_that_names_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["route", "test", "nowhere", *configure(tmp_path)]) == 2
    assert "there are: desk, calls" in capsys.readouterr().err


def test_route_explain_says_why_to_one_and_why_not_to_the_other(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(store, 1)
    assert cli.main(["route", "explain", "st-1", "--json", *configure(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(row["route"], row["decision"]) for row in said["then"]] == [("desk", "immediate")]
    today = [(row["route"], row["decision"], row["why"]) for row in said["today"]]
    assert today == [("desk", "immediate", "new"), ("calls", "not", "types")]
    assert cli.main(["route", "explain", "st-404", *configure(tmp_path)]) == 2


def test_a_pause_holds_a_route_until_its_day_and_resume_ends_it(tmp_path: Path, store: Store) -> None:
    config = configure(tmp_path)
    day = (NOW + timedelta(days=9)).date().isoformat()
    assert cli.main(["route", "pause", "desk", "--until", day, "--to", "calls", *config]) == 0
    (pause,) = store.people.pauses(NOW + timedelta(hours=1))
    assert (pause.route, pause.to) == ("desk", "calls")
    assert pause.until.astimezone(ZoneInfo("Europe/Rome")) == datetime.fromisoformat(day).replace(
        tzinfo=ZoneInfo("Europe/Rome")
    )
    assert cli.main(["route", "resume", "desk", *config]) == 0
    assert store.people.pauses(datetime.now(UTC)) == ()


@pytest.mark.parametrize(
    "arguments", [["--until", "soon"], ["--until", "2020-01-01"], ["--until", "2099-01-01", "--to", "x"]]
)
def test_a_pause_that_makes_no_sense_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    assert cli.main(["route", "pause", "desk", *arguments, *configure(tmp_path)]) == 2


def test_a_silence_shows_what_it_would_have_muted_before_it_is_saved(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        tell(store, number)
    config = configure(tmp_path)
    day = (NOW + timedelta(days=3)).date().isoformat()
    wanted = ["--pair", "IT-CN", "--reason", "fair week", "--author", "Ada", "--until", day, "--yes"]
    assert cli.main(["silence", "add", *wanted, *config]) == 0
    assert "it would have muted 2 stories, 0 of them judged right" in capsys.readouterr().out
    (silence,) = store.people.silences(datetime.now(UTC))
    assert (silence.author, silence.reason) == ("Ada", "fair week")
    assert cli.main(["silence", "list", "--json", *config]) == 0
    assert json.loads(capsys.readouterr().out)[0]["author"] == "Ada"
    assert cli.main(["silence", "end", silence.id, *config]) == 0
    assert store.people.silences(datetime.now(UTC)) == ()
    assert cli.main(["silence", "end", silence.id, *config]) == 2


def test_a_silence_with_a_wrong_value_or_too_late_an_end_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configure(tmp_path)
    late = (NOW + timedelta(days=40)).date().isoformat()
    assert cli.main(["silence", "add", "--type", "war", "--reason", "x", "--until", late, *config]) == 2
    assert "war" in capsys.readouterr().err
    assert cli.main(["silence", "add", "--type", "call", "--reason", "x", "--until", late, *config]) == 2
    assert "30 days" in capsys.readouterr().err


def test_outbox_lists_retries_and_replays_under_the_first_id(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(store, 1, DeliveryState.DEAD)
    tell(store, 2)
    tell(store, 30)
    config = configure(tmp_path)
    assert cli.main(["outbox", "list", "--json", *config]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["cw_1.x"]
    assert cli.main(["outbox", "retry", "cw_9", *config]) == 2
    assert cli.main(["outbox", "retry", *config]) == 0
    queued = store.views.deliveries((DeliveryState.QUEUED.value,))
    assert [(each.id, each.body) for each in queued] == [("cw_1.x", b"Subject: x\r\n\r\nx")]
    since = (datetime.now() - timedelta(hours=5)).isoformat()  # noqa: DTZ005 - as a person types it
    assert cli.main(["outbox", "replay", "--since", since, "--yes", *config]) == 0
    assert {each.id for each in store.views.deliveries((DeliveryState.QUEUED.value,))} == {"cw_1.x", "cw_2.x"}


def test_a_target_that_rests_is_named_and_what_waits_for_it_goes_at_once_when_a_person_says_so(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(store, 1, DeliveryState.RETRY)
    config, later = configure(tmp_path), datetime.now(UTC) + timedelta(minutes=20)
    (waiting,) = store.views.deliveries()
    with store.database.write() as connection:
        connection.execute(update(tables.delivery).values(due_at=later))
        row = {"route": waiting.route, "target": waiting.target, "failures": 6, "open_until": later, "disabled": False}
        connection.execute(insert(tables.target).values(**row, answer="refused", changed_at=later))
    assert cli.main(["outbox", "list", *config]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        f"{waiting.target} is left alone until {later:%Y-%m-%d %H:%M} UTC after 6 failures in a row (refused)" in said
    )
    assert cli.main(["outbox", "retry", *config]) == 0
    assert "1 delivery due now" in capsys.readouterr().out
    assert store.views.deliveries()[0].due_at < later
    assert store.views.resting(datetime.now(UTC)) == ()
    assert cli.main(["outbox", "list", *config]) == 0
    assert "left alone" not in capsys.readouterr().out


def test_replay_never_sends_what_could_not_be_rendered(tmp_path: Path, store: Store) -> None:
    tell(store, 1, DeliveryState.DEAD)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE delivery SET body = X''")
    assert cli.main(["outbox", "retry", *configure(tmp_path)]) == 0
    assert store.views.deliveries((DeliveryState.QUEUED.value,)) == ()
