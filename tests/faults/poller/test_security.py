"""Fault cases SEC-01 to SEC-09 and SEC-14: forbidden addresses, active content, injected text, secrets."""

from __future__ import annotations

import email
import email.policy
import json
import logging
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from monitor.fetch.guard import Guard, resolve
from tests.faults.poller.made import SIGNED, feed, item, page, rss
from tests.faults.poller.test_articles_played import HEADLINE, LEAD, html, one
from tests.faults.poller.test_network import failing, well
from tests.faults.subject import Product, Subject
from tests.origin import Origin, answer

fault = pytest.mark.fault


@fault("SEC-01")
def test_redirects_to_every_form_of_an_internal_address_are_refused(
    subject: Subject, origin: Origin, canary: Origin
) -> None:
    port = canary.port
    hosts = [
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "[::1]",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "0.0.0.0",
        "169.254.1.254",
        "anna:pw@127.0.0.1",
        "127.0.0.1%2f.example.org",
        "\u2460\u2461\u2466.0.0.1",
    ]
    urls = [
        origin.on(f"/f/{number}", answer(302, b"", ("Location", f"http://{host}:{port}/x".encode().decode("latin-1"))))
        for number, host in enumerate(hosts)
    ]
    # a second hop, and a feed that is listed with an internal address in the first place
    urls.append(origin.on("/f/hop", answer(301, b"", ("Location", "/f/0"))))
    urls.append(canary.url("/feed"))
    subject.follow(*urls)
    subject.poll(2)
    for url in urls:
        failing(subject, url, "not public", "port", "host name", "not one", "looked up", "redirects", "no connection")
    assert canary.connections == 0


@fault("SEC-02")
def test_a_name_that_changes_its_address_is_connected_where_it_was_checked(
    make: Callable[..., Subject], origin: Origin, canary: Origin
) -> None:
    lookups: list[str] = []

    async def rebinding(host: str, port: int) -> tuple[str, ...]:
        if host == "127.0.0.1":
            return await resolve(host, port)
        lookups.append(host)
        if host.startswith("both"):
            return ("93.184.215.14", "127.0.0.1")
        return ("127.0.0.1",) if len(lookups) > 1 else ("192.0.2.1",)

    subject = make(resolver=rebinding)
    urls = [f"http://rebind.example:{canary.port}/f", f"http://both.example:{canary.port}/f"]
    subject.follow(*urls)
    subject.poll(3)
    for url in urls:
        failing(subject, url, "not public")
    # one lookup for one request: what was looked up is what is connected to
    assert len(lookups) == sum(len(subject.alerts()) == 0 for _ in lookups)
    assert canary.connections == 0


@fault("SEC-03")
@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("100.127.255.254", False),
        ("::ffff:8.8.8.8", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::1", False),
        ("fec0::1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("::127.0.0.1", False),
        ("10.1.2.3", False),
        ("fd00::1", False),
        ("192.88.99.1", False),
        ("8.8.8.8", True),
        ("193.205.140.1", True),
        ("2606:4700:4700::1111", True),
    ],
)
def test_the_table_of_addresses(subject: Subject, address: str, public: bool) -> None:
    import asyncio

    from monitor.fetch.failure import FetchFailed

    assert isinstance(subject, Product), "a naive client asks no table"

    async def answers(host: str, port: int) -> tuple[str, ...]:
        return (address,)

    try:
        allowed = asyncio.run(Guard(resolver=answers).addresses("name.example", 443)) == (address,)
    except FetchFailed as failed:
        allowed = failed.kind != "refused_address"
    assert allowed == public


@fault("SEC-04")
def test_credentials_stay_with_their_host(make: Callable[..., Subject], origin: Origin) -> None:
    with Origin() as other:
        subject = make(allow=frozenset({origin.place, other.place}))
        other.on("/sink", answer(200, feed()))
        plain = origin.on("/f/auth-redirect", answer(302, b"", ("Location", other.url("/sink"))))
        url = plain.replace("http://", "http://anna:s3cret@")
        subject.follow(url)
        subject.poll()
        well(subject, url, 5)
        assert origin.seen("/f/auth-redirect")[0].header("authorization").startswith("Basic ")
        (sink,) = other.seen("/sink")
        assert not sink.header("authorization")
        assert not sink.header("cookie")
        assert "anna" not in repr(sink.headers)


class _Tags(HTMLParser):
    """Which elements and links a document holds once it is parsed as a reader's program would."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


ACTIVE = '<script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:alert(3)">x</a><svg/onload=alert(4)>'


def mails(subject: Subject) -> list[EmailMessage]:
    assert isinstance(subject, Product), "the naive client sends no mail"
    rows = subject._rows("select body from delivery order by created_at")
    bodies = [bytes(row["body"]) for row in rows if not bytes(row["body"]).startswith(b"{")]
    return [email.message_from_bytes(body, policy=email.policy.default) for body in bodies]  # type: ignore[misc]


def the_mail(subject: Subject) -> EmailMessage:
    (mail,) = mails(subject)
    return mail


def play(subject: Subject, origin: Origin, title: str, lead: str = LEAD, body: str = SIGNED) -> EmailMessage:
    """One announcement whose title and texts are hostile; gives the mail that tells it."""
    entry = item(1, link=origin.on("/a/1", html(page("x", body))), raw_title=title, raw_description=lead)
    url = origin.on("/f/1", answer(200, rss([entry]).encode()))
    subject.follow(url)
    subject.wait(0)
    return the_mail(subject)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@fault("SEC-05")
def test_active_content_is_text_wherever_it_is_shown(subject: Subject, origin: Origin) -> None:
    hostile = escaped(ACTIVE)
    mail = play(subject, origin, hostile + HEADLINE, hostile + LEAD, ACTIVE + SIGNED)
    shown = mail.get_body(("html",))
    assert shown is not None
    tags = _Tags()
    tags.feed(shown.get_content())
    assert not tags.names & {"script", "img", "svg", "iframe", "object", "form", "link"}
    assert not any(name.startswith("on") for name, _ in tags.attributes)
    links = [value for name, value in tags.attributes if name == "href"]
    assert links
    assert all(value.startswith(("http://", "https://", "mailto:")) for value in links)
    (event,) = subject.alerts()
    json.loads(event)
    assert "<script" not in event
    assert "javascript:" not in event


@fault("SEC-06")
@pytest.mark.parametrize(
    "breaks", ["\r\nBcc: victim@example.org\r\n\r\nbody", "&#13;&#10;X-Evil: 1", "&#x2028;X-Evil: 1"]
)
def test_line_breaks_in_a_title_make_no_header(subject: Subject, origin: Origin, breaks: str) -> None:
    mail = play(subject, origin, f"{HEADLINE} {breaks}")
    assert len(mail.get_all("Subject", [])) == 1
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    other = one(origin, html(page(HEADLINE, SIGNED.replace("Cina", "Giappone"))), path="/a/2", headline="Altra notizia")
    subject.follow(other)
    subject.wait(0)
    assert subject.items(other)[0].state == "judged"


@fault("SEC-07")
def test_bidi_zero_width_and_terminal_characters_reach_no_subject_log_or_console(
    subject: Subject, origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    bad = "\u202e\u2066\u200b\u200f\ufeff\x9b"
    with caplog.at_level(logging.DEBUG):
        mail = play(subject, origin, f"{HEADLINE} &#x202e;&#x2066;&#x200b;&#x200f;&#xfeff;&#x9b;[2J\x1b[31m fine")
    text = "\n".join(
        (str(mail["Subject"]), *(body.get_content() for body in mail.walk() if body.get_content_maintype() == "text"))
    )
    for shown in (text, caplog.text, subject.stored_text(), *subject.alerts()):
        assert not set(shown) & set(bad + "\x1b")
    assert HEADLINE in subject.items(origin.url("/f/1"))[0].title


@fault("SEC-08")
def test_a_very_long_title_is_cut_before_it_is_stored_or_told(subject: Subject, origin: Origin) -> None:
    mail = play(subject, origin, f"{HEADLINE} " + "Accordo " * 100_000)
    assert len(subject.items(origin.url("/f/1"))[0].title) <= 2000
    assert len(str(mail["Subject"])) <= 200
    assert all(len(line) <= 998 for line in mail.as_bytes().splitlines())
    (event,) = subject.alerts()
    assert len(event.encode()) < 20_000


@fault("SEC-09")
def test_format_template_and_sql_text_stays_literal(subject: Subject, origin: Origin) -> None:
    hostile = "%s %(x)s {0} {{7*7}} ${jndi:ldap://x} '; DROP TABLE feed; -- `id` $(id)"
    play(subject, origin, escaped(f"{HEADLINE} {hostile}"))
    (found,) = subject.items(origin.url("/f/1"))
    assert found.title == f"{HEADLINE} {hostile}"
    assert json.loads(subject.alerts()[0])
    assert "49" not in found.title
    assert subject.view(origin.url("/f/1")).state == "ok"


@fault("SEC-14")
def test_secrets_of_addresses_appear_nowhere(
    make: Callable[..., Subject], origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    subject = make()
    with caplog.at_level(logging.DEBUG):
        good = origin.on("/f/key", answer(200, feed(3)))
        bad = origin.on("/f/bad", answer(500, b"no"))
        urls = [url.replace("http://", "http://anna:pa55-w0rd@") + "?token=t0k3n-value" for url in (good, bad)]
        subject.follow(*urls)
        subject.poll(3)
    assert origin.seen("/f/key")[0].query == {"token": "t0k3n-value"}
    for secret in ("pa55-w0rd", "t0k3n-value"):
        assert secret not in caplog.text
        assert secret not in "".join(subject.alerts())
        assert secret not in "".join(subject.view(url).words + subject.view(url).reason for url in urls)
    # what is shown of a feed names no password; the address that is asked keeps it
    assert not any("pa55-w0rd" in subject.view(url).url for url in urls)
