from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from monitor.alert.channels import Environment, email, file, prepare, webhook
from monitor.alert.channels import apprise as apprise_channel
from monitor.app import fetch_limits, sender
from monitor.config import Channel, Route, Settings, Smtp, find_places, load
from monitor.fetch.egress import Egress
from monitor.model import Delivery, DeliveryState, EventType, HttpAnswer, HttpFailure, SendFault, SendResult
from tests.alert import make, servers
from tests.alert.servers import Mailhost
from tests.conftest import absent

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()
MAIL = b"Message-ID: <dlv-1@example.org>\r\nSubject: x\r\n\r\n.dot first\r\nbody\r\n"


def delivery(**changes: object) -> Delivery:
    fields: dict[str, object] = {
        "id": "dlv-1",
        "route": "desk",
        "channel": "email",
        "target": "desk@example.org",
        "event": EventType.STORY_NEW,
        "story_ids": ("st-1",),
        "body": MAIL,
        "state": DeliveryState.SENDING,
        "created_at": make.NOW,
        "due_at": make.NOW,
    }
    return Delivery(**(fields | changes))  # type: ignore[arg-type]


def smtp(port: int, **changes: object) -> Smtp:
    return Smtp(**({"host": "127.0.0.1", "port": port, "starttls": "none"} | changes))  # type: ignore[arg-type]


async def mailed(
    host: Mailhost, *, deadline_s: float = 10, target: str = "desk@example.org", **changes: object
) -> SendResult:
    settings = email.Settings(smtp(host.port, **changes), "coopwatch <bot@example.org>", "test.local", deadline_s)
    return await email.send(settings, delivery(target=target), make.NOW)


# ---------------------------------------------------------------------------------------------- email


def test_a_mail_arrives_byte_for_byte() -> None:
    async def body() -> None:
        async with servers.mailhost() as host:
            result = await mailed(host)
            assert result.ok
            assert result.answer == "250 2.0.0 OK queued"
            assert host.mails == [("bot@example.org", ["desk@example.org"], MAIL)]

    asyncio.run(body())


def test_greylisting_is_for_later_and_its_hint_is_read() -> None:
    async def body() -> None:
        async with servers.mailhost(Mailhost(data=["451 4.7.1 Greylisted, try again in 300 seconds"])) as host:
            result = await mailed(host)
            assert (result.ok, result.permanent, result.fault) == (False, False, SendFault.BUSY)
            assert result.retry_after_s == 300
            assert (await mailed(host)).ok

    asyncio.run(body())


def test_a_refused_recipient_is_dead_and_the_others_are_not() -> None:
    async def body() -> None:
        async with servers.mailhost(Mailhost(rcpt={"gone@example.org": "550 5.1.1 no such user"})) as host:
            dead = await mailed(host, target="gone@example.org")
            assert (dead.permanent, dead.fault) == (True, SendFault.REFUSED)
            assert "550" in dead.answer
            assert (await mailed(host)).ok

    asyncio.run(body())


def test_a_break_after_the_last_dot_is_doubtful() -> None:
    async def body() -> None:
        async with servers.mailhost(Mailhost(drop=True)) as host:
            result = await mailed(host)
            assert (result.ok, result.permanent, result.doubtful) == (False, False, True)
            assert len(host.mails) == 1

    asyncio.run(body())


def test_a_server_that_hangs_is_left_at_the_deadline() -> None:
    async def body() -> None:
        async with servers.mailhost(Mailhost(stall=True)) as host:
            result = await mailed(host, deadline_s=0.3)
            assert (result.fault, result.doubtful) == (SendFault.DEADLINE, True)

    asyncio.run(body())


def test_no_server_is_for_later_and_not_doubtful() -> None:
    result = asyncio.run(mailed(Mailhost(port=1)))
    assert (result.ok, result.permanent, result.doubtful, result.fault) == (False, False, False, SendFault.CONNECT)


def test_credentials_are_never_sent_in_clear() -> None:
    async def body() -> None:
        async with servers.mailhost(password=b"right") as host:
            result = await mailed(host, starttls="auto", username="u", password=SecretStr("right"))
            assert (result.ok, result.permanent, result.fault) == (False, False, SendFault.TLS)
            assert host.logins == []
            assert host.mails == []

    asyncio.run(body())


def test_starttls_is_required_by_default() -> None:
    async def body() -> None:
        async with servers.mailhost() as host:
            result = await mailed(host, starttls="required")
            assert result.fault is SendFault.TLS
            assert host.mails == []

    asyncio.run(body())


def test_starttls_with_login_and_a_certificate_that_holds(tmp_path: Path) -> None:
    made = servers.certificate(tmp_path)
    if made is None:
        absent("openssl", "openssl is not installed")
    context, trusted = made  # type: ignore[misc]

    async def body() -> None:
        async with servers.mailhost(starttls=context, password=b"right") as host:
            login = {"starttls": "required", "username": "u", "ca_file": trusted}
            assert (await mailed(host, **login, password=SecretStr("right"))).ok
            assert host.tls_used == [True]
            wrong = await mailed(host, **login, password=SecretStr("wrong"))
            assert (wrong.permanent, wrong.fault) == (False, SendFault.AUTH)
            assert "wrong" not in wrong.answer
            stranger = await mailed(host, starttls="required")
            assert (stranger.permanent, stranger.fault) == (False, SendFault.TLS)
            assert len(host.mails) == 1

    asyncio.run(body())


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    made = servers.certificate(tmp_path)
    if made is None:
        absent("openssl", "openssl is not installed")
    context, trusted = made  # type: ignore[misc]

    async def body() -> None:
        async with servers.mailhost(tls=context) as host:
            assert (await mailed(host, tls=True, ca_file=trusted)).ok
            assert (await mailed(host, tls=True)).fault is SendFault.TLS

    asyncio.run(body())


def test_a_certificate_for_another_name_does_not_hold(tmp_path: Path) -> None:
    made = servers.certificate(tmp_path, host="other.example")
    if made is None:
        absent("openssl", "openssl is not installed")
    context, trusted = made  # type: ignore[misc]

    async def body() -> None:
        async with servers.mailhost(starttls=context) as host:
            result = await mailed(host, starttls="required", ca_file=trusted)
            assert result.fault is SendFault.TLS
            assert host.mails == []

    asyncio.run(body())


# ---------------------------------------------------------------------------------------------- webhook


async def posted(url: str, now: datetime, *secrets: str, deadline_s: float = 10) -> SendResult:
    wanted = tuple(SecretStr(secret) for secret in secrets or (SECRET,))
    settings = webhook.Settings(servers.PlainEgress(), url, wanted, deadline_s)
    return await webhook.send(settings, delivery(channel="webhook", body=b'{"type":"test"}'), now)


def test_a_webhook_is_signed_with_every_secret_and_stamped_afresh() -> None:
    async def body() -> None:
        now = datetime.now(UTC)
        async with servers.receiver() as endpoint:
            assert (await posted(endpoint.url, now, SECRET, OLD_SECRET)).ok
            assert (await posted(endpoint.url, now + timedelta(seconds=60), SECRET, OLD_SECRET)).ok
        for headers, raw in endpoint.requests:
            for secret in (SECRET, OLD_SECRET):
                assert Webhook(secret).verify(raw, headers) == {"type": "test"}
        (first, one), (second, two) = endpoint.requests
        assert one == two
        assert first["webhook-id"] == second["webhook-id"] == "dlv-1"
        assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60
        assert len(first["webhook-signature"].split(" ")) == 2

    asyncio.run(body())


@pytest.mark.parametrize(
    ("status", "permanent", "disable", "fault"),
    [
        (500, False, False, SendFault.BUSY),
        (429, False, False, SendFault.BUSY),
        (302, False, False, SendFault.BUSY),
        (408, False, False, SendFault.BUSY),
        (401, False, False, SendFault.AUTH),
        (400, True, False, SendFault.REFUSED),
        (404, True, False, SendFault.REFUSED),
        (410, True, True, SendFault.GONE),
    ],
)
def test_what_an_answer_means(status: int, permanent: bool, disable: bool, fault: SendFault) -> None:
    result = webhook.read(HttpAnswer("u", "u", status, (), b"no\x1b[31m\r\nmore"), make.NOW)
    assert (result.ok, result.permanent, result.disable, result.fault) == (False, permanent, disable, fault)
    assert result.answer == f"{status} no more"


def test_retry_after_is_read_as_number_and_as_date() -> None:
    assert webhook.retry_after_s("120", make.NOW) == 120
    assert webhook.retry_after_s("Thu, 05 Mar 2026 10:05:00 GMT", make.NOW) == 300
    assert webhook.retry_after_s("Thu, 05 Mar 2020 10:05:00 GMT", make.NOW) == 0
    assert webhook.retry_after_s("soon", make.NOW) is None
    assert webhook.retry_after_s("", make.NOW) is None
    assert webhook.retry_after_s("9" * 30, make.NOW) == 172800


def test_a_refused_address_is_for_a_person_and_a_lost_answer_is_doubtful() -> None:
    class Fails:
        def __init__(self, kind: str) -> None:
            self.kind = kind

        async def post(self, url: str, headers: object, body: bytes, deadline_s: float) -> HttpAnswer | HttpFailure:
            return HttpFailure(url, self.kind, "why")

    def outcome(kind: str) -> tuple[bool, bool, SendFault | None]:
        settings = webhook.Settings(Fails(kind), "http://x/", (SecretStr(SECRET),))
        result = asyncio.run(webhook.send(settings, delivery(), make.NOW))
        return result.permanent, result.doubtful, result.fault

    assert outcome("refused_address") == (True, False, SendFault.FORBIDDEN)
    assert outcome("connect") == (False, False, SendFault.CONNECT)
    assert outcome("deadline") == (False, True, SendFault.DEADLINE)
    assert outcome("reset") == (False, True, SendFault.CONNECT)
    assert outcome("tls") == (False, False, SendFault.TLS)


# ---------------------------------------------------------------------------------------------- file


def test_a_file_is_whole_and_written_twice_is_one(tmp_path: Path) -> None:
    settings = file.Settings(tmp_path / "alerts")
    for _ in range(2):
        assert asyncio.run(file.send(settings, delivery(), make.NOW)).ok
    assert [path.name for path in (tmp_path / "alerts").iterdir()] == ["20260305T100000-dlv-1.eml"]
    assert (tmp_path / "alerts" / "20260305T100000-dlv-1.eml").read_bytes() == MAIL


def test_a_file_name_never_leaves_its_folder(tmp_path: Path) -> None:
    name = file.file_name(delivery(id="../../etc/passwd\x00 x", body=b"{}"))
    assert name == "20260305T100000-etc-passwd-x.json"


def test_a_folder_that_cannot_be_written_is_for_later(tmp_path: Path) -> None:
    (tmp_path / "alerts").write_text("a file stands here")
    result = asyncio.run(file.send(file.Settings(tmp_path / "alerts"), delivery(), make.NOW))
    assert (result.ok, result.permanent, result.fault) == (False, False, SendFault.LOCAL)


# ---------------------------------------------------------------------------------------------- selection


def test_a_channel_is_found_by_its_name(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, database_url="sqlite://", rules_dir=(tmp_path,), feeds_file=())
    route = Route(name="disk", channel=Channel.FILE)
    send = prepare(route, settings, Environment(servers.PlainEgress(), "test.local"))
    assert asyncio.run(send(replace(delivery(), body=b"{}"), make.NOW)).ok
    assert list((tmp_path / "alerts").glob("*.json"))


# ---------------------------------------------------------------------------------------------- apprise


def notified(url: str, deadline_s: float = 10) -> SendResult:
    return asyncio.run(
        apprise_channel.send(apprise_channel.Settings(url, deadline_s), delivery(body=b"Italia"), make.NOW)
    )


def test_apprise_carries_the_text_to_the_service() -> None:
    async def body() -> None:
        async with servers.receiver() as endpoint:
            url = f"json://127.0.0.1:{endpoint.port}/hook"
            settings = apprise_channel.Settings(url)
            result = await apprise_channel.send(settings, delivery(body="Italia e Cina: è".encode()), make.NOW)
            assert result.ok
        assert b"Italia e Cina" in endpoint.requests[0][1]

    asyncio.run(body())


def test_a_refusal_by_the_service_is_for_later_and_shows_no_token() -> None:
    async def body() -> None:
        refusal = servers.answer(500)
        async with servers.receiver(refusal, refusal, refusal) as endpoint:
            url = f"json://user:sekrettoken@127.0.0.1:{endpoint.port}/hook"
            result = await apprise_channel.send(apprise_channel.Settings(url), delivery(), make.NOW)
            assert (result.ok, result.permanent) == (False, False)
            assert "sekrettoken" not in result.answer + repr(apprise_channel.Settings(url))

    asyncio.run(body())


def test_a_redirect_of_the_service_is_not_followed() -> None:
    async def body() -> None:
        async with servers.receiver() as canary:
            moved = servers.answer(302, f"Location: http://127.0.0.1:{canary.port}/internal")
            async with servers.receiver(moved) as endpoint:
                url = f"json://127.0.0.1:{endpoint.port}/hook"
                result = await apprise_channel.send(apprise_channel.Settings(url), delivery(), make.NOW)
                assert not result.ok
                assert len(endpoint.requests) == 1
        assert canary.requests == []

    asyncio.run(body())


def test_a_service_that_hangs_is_left_at_the_deadline() -> None:
    async def body() -> None:
        async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            await released.wait()
            writer.close()

        released = asyncio.Event()
        server = await asyncio.start_server(stall, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        result = await apprise_channel.send(
            apprise_channel.Settings(f"json://127.0.0.1:{port}/x", 0.3), delivery(), make.NOW
        )
        assert (result.fault, result.doubtful) == (SendFault.DEADLINE, True)
        released.set()
        server.close()

    asyncio.run(body())


def test_an_address_that_apprise_does_not_know_is_for_a_person() -> None:
    assert notified("nonsense://x").permanent


def test_a_webhook_names_its_sender_once_and_asks_for_no_feed(tmp_path: Path) -> None:
    async def body() -> None:
        async with servers.receiver() as endpoint:
            route = Route(name="hook", channel=Channel.WEBHOOK, url=endpoint.url, secrets=(SecretStr(SECRET),))
            settings = load(None, {}, places=find_places({}, top=tmp_path))
            send = sender(route, settings, Egress(fetch_limits(settings)))
            assert (await send(delivery(body=b"{}"), make.NOW)).ok
            ((headers, _),), (names,) = endpoint.requests, endpoint.names
            assert [name for name in names if names.count(name) > 1] == []
            assert headers["user-agent"].startswith("coopwatch/")
            assert headers["accept"] == "*/*"

    asyncio.run(body())
