"""A throw-away mail server: Debian's exim4 with a configuration and a spool of its own in a temporary folder, on loopback, never
as root and never the system's service. What it takes it delivers into mailbox files.
"""

from __future__ import annotations

import email
import email.policy
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

USER = "Debian-exim"
LOGIN, PASSWORD = "desk", "a-mail-password"

_CONFIGURATION = """
primary_hostname = mail.example.org
domainlist here = example.org
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
acl_smtp_rcpt = recipient
deliver_drop_privilege = true
keep_environment =
disable_ipv6 = true
rfc1413_query_timeout = 0s
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
{tls}

begin acl
recipient:
  deny    local_parts = nobody
          message = no such user here
  defer   local_parts = full
          message = mailbox full, try again later
  accept  domains = +here
          condition = {who}
  deny    message = relay not permitted

begin routers
here:
  driver = accept
  domains = +here
  local_parts = desk : duty : full
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  file = {folder}/mail/$local_part_data

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{login}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


def program() -> Path | None:
    """The server's program."""
    found = shutil.which("exim4", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


class Exim:
    """A running server."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def mails(self, mailbox: str) -> list[EmailMessage]:
        """What lies in a mailbox: the mails in order of arrival (mbox format, which begins each with a ``From `` line)."""
        path = self.folder / "mail" / mailbox
        if not path.exists():
            return []
        texts = ("\n" + path.read_text(encoding="utf-8")).split("\nFrom ")[1:]
        parsed = (email.message_from_string(text.partition("\n")[2], policy=email.policy.default) for text in texts)
        return list(parsed)  # type: ignore[arg-type]

    @property
    def log(self) -> str:
        """What the server wrote about its work."""
        path = self.folder / "log" / "mainlog"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@contextmanager
def server(exim: Path, *, certificate: tuple[Path, Path] | None = None) -> Iterator[Exim]:
    """A server for the time of the block. With a ``certificate`` (chain, key) it offers STARTTLS, and a login under TLS
    without which it takes nothing."""
    folder = Path(tempfile.mkdtemp(prefix="coopwatch-exim-"))
    tls = ""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    for name in ("spool", "log", "mail"):
        (folder / name).mkdir()
    if certificate is not None:
        chain, key = (shutil.copy(path, folder) for path in certificate)
        tls = f"tls_advertise_hosts = *\ntls_certificate = {chain}\ntls_privatekey = {key}"
    else:
        tls = "tls_advertise_hosts ="
    who = "${if def:authenticated_id{yes}{no}}" if certificate else "yes"
    text = _CONFIGURATION.format(folder=folder, port=port, tls=tls, who=who, login=LOGIN, password=PASSWORD)
    configuration = folder / "exim4.conf"
    configuration.write_text(text, encoding="utf-8")
    user = {}
    if not os.geteuid():
        owner = pwd.getpwnam(USER)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": ()}
    command = [str(exim), "-bdf", "-C", str(configuration)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **user)  # type: ignore[call-overload]
    try:
        _await(process, port)
        yield Exim(folder, port)
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
        shutil.rmtree(folder, ignore_errors=True)


def _await(process: subprocess.Popen[bytes], port: int, within_s: float = 20.0) -> None:
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(f"exim4 ended with {process.returncode}: {process.stderr.read().decode()}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            if probe.recv(3) == b"220":
                return
        time.sleep(0.02)
    raise AssertionError("exim4 did not answer")
