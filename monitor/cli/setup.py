"""``coopwatch setup``: a first configuration from a few answers, looked at by the doctor and proved by a test message."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.doctor import examine_config
from monitor.cli.options import Config
from monitor.cli.output import note, say
from monitor.cli.route import test_route
from monitor.config import Settings, checkout, find_places, load
from monitor.config.draft import CONSOLE_SECRET, HOOK_SECRET, SMTP_SECRET, Answers, draft
from monitor.console.auth import hash_password
from monitor.errors import ConfigError
from monitor.run.finding import exit_code

PLAIN_PORT, TLS_PORT = 25, 465
SECRETS = "secrets"
LOCAL = ("localhost", "127.0.0.1", "::1")
CONNECTION_LACKS = 4  # contract 2: it may help to wait

Flag = typer.Option
MailServer = Annotated[str | None, Flag("--mail-server", help="Mail server, HOST or HOST:PORT; empty = no mail.")]
To = Annotated[list[str] | None, Flag("--to", help="Who gets alerts; may be given several times.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("setup", help="Write a first configuration, look it over, send a test message.")(run)


def run(
    config: Config = None,
    state_dir: Annotated[str | None, Flag("--state-dir", help="Where the database and everything else lies.")] = None,
    contact: Annotated[str | None, Flag("--contact", help="Page or mailbox by which publishers reach you.")] = None,
    language: Annotated[str | None, Flag("--language", help="Of messages and page: it or en.")] = None,
    mail_server: MailServer = None,
    starttls: Annotated[str | None, Flag("--starttls", help="required, auto or none.")] = None,
    mail_user: Annotated[str | None, Flag("--mail-user", help="Login at the mail server; empty = none.")] = None,
    mail_password_file: Annotated[Path | None, Flag("--mail-password-file", help="File with its password.")] = None,
    mail_ca_file: Annotated[
        Path | None, Flag("--mail-ca-file", help="Certificate (PEM) of a mail server with one of its own.")
    ] = None,
    sender: Annotated[str | None, Flag("--from", help="Sender of the mails.")] = None,
    to: To = None,
    webhook: Annotated[str | None, Flag("--webhook", help="Address that gets signed events; empty = none.")] = None,
    console_password_file: Annotated[
        Path | None, Flag("--console-password-file", help="File with the password.")
    ] = None,
    rules_dir: Annotated[str | None, Flag("--rules-dir", help="Rules; empty = the shipped ones.", hidden=True)] = None,
    yes: Annotated[bool, Flag("--yes", help="Ask nothing: what no flag says takes its default.")] = False,
    force: Annotated[bool, Flag("--force", help="Replace a configuration that is there (kept as .old).")] = False,
    offline: Annotated[bool, Flag("--offline", help="No look at the network and no test message.")] = False,
    only_hash: Annotated[bool, Flag("--hash-password", help="Only print the line for console.password_file.")] = False,
) -> None:
    if only_hash:
        typer.echo(hash_password(_new_password(console_password_file)))
        return
    target = config or _usual_place()
    if target.exists() and not force:
        raise ConfigError(f"{target} is there already and was not touched; --force replaces it and keeps it as .old")
    asks = not yes and sys.stdin.isatty()
    given = _Asked(asks)
    answers = Answers(
        state_dir=_from_here(given.text(state_dir, "Folder of the database", str(_places_state(target)))),
        contact=given.text(contact, "Page or mailbox by which publishers reach you", ""),
        language=given.text(language, "Language of messages and page (it, en)", "it"),
        rules_dir=rules_dir or "",
    )
    kept: dict[str, str] = {}
    server = given.text(mail_server, "Mail server (HOST or HOST:PORT; empty = no mail)", "")
    if server:
        answers = _with_mail(answers, server, given, starttls, mail_user, sender, to)
        answers = replace(answers, mail_ca_file=str(mail_ca_file.resolve()) if mail_ca_file else "")
        if answers.mail_user:
            kept[SMTP_SECRET] = _mail_password(mail_password_file, asks)
    hook = given.text(webhook, "Webhook address (empty = none)", "")
    if hook:
        kept[HOOK_SECRET] = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    if console_password_file or (asks and typer.confirm("Set a password for the operators' page now?", default=True)):
        kept[CONSOLE_SECRET] = hash_password(_new_password(console_password_file))
    answers = replace(answers, webhook=hook, has_console_password=CONSOLE_SECRET in kept)
    write(target, draft(answers), kept)
    say(f"{target} is written" + (f", secrets in {target.parent / SECRETS}" if kept else ""))
    if HOOK_SECRET in kept:
        say(f"the receiver of the webhook needs the secret in {target.parent / SECRETS / HOOK_SECRET}")
    _prove(target, offline)


def _with_mail(
    answers: Answers,
    server: str,
    given: _Asked,
    starttls: str | None,
    user: str | None,
    sender: str | None,
    to: list[str] | None,
) -> Answers:
    """The answers that a mail server asks for."""
    host, port = _host_port(server)
    recipients = to if to is not None else given.text(None, "Who gets alerts (addresses)", "").split(",")
    return replace(
        answers,
        mail_host=host,
        mail_port=port,
        mail_tls=port == TLS_PORT,
        starttls=given.text(starttls, "TLS (required, auto, none)", "none" if host in LOCAL else "required"),
        mail_user=given.text(user, "Login at the mail server (empty = none)", ""),
        sender=given.text(sender, "Sender of the mails (empty = coopwatch@ this machine)", ""),
        recipients=_addresses(recipients),
    )


def write(target: Path, text: str, kept: Mapping[str, str]) -> None:
    """Writes secrets (0600, in a folder 0700) and then the configuration, each whole or not at all; a configuration that
    the program itself refuses is never put in place. Raises ConfigError."""
    folder = target.parent / SECRETS
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if kept:
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        for name, secret in kept.items():
            _replace(folder / name, secret + "\n", 0o600)
        trial = target.with_name(f".{target.name}.new")
        _replace(trial, text, 0o640)
        try:
            load(trial, _without_ours(os.environ), places=find_places(os.environ, top=checkout()))
        except ConfigError as exc:
            trial.unlink()
            raise ConfigError(str(exc).replace(str(trial), "answers")) from exc
        if target.exists():
            target.replace(target.with_name(target.name + ".old"))
        trial.replace(target)
    except OSError as exc:
        raise ConfigError(f"{exc.filename or target}: cannot be written: {exc.strerror}") from exc


def _replace(path: Path, text: str, mode: int) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _prove(target: Path, offline: bool) -> None:
    """The doctor's look and a marked test message on every route; exit code of the worst. A network that does not reach the
    publishers is no reason to leave the mail server untried."""
    code = exit_code(examine_config(target, offline=offline, quiet=False))
    if not offline and code in (0, CONNECTION_LACKS):
        code = _test_routes(load(target, os.environ, places=find_places(os.environ, top=checkout()))) or code
    if code:
        note(f"the configuration is written; mend what is named above, then: coopwatch doctor --config {target}")
        raise typer.Exit(code)
    say(f"next: coopwatch run --config {target}", bold=True)


def _test_routes(settings: Settings) -> int:
    code = 0
    for route in settings.routes:
        for sent, result in asyncio.run(test_route(route, settings)):
            say(f"test message to {sent.target}: {'accepted' if result.ok else 'FAILED'}: {result.answer or '-'}")
            code = code or (0 if result.ok else CONNECTION_LACKS)
    return code


class _Asked:
    """Answers by flag, else by asking where a person sits there, else the default."""

    def __init__(self, asks: bool) -> None:
        self._asks = asks

    def text(self, flag: str | None, question: str, default: str) -> str:
        if flag is not None:
            return flag.strip()
        if not self._asks:
            return default
        answer: str = typer.prompt(question, default=default, show_default=bool(default))
        return answer.strip()


def _usual_place() -> Path:
    """Where a configuration is looked for first; for root the system's."""
    files = find_places(os.environ, top=checkout()).config_files
    return files[-1] if os.geteuid() == 0 else files[0]


def _places_state(target: Path) -> Path:
    places = find_places(os.environ, top=checkout())
    return places.state_dir if target in places.config_files else target.parent.resolve() / "state"


def _from_here(folder: str) -> str:
    """A folder as the shell that names it means it; in the file it would be looked for beside the file."""
    return str(Path(folder).expanduser().resolve()) if folder else ""


def _host_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not colon or "]" in port:
        host, port = server, ""
    host = host.strip("[]")
    if port and not port.isdecimal():
        raise ConfigError(f"{server!r} is not HOST or HOST:PORT")
    return host, int(port) if port else (PLAIN_PORT if host in LOCAL else 587)


def _addresses(given: list[str]) -> tuple[str, ...]:
    return tuple(address.strip() for address in given if address.strip())


def _mail_password(file: Path | None, asks: bool) -> str:
    if file is not None:
        return _read(file)
    if asks:
        answer: str = typer.prompt("Password at the mail server", hide_input=True)
        return answer
    raise ConfigError("--mail-user needs --mail-password-file")


def _new_password(file: Path | None) -> str:
    if file is not None:
        return _read(file)
    if not sys.stdin.isatty():
        line = sys.stdin.readline().strip()
        if not line:
            raise ConfigError("no password on standard input")
        return line
    answer: str = typer.prompt("Password of the operators' page", hide_input=True, confirmation_prompt=True)
    return answer


def _read(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{file}: cannot be read: {exc}") from exc
    if not text:
        raise ConfigError(f"{file} is empty")
    return text


def _without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """The configuration is checked by itself: what the environment says today may be gone tomorrow."""
    return {key: value for key, value in environ.items() if not key.startswith("COOPWATCH_")}
