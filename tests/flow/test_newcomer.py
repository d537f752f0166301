"""The newcomer's path as docs/operate.md writes it down, with a real exim4: from flags to a received test mail; and what a real
server refuses, puts off, or takes only from who logs in."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests import exim
from tests.alert.servers import certificate
from tests.conftest import ROOT, absent
from tests.exim import Exim
from tests.flow.test_once import SIGNED
from tests.flow.world import World, eventually

OPERATE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")


def documented() -> list[str]:
    """The words of the documented command that ends with a test mail."""
    (line,) = re.findall(r"^coopwatch setup --yes --config .*$", OPERATE, re.MULTILINE)
    return shlex.split(line)


def program() -> Path:
    found = exim.program()
    if found is None:
        absent("exim4", "exim4 is not installed")
    assert found is not None
    return found


@pytest.fixture
def mail_server() -> Iterator[Exim]:
    with exim.server(program()) as running:
        yield running


def coopwatch(
    place: World, config: Path, *arguments: str, at: int | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """The command with the newcomer's configuration. The publishers are the world's: this machine may have no internet."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=place.folder,
        stdin=subprocess.DEVNULL,
        env=place.environment(
            HOME=str(place.folder),
            COOPWATCH_FEEDS_FILE=str(place.folder / "feeds.yaml"),
            COOPWATCH_FETCH__ALLOW_PRIVATE=json.dumps([f"127.0.0.1:{place.web_port}"]),
            COOPWATCH_ALERT_MAX_AGE="0",
            **environ,
        ),
    )


@pytest.fixture
def config(place: World) -> Path:
    """Where the newcomer's configuration will lie; nothing is there yet but the prepared forms."""
    folder = place.folder / "etc"
    folder.mkdir()
    shutil.move(place.folder / "state", folder / "state")
    return folder / "coopwatch.toml"


def setup(place: World, config: Path, port: int, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The documented command; only the places and the server's port are this test's."""
    words = documented()[1:]
    del words[words.index("--config") : words.index("--config") + 2]
    words[words.index("--mail-server") + 1] = f"localhost:{port}"
    return coopwatch(place, config, *words, "--rules-dir", str(ROOT / "rules"), *more, **environ)


def first(server: Exim, mailbox: str) -> EmailMessage:
    """The first mail of a mailbox, once it is there."""
    eventually(lambda: server.mails(mailbox), f"a mail for {mailbox}; the server's log: {server.log}")
    return server.mails(mailbox)[0]


def test_the_documented_setup_ends_with_a_test_mail_in_the_mailbox(
    place: World, config: Path, mail_server: Exim
) -> None:
    done = setup(place, config, mail_server.port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok       mail server localhost:{mail_server.port}: answers" in done.stdout
    assert "test message to desk@example.org: accepted: 250 " in done.stdout
    mail = first(mail_server, "desk")
    assert mail["To"] == "desk@example.org"
    assert "coopwatch" in str(mail["From"])
    assert "prova" in str(mail["Subject"]).lower()
    assert mail["Auto-Submitted"] == "auto-generated"
    again = coopwatch(place, config, "doctor")
    assert again.returncode == 0, again.stdout
    assert "nothing stands in the service's way" in again.stdout


def test_without_internet_the_test_mail_is_sent_all_the_same(place: World, config: Path, mail_server: Exim) -> None:
    (place.folder / "feeds.yaml").write_text(
        "feeds:\n" + "".join(f"  - url: https://news{n}.invalid/rss\n" for n in range(6)), encoding="utf-8"
    )
    done = setup(place, config, mail_server.port)
    assert done.returncode == 4
    assert done.stdout.count("FAULT") == 1
    assert "no publisher's name can be looked up" in done.stdout
    assert "accepted: 250 " in done.stdout
    assert f"coopwatch doctor --config {config}" in done.stderr
    assert first(mail_server, "desk")


@pytest.mark.long
def test_an_alert_reaches_who_is_there_waits_for_a_full_mailbox_and_is_parked_for_nobody(
    place: World, config: Path, mail_server: Exim
) -> None:
    place.stories = [SIGNED]
    more = ("--offline", "--to", "full@example.org", "--to", "nobody@example.org")
    assert setup(place, config, mail_server.port, *more).returncode == 0
    assert coopwatch(place, config, "once").returncode == 0
    assert "Giappone" in str(first(mail_server, "desk")["Subject"])
    outbox = json.loads(coopwatch(place, config, "outbox", "list", "--json").stdout)
    said = {line["target"]: (line["state"], line["reason"]) for line in outbox if "Giappone" in line["subject"]}
    assert said["full@example.org"][0] == "retry"
    assert "451 mailbox full, try again later" in said["full@example.org"][1]
    assert said["nobody@example.org"][0] == "dead"
    assert "550 no such user here" in said["nobody@example.org"][1]
    parked = [mail for mail in mail_server.mails("desk") if "550 no such user" in str(mail)]
    assert len(parked) <= 1, "the parked one is told at most once"


def test_a_refused_test_message_is_said_in_the_server_s_words(place: World, config: Path, mail_server: Exim) -> None:
    refused = setup(place, config, mail_server.port, "--to", "somebody@elsewhere.example")
    assert refused.returncode == 4
    assert "test message to somebody@elsewhere.example: FAILED: 550 relay not permitted" in refused.stdout


@pytest.mark.long
def test_a_server_that_wants_a_login_under_tls_gets_it_and_the_password_never_shows(
    place: World, config: Path, tmp_path: Path
) -> None:
    made = certificate(tmp_path, "localhost")
    if made is None:
        absent("openssl", "openssl is not installed")
    password = tmp_path / "password"
    password.write_text(exim.PASSWORD + "\n", encoding="utf-8")
    login = ("--starttls", "required", "--mail-user", exim.LOGIN, "--mail-password-file", str(password))
    trust = ("--mail-ca-file", str(tmp_path / "cert.pem"))
    with exim.server(program(), certificate=(tmp_path / "cert.pem", tmp_path / "key.pem")) as server:
        distrusted = setup(place, config, server.port, *login)
        assert distrusted.returncode == 4
        assert "FAULT    mail server" in distrusted.stdout
        assert "tls" in distrusted.stdout
        done = setup(place, config, server.port, *login, *trust, "--force")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "lets us in" in done.stdout
        assert first(server, "desk")
        assert "A=plain:desk" in server.log
        assert "X=TLS1.3" in server.log
        password.write_text("wrong\n", encoding="utf-8")
        refused = setup(place, config, server.port, *login, *trust, "--force")
        assert refused.returncode == 4
        assert "535" in refused.stdout
    everything = "".join(run.stdout + run.stderr for run in (distrusted, done, refused))
    assert exim.PASSWORD not in everything + config.read_text(encoding="utf-8")
