"""A first coopwatch.toml from a few answers. Pure: text in, text out; secrets are named, never written here."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answers:
    """What ``coopwatch setup`` learned. Empty = not wanted; ``has_password`` and the like say which secret files are written
    beside the configuration, in secrets/."""

    state_dir: str = ""
    rules_dir: str = ""
    contact: str = ""
    language: str = "it"
    mail_host: str = ""
    mail_port: int = 587
    starttls: str = "required"
    mail_tls: bool = False
    mail_user: str = ""
    mail_ca_file: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    webhook: str = ""
    has_console_password: bool = False


SMTP_SECRET, CONSOLE_SECRET, HOOK_SECRET = "smtp.password", "console.password", "hook.secret"


def draft(answers: Answers) -> str:
    """The configuration as TOML. Every value is quoted by TOML's rules (JSON strings are TOML basic strings)."""
    lines = [
        "# Written by coopwatch setup. Every other key, with its default: docs/coopwatch.sample.toml",
        *_keys(state_dir=answers.state_dir, rules_dir=answers.rules_dir, contact=answers.contact),
    ]
    if answers.has_console_password or answers.language != "it":
        lines += ["", "[console]", *_keys(language=answers.language)]
        lines += _keys(password_file=f"credential:{CONSOLE_SECRET}") if answers.has_console_password else []
    if answers.mail_host:
        lines += ["", "[smtp]", *_keys(host=answers.mail_host), f"port = {answers.mail_port}"]
        lines += ["tls = true"] if answers.mail_tls else _keys(starttls=answers.starttls)
        lines += _keys(ca_file=answers.mail_ca_file)
        if answers.mail_user:
            lines += _keys(username=answers.mail_user, password_file=f"credential:{SMTP_SECRET}")
    if answers.recipients:
        lines += ["", "[[routes]]", *_keys(name="desk", channel="email", language=answers.language)]
        lines += [
            f"to = {json.dumps(list(answers.recipients), ensure_ascii=False)}",
            *_keys(**{"from": answers.sender}),
        ]
    if answers.webhook:
        lines += ["", "[[routes]]", *_keys(name="hook", channel="webhook", language=answers.language)]
        lines += _keys(url=answers.webhook, secret_file=f"credential:{HOOK_SECRET}")
    return "\n".join(lines) + "\n"


def _keys(**values: str) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value]
