"""Setup and doctor as an operator meets them: a real mail server, a real receiver, faults of every exit code."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.config import load
from monitor.console.auth import password_matches
from tests.conftest import ROOT
from tests.flow.world import World


def command(place: World, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The installed command with nothing added."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        input=more.pop("stdin", ""),
        env=place.environment(**more),
        cwd=place.folder,
    )


@pytest.fixture
def target(place: World) -> Path:
    return place.folder / "site" / "coopwatch.toml"


def setup(place: World, target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (place.folder / "password").write_text("una parola segreta\n", encoding="utf-8")
    return command(
        place,
        *("setup", "--yes", "--config", str(target), "--rules-dir", str(ROOT / "rules")),
        *("--contact", "https://example.org/bot", "--mail-server", f"127.0.0.1:{place.mail_port}"),
        *("--from", "coopwatch@example.org", "--to", "desk@example.org", "--to", "night@example.org"),
        *("--webhook", f"{place.base}/hook", "--console-password-file", str(place.folder / "password")),
        *more,
        COOPWATCH_FEEDS_FILE=str(place.folder / "feeds.yaml"),
        COOPWATCH_FETCH__ALLOW_PRIVATE=json.dumps([f"127.0.0.1:{place.web_port}"]),
    )


@pytest.fixture
def done(place: World, target: Path) -> subprocess.CompletedProcess[str]:
    place.folder.joinpath("site").mkdir()
    place.folder.joinpath("state").rename(place.folder / "site" / "state")
    return setup(place, target)


def test_setup_writes_looks_and_sends_a_marked_test_to_every_target(
    place: World, target: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(str(mail["To"]) for mail in place.mails) == ["desk@example.org", "night@example.org"]
    assert all(
        "test" in str(mail["Subject"]).lower() or "prova" in str(mail["Subject"]).lower() for mail in place.mails
    )
    assert [event["type"] for event in place.events] == ["test"]
    settings = load(target, {})
    assert [route.name for route in settings.routes] == ["desk", "hook"]
    assert settings.contact == "https://example.org/bot"
    assert password_matches("una parola segreta", settings.console.password.get_secret_value())


def test_secrets_are_the_owner_s_alone_and_nowhere_else(
    place: World, target: Path, done: subprocess.CompletedProcess[str]
) -> None:
    folder = target.parent / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        secret = path.read_text(encoding="utf-8").strip()
        assert secret not in target.read_text(encoding="utf-8") + done.stdout + done.stderr
    assert "una parola segreta" not in done.stdout + done.stderr + target.read_text(encoding="utf-8")


@pytest.mark.long
def test_a_configuration_that_is_there_is_replaced_only_by_force(
    place: World, target: Path, done: subprocess.CompletedProcess[str]
) -> None:
    first = target.read_text(encoding="utf-8")
    again = setup(place, target)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert target.read_text(encoding="utf-8") == first
    assert setup(place, target, "--force", "--offline", "--contact", "other@example.org").returncode == 0
    assert target.with_name("coopwatch.toml.old").read_text(encoding="utf-8") == first


def test_answers_that_the_program_refuses_leave_nothing_in_place(place: World, target: Path) -> None:
    refused = setup(place, target, "--to", "not an address")
    assert refused.returncode == 2
    assert "not a mail address" in refused.stderr
    assert not target.exists()
    assert list(target.parent.glob(".*")) == []


def test_hash_password_prints_the_line_and_nothing_else(place: World) -> None:
    made = command(place, "setup", "--hash-password", stdin="parola\n")
    assert made.returncode == 0
    (line,) = made.stdout.splitlines()
    assert password_matches("parola", line)


# ---------------------------------------------------------------------------------------------- doctor


def doctor(place: World, *more: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    done = place.run("doctor", "--json", *more)
    assert "Traceback" not in done.stderr, done.stderr
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        found.setdefault(finding["part"], []).append(finding)
    return done.returncode, found


def test_a_sound_installation_is_called_so_and_nothing_is_sent(place: World) -> None:
    code, found = doctor(place)
    assert code == 0, found
    levels = {part: [finding["level"] for finding in findings] for part, findings in found.items()}
    assert levels["rules"] == levels["database"] == levels["disk"] == levels["dns"] == levels["clock"] == ["ok"]
    assert levels[f"mail server 127.0.0.1:{place.mail_port}"] == ["ok"]
    assert levels["webhook of route hook"] == levels[f"feed {place.base}/feed.xml"] == ["ok"]
    assert (place.raw_mails, place.hooks) == ([], [])


@pytest.mark.long
def test_each_fault_has_its_exit_code_and_advice(place: World) -> None:
    place.configure(more="nonsense = 1\n")
    code, found = doctor(place)
    assert code == 2
    assert "nonsense" in found["configuration"][0]["words"]

    place.configure(routes='[[routes]]\nname = "desk"\nchannel = "email"\nto = ["a@example.org"]\n'
                    'smtp = { host = "127.0.0.1", port = 1, starttls = "none" }\n')  # fmt: skip
    code, found = doctor(place)
    assert code == 4
    assert found["mail server 127.0.0.1:1"][0]["advice"]

    database = place.folder / "state" / "coopwatch.db"
    database.write_bytes(b"this is not a database" * 100)
    code, found = doctor(place, "--offline")
    assert code == 3
    assert "restore" in found["database"][0]["advice"]
    assert "mail server 127.0.0.1:1" not in found


def test_a_wish_is_no_fault(place: World) -> None:
    place.configure(routes="")
    code, found = doctor(place, "--offline")
    assert code == 0
    assert any("no alert leaves" in finding["words"] for finding in found["configuration"])


def test_a_feed_that_is_a_page_is_named(place: World) -> None:
    place.pages["/feed.xml"] = lambda: (200, "text/html", b"<!doctype html><html><body>Ciao</body></html>")
    code, found = doctor(place)
    assert code == 0
    assert found[f"feed {place.base}/feed.xml"][0]["level"] == "warning"
