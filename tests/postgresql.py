"""A throw-away PostgreSQL cluster of Debian's binaries: on loopback, in a temporary folder, never run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.store import open_store

STOP_S = 150


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[4]))
    return found[-1].parent if found else None


class Cluster:
    """A running cluster; ``url`` opens a fresh database in it."""

    def __init__(self, folder: Path, port: int, bin_dir: Path) -> None:
        self.folder, self.port, self._bin = folder, port, bin_dir
        self._count = 0
        self._migrated = ""  # a database with this version's schema, which others are copies of

    def run(self, *command: str) -> None:
        """Runs one of the cluster's programs as its user."""
        user = [] if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        subprocess.run(
            [*user, str(self._bin / command[0]), *command[1:]],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=STOP_S + 30,
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        )

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off -c max_connections=60"
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Stops the server. With many clients that connect again at once it may take its time (a minute was seen)."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", str(STOP_S), "-m", mode, "stop")

    def url(self, *, is_empty: bool = True) -> str:
        """The address of a new database: an empty one, or one with this version's schema."""
        if is_empty:
            return self._address(self._create())
        if not self._migrated:
            name = self._create()
            open_store(self._address(name)).close()
            self._migrated = name
        return self._address(self._create("-T", self._migrated))

    def _create(self, *options: str) -> str:
        self._count += 1
        name = f"test{self._count}"
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *options, name)
        return name

    def _address(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"


@contextmanager
def cluster(bin_dir: Path) -> Iterator[Cluster]:
    """A cluster for the time of the block."""
    folder = Path(tempfile.mkdtemp(prefix="coopwatch-pg-"))
    if not os.geteuid():
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Cluster(folder, port, bin_dir)
    try:
        made.run("initdb", "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", str(folder / "data"))
        made.start()
        yield made
        made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
