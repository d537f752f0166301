"""Configuration: layers, places, durations, secrets, and faults that name file and line, all at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.config import Places, checkout, documented_keys, find_config_file, find_places, load
from monitor.config.lines import key_lines
from monitor.config.values import duration_s
from monitor.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "coopwatch.sample.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "coopwatch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)


def test_the_sample_with_every_key_taken_in_is_valid_and_names_every_key(tmp_path: Path) -> None:
    for name, content in (("hook.secret", "whsec_c2VjcmV0"), ("apprise.url", "ntfy://localhost/topic")):
        (tmp_path / name).write_text(content + "\n", encoding="utf-8")
    text = uncommented(SAMPLE.read_text(encoding="utf-8"))
    settings = load(write(tmp_path, text), {})
    assert [route.name for route in settings.routes] == ["desk", "morning", "monday", "hook", "phone", "archive"]
    named = set(re.findall(r"(\w+)(?= = )", text)) | set(re.findall(r"^\[+(\w+)", text, flags=re.MULTILINE))
    assert {key.rsplit(".", 1)[-1] for key in documented_keys()} - named == set()


def test_the_defaults_that_the_sample_states_are_the_defaults(tmp_path: Path) -> None:
    text = uncommented(SAMPLE.read_text(encoding="utf-8")).split("[smtp]")[0].replace('"127.0.0.1:18080"', "")
    text = text.replace("https://example.org/about-our-bot", "").replace('backup_dir = "backups"', "")
    places = Places(tmp_path / "state", tmp_path / "rules", ())
    assert load(write(tmp_path, text), {}, places=places) == load(write(tmp_path, ""), {}, places=places)


def test_the_commented_sample_changes_nothing(tmp_path: Path) -> None:
    assert load(write(tmp_path, SAMPLE.read_text(encoding="utf-8")), {}) == load(None, {})


def test_relative_paths_start_from_the_file_that_names_them(tmp_path: Path) -> None:
    settings = load(
        write(tmp_path, 'state_dir = "s"\nrules_dir = ["a", "/b"]\nfeeds_file = "f.opml"\n'),
        {},
        cwd=Path("/somewhere"),
    )
    assert settings.state_dir == tmp_path / "s"
    assert settings.rules_dir == (tmp_path / "a", Path("/b"))
    assert settings.feeds_file == (tmp_path / "f.opml",)
    assert settings.database_url == f"sqlite:///{tmp_path}/s/coopwatch.db"
    other = load(write(tmp_path, 'database_url = "sqlite:///x.db"'), {"COOPWATCH_STATE_DIR": "t"}, cwd=Path("/else"))
    assert other.database_url == f"sqlite:///{tmp_path}/x.db"
    assert other.state_dir == Path("/else/t")


def test_environment_wins_over_credentials_and_these_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[fetch]\ndeadline = "1s"\nmin_interval = "1s"\nhost_delay = "1s"\n')
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "coopwatch_fetch__deadline").write_text("2s\n")
    (credentials / "coopwatch_fetch__min_interval").write_text("2s\n")
    environ = {"COOPWATCH_FETCH__DEADLINE": "3s", "CREDENTIALS_DIRECTORY": str(credentials)}
    fetch = load(file, environ).fetch
    assert (fetch.deadline_s, fetch.min_interval_s, fetch.host_delay_s) == (3.0, 2.0, 1.0)


def test_routes_may_come_from_the_environment_as_json(tmp_path: Path) -> None:
    routes = '[{"name": "a", "channel": "file", "match": {"pairs": [["IT", "CN"]], "principals": "!US"}}]'
    (route,) = load(None, {"COOPWATCH_ROUTES": routes}).routes
    assert route.match[0].pairs == (("IT", "CN"),)
    assert route.match[0].principals == ("!US",)


@pytest.mark.parametrize("secret", ["geheim", "whsec_", "whsec_!!!!", "whsec_MTIzNDU2Nzg5MDEyMzQ1Ng", "whsec_a-b_c-d_"])
def test_a_webhook_secret_that_cannot_sign_is_refused_at_the_start_and_not_shown(tmp_path: Path, secret: str) -> None:
    (tmp_path / "hook.secret").write_text(f"# the new one\n{secret}\n")
    route = (
        '[[routes]]\nname = "hook"\nchannel = "webhook"\nurl = "https://example.org/"\nsecret_file = "hook.secret"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, route), {})
    assert "line 2 is no webhook secret" in str(caught.value)
    assert "openssl rand" in str(caught.value)
    assert secret == "whsec_" or secret not in str(caught.value)


def test_secrets_come_from_files_and_are_masked(tmp_path: Path) -> None:
    (tmp_path / "hook.secret").write_text("whsec_NEWNEWNE\nwhsec_OLDOLDOL\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "smtp").write_text("hunter2\n")
    file = write(
        tmp_path,
        """
database_url = "postgresql+psycopg://me:pgword@localhost/x"
[[routes]]
name = "hook"
channel = "webhook"
url = "https://example.org/TOKEN"
secret_file = "hook.secret"
[[routes]]
name = "desk"
channel = "email"
to = "desk@example.org"
smtp = { host = "mail.example.org", username = "me", password_file = "credential:smtp" }
""",
    )
    settings = load(file, {"CREDENTIALS_DIRECTORY": str(credentials)})
    hook, desk = settings.routes
    assert [secret.get_secret_value() for secret in hook.secrets] == ["whsec_NEWNEWNE", "whsec_OLDOLDOL"]
    assert desk.smtp is not None
    assert desk.smtp.password.get_secret_value() == "hunter2"
    for secret in ("NEWNEW", "OLDOLD", "hunter2", "pgword", "TOKEN"):
        assert secret not in repr(settings)


def test_all_faults_are_reported_at_once_with_file_and_line(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """alert_max_age = 15
stat_dir = "x"
[fetch]
deadline = "5 parsecs"
allow_private = [
  "127.0.0.1:1",
  "nonsense",
]
[[routes]]
name = "ok"
channel = "file"
[[routes]]
name = "Bad Name"
channel = "pigeon"
[[routes]]
name = "hook"
channel = "webhook"
url = "https://example.org"
secret_file = "missing.secret"
match = { stages = ["signd"] }
[[routes]]
name = "digest"
channel = "file"
mode = "digest"
""",
    )
    with pytest.raises(ConfigError) as caught:
        load(file, {"COOPWATCH_FETCH__HOST_DELAY": "soon", "COOPWATCH_FECH__DEADLINE": "1s"})
    lines = str(caught.value).splitlines()

    def line(start: str) -> str:
        return next(text for text in lines if start in text)

    assert caught.value.exit_code == 2
    assert line("alert_max_age").startswith(f"{file}:1: ")
    assert "did you mean state_dir" in line(f"{file}:2: ")
    assert "is not a duration" in line(f"{file}:4: ")
    assert "host:port" in line(f"{file}:5: ")
    assert "routes[1].name" in line(f"{file}:13: ")
    assert "'email'" in line(f"{file}:14: ")
    assert "missing.secret" in line(f"{file}:19: ")
    assert "signd" in line(f"{file}:20: ")
    assert "needs at" in line(f"{file}:21: ")
    assert "is not a duration" in line("environment COOPWATCH_FETCH__HOST_DELAY: ")
    assert "unknown key" in line("environment COOPWATCH_FECH__DEADLINE: ")
    assert len(lines) == 11


def test_invalid_toml_and_a_missing_file_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"coopwatch.toml: not valid TOML: .*line 2"):
        load(write(tmp_path, 'a = "b"\nc = = 3\n'), {})
    with pytest.raises(ConfigError, match=r"gone.toml: cannot be read: No such file"):
        load(tmp_path / "gone.toml", {})


def test_an_email_route_without_a_server_is_refused_and_the_common_one_serves(tmp_path: Path) -> None:
    text = '[[routes]]\nname = "desk"\nchannel = "email"\nto = "a@example.org"\n'
    with pytest.raises(ConfigError, match="names a mail server"):
        load(write(tmp_path, text), {})
    assert load(write(tmp_path, text + '[smtp]\nhost = "localhost"\n'), {}).smtp is not None


def test_a_password_is_never_sent_in_clear_over_the_network(tmp_path: Path) -> None:
    text = '[smtp]\nhost = "mail.example.org"\nusername = "me"\nstarttls = "none"\n'
    with pytest.raises(ConfigError, match="no password in clear"):
        load(write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15m", 900), ("24h", 86400), ("7d", 604800), ("500ms", 0.5), ("1h30m", 5400), ("0", 0), ("1.5h", 5400)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "5x", "5m junk", "1h -3m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration_s(text)


def test_a_checkout_keeps_its_state_beside_the_code_and_an_installation_does_not(tmp_path: Path) -> None:
    top = checkout()
    assert top is not None
    assert find_places({}, top=top).state_dir == top / "state"
    assert find_places({"HOME": "/home/a"}, is_root=False).state_dir == Path("/home/a/.local/state/coopwatch")
    assert find_places({}, is_root=True).state_dir == Path("/var/lib/coopwatch")
    assert find_places({"STATE_DIRECTORY": "/var/lib/x:/var/lib/y"}).state_dir == Path("/var/lib/x")


def test_the_configuration_file_is_the_named_one_then_the_first_that_exists(tmp_path: Path) -> None:
    here = write(tmp_path, "")
    places = Places(tmp_path, tmp_path, (tmp_path / "absent.toml", here))
    assert find_config_file(Path("/n.toml"), {"COOPWATCH_CONFIG": "/e.toml"}, places) == Path("/n.toml")
    assert find_config_file(None, {"COOPWATCH_CONFIG": "/e.toml"}, places) == Path("/e.toml")
    assert find_config_file(None, {}, places) == here
    assert find_config_file(None, {}, Places(tmp_path, tmp_path, ())) is None


def test_lines_of_keys_are_found_in_every_form_of_toml() -> None:
    text = 'a = 1\n[b.c]\n"d e" = [\n  1,\n]\nf.g = """\nx = 2\n"""\n[[h]]\ni = 1\n[[h]]\ni = 2\n[h.j]\nk = 3 # c\n'
    assert key_lines(text) == {
        ("a",): 1,
        ("b", "c"): 2,
        ("b", "c", "d e"): 3,
        ("b", "c", "f", "g"): 6,
        ("h", 0): 9,
        ("h", 0, "i"): 10,
        ("h", 1): 11,
        ("h", 1, "i"): 12,
        ("h", 1, "j"): 13,
        ("h", 1, "j", "k"): 14,
    }


def test_an_unknown_key_is_told_its_table_or_the_key_of_its_own_table(tmp_path: Path) -> None:
    file = tmp_path / "coopwatch.toml"
    file.write_text('port = 25\n[fetch]\ntypo = 1\ndeadlin = "5s"\nlanguage = "en"\n')
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    said = str(caught.value)
    assert "port: unknown key here; it belongs to [console] or [routes.smtp] or [smtp]" in said
    assert "fetch.typo: unknown key\n" in f"{said}\n"  # "types" is a key of routes
    assert "fetch.deadlin: unknown key; did you mean deadline?" in said
    assert "fetch.language: unknown key here; it belongs to [console] or [routes]" in said
