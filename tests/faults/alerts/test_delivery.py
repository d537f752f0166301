"""Fault cases DLV-01 to DLV-20: what is owed reaches its targets once, whatever the servers and the machine do. Kills of the
installed command with the same ids stand in test_kills.py."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.config import MatchClause, Route
from monitor.model import RouteMode, Stage
from tests.alert.servers import Mailhost, certificate
from tests.conftest import absent
from tests.faults.alerts.bench import (
    OLD_SECRET,
    SECRET,
    News,
    Street,
    desk,
    digest_route,
    elapsed,
    hook_route,
    parsed,
    plain,
    signature_holds,
)

fault = pytest.mark.fault
HOUR_S = 3600.0
DAY_S = 86400.0
SCHEDULE_S = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


def many(count: int) -> list[News]:
    """Different acts."""
    return [
        News(
            n,
            title=f"Accordo numero {n} tra Italia e partner",
            text=f"L'Italia ha firmato oggi l'accordo numero {n}.",
            changes=(("object", f"opera numero {n} {'abcdefghij'[n % 10] * 6}"),),
        )
        for n in range(1, count + 1)
    ]


def operators(street: Street) -> Route:
    """A mailbox for operational news only."""
    return desk(street.mail(), "ops@example.org", name="ops", mode=RouteMode.HEALTH)


def message_ids(host: Mailhost) -> list[str]:
    return [str(parsed(raw)["Message-ID"]) for _, _, raw in host.mails]


@fault("DLV-01")
def test_what_was_decided_before_a_crash_is_sent_after_it_exactly_once(subject: Any, street: Street) -> None:
    host, hook = street.mail(), street.hook()
    subject.use(desk(host), hook_route(hook))
    subject.arrive(News())
    assert (host.mails, hook.requests) == ([], [])
    subject.restart()
    subject.work()
    subject.restart()
    subject.wait(DAY_S)
    assert (len(host.mails), len(hook.requests)) == (1, 1)


@fault("DLV-02")
def test_a_crash_between_sending_and_its_record_repeats_the_same_id_and_bytes(subject: Any, street: Street) -> None:
    host, hook = street.mail(), street.hook()
    subject.use(desk(host), hook_route(hook))
    subject.arrive(News())
    subject.crash_while_sending()
    subject.wait(1)
    subject.wait(DAY_S)
    (first, one), (second, two) = hook.requests
    assert (first["webhook-id"], one) == (second["webhook-id"], two)
    assert len(message_ids(host)) == 2
    assert len(set(message_ids(host))) == 1  # a mailbox keeps one of the two
    assert host.mails[0] == host.mails[1]


@fault("DLV-03")
def test_after_a_lost_answer_the_same_id_comes_again_and_never_another(subject: Any, street: Street) -> None:
    hook = street.hook(lambda number: "lost" if number < 3 else 200)
    subject.use(hook_route(hook))
    subject.arrive(News())
    for _ in range(4):
        subject.wait(2 * HOUR_S)
    assert len(hook.requests) == 3
    assert len(set(hook.ids)) == 1
    assert len({body for _, body in hook.requests}) == 1


@fault("DLV-04")
def test_a_2xx_is_final_over_restarts(subject: Any, street: Street) -> None:
    always, empty = street.hook(), street.hook(lambda number: 204)
    flaky = street.hook(lambda number: 500 if number <= 2 else 200)
    subject.use(hook_route(always), hook_route(empty, "empty"), hook_route(flaky, "flaky"))
    subject.arrive(*many(3))
    for _ in range(8):
        subject.wait(HOUR_S)
        subject.restart()
    for hook in (always, empty, flaky):
        assert hook.sent_again == []
        good = {key for key, status in hook.answered if 200 <= status < 300}
        assert len(good) == 3
    assert len(flaky.requests) == 5


@fault("DLV-05")
def test_failures_follow_the_schedule_to_the_dead_letter_and_delay_no_other(subject: Any, street: Street) -> None:
    broken, slow, well = street.hook(lambda number: 500), street.hook(lambda number: "stall"), street.hook()
    subject.use(hook_route(broken), hook_route(slow, "slow"), hook_route(well, "well"), operators(street))
    subject.arrive(News())
    started = subject.now
    took = elapsed(subject.work)
    assert len(well.requests) == 1
    assert took < 10
    seen = [(0.0, len(broken.requests), len(slow.requests))]
    for wait_s in SCHEDULE_S:
        subject.wait(wait_s - 1)
        assert (len(broken.requests), len(slow.requests)) == seen[-1][1:]  # not a second early
        subject.wait(2)
        seen.append(((subject.now - started).total_seconds(), len(broken.requests), len(slow.requests)))
    assert [tries for _, tries, _ in seen] == list(range(1, 11))
    assert [tries for _, _, tries in seen] == list(range(1, 11))
    subject.wait(30 * DAY_S)
    assert len(broken.requests) == 10
    assert {each.target for each in subject.outbox("dead")} >= {broken.url, slow.url}
    assert len(set(broken.ids)) == 1
    assert len(well.requests) == 1


@fault("DLV-06")
@pytest.mark.parametrize("status", [429, 502, 504, 503])
def test_retry_after_is_honoured_and_holds_the_whole_endpoint(subject: Any, street: Street, status: int) -> None:
    hook = street.hook(lambda number: status if number == 1 else 200)
    hook.headers = lambda number: ["Retry-After: 900"] if number == 1 else []
    subject.use(hook_route(hook))
    subject.arrive(*many(2))
    subject.work()
    subject.wait(880)
    assert len(hook.requests) == 1
    subject.wait(40)
    subject.wait(40)
    assert len(hook.requests) == 3
    assert hook.sent_again == []


@fault("DLV-07")
def test_a_refusal_is_a_dead_letter_at_once_and_410_disables_the_endpoint(subject: Any, street: Street) -> None:
    host = street.mail()
    refused, gone = street.hook(lambda number: 400), street.hook(lambda number: 410)
    subject.use(
        hook_route(refused), hook_route(gone, "gone"), desk(host, name="desk", match=(MatchClause(types=("call",)),))
    )
    subject.arrive(News())
    subject.work()
    subject.wait(30 * DAY_S)
    assert (len(refused.requests), len(gone.requests)) == (1, 1)
    assert len(subject.outbox("dead")) == 2
    subjects = [str(parsed(raw)["Subject"]) for _, _, raw in host.mails]
    assert any("Invio fallito" in each for each in subjects)
    assert any("disattivata" in each for each in subjects)
    subject.arrive(*many(1))
    subject.wait(30 * DAY_S)
    assert len(gone.requests) == 1  # nothing more goes there
    assert len(refused.requests) == 2


@fault("DLV-08")
def test_redirects_are_not_followed(subject: Any, street: Street) -> None:
    canary = street.hook()
    hook = street.hook(lambda number: 307)
    hook.headers = lambda number: [f"Location: {canary.url}"]
    subject.use(hook_route(hook))
    subject.arrive(News())
    subject.wait(1)
    assert len(hook.requests) == 1
    assert canary.requests == []
    assert [each.state for each in subject.outbox()] == ["retry"]


@fault("DLV-08")
def test_an_answer_without_end_is_read_to_64_kib_and_ended_by_the_deadline(subject: Any, street: Street) -> None:
    hook = street.hook(lambda number: "flood")
    stalled = street.hook(lambda number: "stall")
    subject.use(hook_route(hook), hook_route(stalled, "stalled"))
    subject.arrive(News())
    assert elapsed(subject.work) < 5  # the case's deadline is 1 s; in service 30 s
    assert hook.flooded_bytes < 8_000_000  # what sockets hold; not the 50 MB that were offered
    assert (len(hook.requests), len(stalled.requests)) == (1, 1)
    states = {each.target: each.state for each in subject.outbox()}
    assert states[stalled.url] == "retry"


@fault("DLV-09")
def test_each_attempt_is_signed_afresh_with_every_secret(subject: Any, street: Street) -> None:
    hook = street.hook(lambda number: 500 if number <= 2 else 200)
    subject.use(hook_route(hook, secrets=(SECRET, OLD_SECRET)))
    subject.arrive(News())
    for _ in range(3):
        subject.wait(310)
    assert len(hook.requests) == 3
    for headers, body in hook.requests:
        assert signature_holds(SECRET, headers, body)
        assert signature_holds(OLD_SECRET, headers, body)
        assert not signature_holds("whsec_c3RyYW5nZXI=", headers, body)
    assert len(set(hook.ids)) == 1
    stamps = [int(headers["webhook-timestamp"]) for headers, _ in hook.requests]
    assert stamps == sorted(set(stamps))


@fault("DLV-10")
def test_greylisted_mail_is_delivered_once_under_the_same_message_id(subject: Any, street: Street) -> None:
    host = street.mail(Mailhost(data=["451 4.7.1 greylisted", "451 4.7.1 greylisted"]))
    subject.use(desk(host))
    subject.arrive(News())
    subject.work()
    first = {each.id for each in subject.outbox("retry")}
    for _ in range(4):
        subject.wait(HOUR_S)
    assert len(host.mails) == 1
    assert {mail.strip("<>").split("@")[0] for mail in message_ids(host)} == first
    assert [each.attempts for each in subject.outbox("sent")] == [3]


@fault("DLV-11")
def test_one_refused_recipient_of_three_is_dead_and_the_two_get_it_once(subject: Any, street: Street) -> None:
    host = street.mail(Mailhost(rcpt={"b@example.org": "550 5.1.1 no such user"}))
    subject.use(desk(host, "a@example.org", "b@example.org", "c@example.org"))
    subject.arrive(News())
    for _ in range(5):
        subject.wait(DAY_S)
    alerts = [to for _, to, raw in host.mails if "[stato]" not in str(parsed(raw)["Subject"])]
    assert sorted(alerts) == [["a@example.org"], ["c@example.org"]]
    assert [each.target for each in subject.outbox("dead") if each.event == "story.new"] == ["b@example.org"]


@fault("DLV-12")
def test_a_connection_lost_after_the_dot_is_retried_under_the_same_message_id(subject: Any, street: Street) -> None:
    host = street.mail(Mailhost(drop=True))
    subject.use(desk(host))
    subject.arrive(News())
    subject.work()
    host.drop = False
    subject.wait(10)
    subject.wait(DAY_S)
    assert len(message_ids(host)) == 2
    assert len(set(message_ids(host))) == 1
    assert host.mails[0] == host.mails[1]
    assert [tuple(row) for row in subject.rows("SELECT state, doubtful FROM delivery")] == [("sent", 1)]


@fault("DLV-13")
def test_a_mail_server_that_hangs_is_left_at_the_deadline(subject: Any, street: Street) -> None:
    host, well = street.mail(Mailhost(stall=True)), street.mail()
    subject.use(desk(host, smtp={"timeout_s": 1.0}), desk(well, name="other"))
    subject.arrive(News())
    assert elapsed(subject.work) < 10  # 60 s in service
    assert len(well.mails) == 1
    assert [each.state for each in subject.outbox() if each.route == "desk"] == ["retry"]


@fault("DLV-13")
def test_no_password_and_no_mail_goes_over_a_line_without_tls(subject: Any, street: Street) -> None:
    from pydantic import SecretStr

    host = street.mail(password=b"right")
    login = {"starttls": "auto", "username": "u", "password": SecretStr("right")}
    subject.use(desk(host, smtp=login))
    subject.arrive(News())
    for _ in range(5):
        subject.wait(HOUR_S)
    assert (host.logins, host.mails) == ([], [])
    assert len(subject.outbox("retry")) >= 1  # it waits for a person, it is not lost


@fault("DLV-13")
def test_a_refused_login_alarms_by_webhook(subject: Any, street: Street, tmp_path: Any) -> None:
    from pydantic import SecretStr

    made = certificate(tmp_path)
    if made is None:
        absent("openssl", "openssl is not installed")
    context, trusted = made  # type: ignore[misc]
    host, hook = street.mail(starttls=context, password=b"right"), street.hook()
    login = {"starttls": "required", "username": "u", "password": SecretStr("wrong"), "ca_file": trusted}
    subject.use(desk(host, smtp=login), hook_route(hook))
    subject.arrive(News())
    subject.work()
    subject.work()
    health = [event["data"] for event in hook.events if event["type"] == "health"]
    assert len(health) == 1
    assert "535" in health[0]["text"]
    assert "wrong" not in health[0]["text"]
    assert host.mails == []


@fault("DLV-14")
@pytest.mark.parametrize(
    "title",
    [
        "中国和意大利签署极地科研合作协议" * 40,
        "Перу и Италия подписали соглашение",
        "à" * 16_000,
        "\x1b[31mà\r\nBcc: x@y.zz",
    ],
    ids=["chinese", "russian", "long", "hostile"],
)
def test_subjects_are_encoded_folded_and_short(subject: Any, street: Street, title: str) -> None:
    host = street.mail()
    subject.use(desk(host))
    other = make_party(title)
    subject.arrive(News(title=title, changes=(("parties", other),)))
    subject.work()
    ((_, _, raw),) = host.mails
    head = raw.split(b"\r\n\r\n")[0]
    raw.decode("ascii")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert max(len(line) for line in head.split(b"\r\n")) <= 78
    message = parsed(raw)
    assert message.defects == []
    assert message["Bcc"] is None
    assert 0 < len(str(message["Subject"])) <= 150
    assert b"=?utf-8?" in head


def make_party(name: str) -> tuple[Any, ...]:
    from monitor.model import Party
    from tests.alert import make

    return (make.ITALY, Party("org.x", "organisation", "FR", name))


@fault("DLV-15")
def test_a_hundred_mails_have_the_headers_that_threads_and_lists_need(subject: Any, street: Street) -> None:
    host = street.mail()
    subject.use(desk(host, "a@example.org", "b@example.org"))
    news = many(25)
    subject.arrive(*news)
    subject.work()
    launched = [
        News(each.key, each.title + " bis", each.text, "altra", (*each.changes, ("stage", Stage.LAUNCHED)))
        for each in news
    ]
    subject.now += timedelta(days=30)
    subject.arrive(*launched)
    subject.work()
    mails = [parsed(raw) for _, _, raw in host.mails]
    assert len(mails) == 100
    ids = [str(mail["Message-ID"]) for mail in mails]
    assert len(set(ids)) == 100
    for mail in mails:
        assert str(mail["List-Id"]).endswith("<desk.coopwatch.example.org>")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"] is not None
        assert all(len(mail.get_all(name) or ()) == 1 for name in set(mail.keys()))
    firsts, follow_ups = mails[:50], mails[50:]
    assert all(mail["In-Reply-To"] is None for mail in firsts)
    by_id = {str(mail["Message-ID"]): mail for mail in firsts}
    for mail in follow_ups:
        answered = by_id[str(mail["In-Reply-To"])]
        assert mail["To"] == answered["To"]
        assert str(mail["In-Reply-To"]) in str(mail["References"])


@fault("DLV-16")
def test_five_hundred_matches_are_some_mails_and_one_message_that_reaches_the_rest(
    subject: Any, street: Street
) -> None:
    host = street.mail()
    subject.use(desk(host, max_per_hour=12))
    news = many(500)
    subject.arrive(*news)
    subject.work()
    subject.wait(180)
    mails = [plain(raw) for _, _, raw in host.mails]
    assert len(mails) == 13
    whole = "\n".join(mails)
    assert [each.url for each in news if each.url not in whole] == []
    last = parsed(host.mails[-1][2])
    assert "488" in str(last["Subject"])
    subject.wait(DAY_S)
    assert len(host.mails) == 13


@fault("DLV-17")
def test_twenty_feeds_with_one_announcement_are_one_alert(subject: Any, street: Street) -> None:
    host, hook = street.mail(), street.hook()
    subject.use(desk(host), hook_route(hook))
    subject.arrive(*(News(0, feed=f"giornale{n}") for n in range(20)))
    subject.work()
    subject.wait(DAY_S)
    assert (len(host.mails), len(hook.requests)) == (1, 1)
    (reports,) = subject.rows("SELECT reports FROM story WHERE opened_by_mention = 0")
    assert reports[0] == 20


@fault("DLV-18")
def test_a_silence_mutes_keeps_the_record_and_sends_nothing_afterwards(subject: Any, street: Street) -> None:
    host = street.mail()
    subject.use(desk(host))
    subject.silence(MatchClause(pairs=(("IT", "CN"),)), 2 * HOUR_S)
    subject.arrive(News())
    subject.wait(HOUR_S)
    assert host.mails == []
    assert len(subject.rows("SELECT id FROM story")) == 1
    assert [row[0] for row in subject.rows("SELECT decision FROM told")] == ["silenced"]
    subject.wait(3 * HOUR_S)
    subject.arrive(News(0, feed="altra"))
    subject.work()
    (ended,) = host.mails  # operators hear that the silence ended, and nothing of what it muted
    assert "Silenzio terminato" in str(parsed(ended[2])["Subject"])
    assert News().url not in plain(ended[2])
    subject.arrive(*many(1))
    subject.work()
    assert len(host.mails) == 2


@fault("DLV-19")
def test_a_dead_letter_is_replayed_once_under_its_first_id(subject: Any, street: Street) -> None:
    hook = street.hook(lambda number: 400 if number == 1 else 200)
    subject.use(hook_route(hook), operators(street))
    subject.arrive(News())
    subject.wait(DAY_S)
    assert len(hook.requests) == 1
    subject.replay()
    for _ in range(3):
        subject.wait(DAY_S)
    assert len(hook.requests) == 2
    assert len(set(hook.ids)) == 1
    assert hook.requests[0][1] == hook.requests[1][1]
    assert [tuple(row) for row in subject.rows("SELECT state, replays FROM delivery WHERE event = 'story.new'")] == [
        ("sent", 1)
    ]


@fault("DLV-20")
@pytest.mark.parametrize("night", [pytest.param("2026-03-29", marks=pytest.mark.long), "2026-10-25"])
def test_over_restarts_and_a_dst_night_each_period_has_one_digest_with_everything_once(
    subject: Any, street: Street, night: str
) -> None:
    host = street.mail()
    subject.now = datetime.fromisoformat(f"{night}T12:00").replace(tzinfo=UTC) - timedelta(days=2)
    subject.use(digest_route(host, "02:30"))
    subject.work()
    news = iter(many(200))
    owed = []
    end = subject.now + timedelta(days=3)
    while subject.now < end:
        owed.append(next(news))
        subject.arrive(owed[-1])
        is_night = subject.now.hour < 3
        subject.now += timedelta(minutes=20 if is_night else 180)
        subject.work()
        if is_night:  # around the digest's minute the machine is killed again and again
            subject.restart()
            subject.work()
    bodies = [plain(raw) for _, _, raw in host.mails]
    assert len(bodies) == 3
    told = [sum(each.url in body for body in bodies) for each in owed]
    waiting = len(subject.rows("SELECT id FROM told WHERE delivery_id = ''"))
    assert 0 < waiting < 15  # the last ones wait for the next night
    assert told == [1] * (len(owed) - waiting) + [0] * waiting


@fault("DLV-20")
def test_a_kill_between_making_a_digest_and_sending_it_sends_it_once(subject: Any, street: Street) -> None:
    host = street.mail()
    subject.use(digest_route(host, "02:30"))
    subject.work()
    subject.arrive(News())
    subject.now += timedelta(days=1)
    subject._step(subject.collect)
    subject.crash_while_sending()
    subject.wait(60)
    assert len(set(message_ids(host))) == 1
    subject.wait(HOUR_S)
    assert len(host.mails) == 2  # the doubtful one came twice, under one Message-ID
    assert News().url in plain(host.mails[0][2])


def test_an_outage_of_a_day_ends_with_one_catch_up_mail_and_every_webhook(subject: Any, street: Street) -> None:
    host = street.mail(Mailhost(data=["451 try later"] * 1000))
    hook = street.hook(lambda number: 503)
    subject.use(desk(host), hook_route(hook))
    news = many(24)
    for each in news:
        subject.arrive(each)
        subject.wait(HOUR_S)
    host.data.clear()
    hook.answer = lambda number: 200
    for _ in range(60):
        subject.wait(HOUR_S)
    alerts = [plain(raw) for _, _, raw in host.mails if "[stato]" not in str(parsed(raw)["Subject"])]
    late = [body for body in alerts if "Recupero dopo l'interruzione" in body]
    assert len(late) == 1
    told = [sum(each.url in body for body in alerts) for each in news]
    assert set(told) == {1}
    good = {key for key, status in hook.answered if status == 200}
    events = zip(hook.ids, hook.events, strict=True)
    arrived = {event["data"]["story"]["id"] for key, event in events if key in good and event["type"] == "story.new"}
    assert len(arrived) == 24
    assert hook.sent_again == []
    mails = Counter(str(each.state) for each in subject.outbox() if each.event == "story.new" and each.route == "desk")
    assert set(mails) <= {"digested", "sent"}
    assert mails["digested"] >= 20  # all but the last hours' were old when the server came back
    assert sum(mails.values()) == 24
