"""The product as operators run it: the installed command, a configuration file, its own state folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import measure
from bench.origin import address

CHECKOUT = Path(__file__).resolve().parent.parent
COMMAND = CHECKOUT / ".venv" / "bin" / "coopwatch"
INTERVAL_S = 1.0
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH")


def environment() -> dict[str, str]:
    """What both programs see: nothing of the bench's own, hashes fixed so that runs are alike."""
    return {key: os.environ[key] for key in _KEPT if key in os.environ} | {"PYTHONHASHSEED": "0"}


@dataclass
class Product:
    """One installation: ``folder`` holds configuration, feeds and state."""

    folder: Path
    port: int
    feeds: int
    keys: dict[str, str] = field(default_factory=dict)  # more lines for [fetch], as TOML
    extra: str = ""  # more tables, as TOML
    top: str = ""  # more top-level keys, as TOML
    rules: Sequence[Path] = (CHECKOUT / "rules",)
    cache: Path | None = None  # forms of the rules' words, expanded before: an installation does so once

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        addresses = [address(number) for number in range(self.feeds)]
        lines = ["feeds:"] if addresses else ["feeds: []"]
        for number, host in enumerate(addresses):
            url = f"http://{host}:{self.port}/feed.xml"
            lines.append(
                f"- {{url: '{url}', title: 'Notiziario {number}', language: it, country: IT, kind: newspaper}}"
            )
        (self.folder / "feeds.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.config.write_text(self._toml(addresses), encoding="utf-8")
        if self.cache is not None:
            shutil.copytree(self.cache, self.folder / "state" / "cache", dirs_exist_ok=True)

    @property
    def config(self) -> Path:
        return self.folder / "coopwatch.toml"

    def shown_keys(self) -> str:
        """The configuration as the report prints it: without the list of 2,000 exceptions of the address guard."""
        lines = self._toml([]).replace("allow_private = []", 'allow_private = ["the origin\'s addresses"]')
        return lines.replace(str(CHECKOUT), ".")

    def _toml(self, addresses: Sequence[str]) -> str:
        allowed = ", ".join(f'"{host}:{self.port}"' for host in ["127.0.0.1", *addresses]) if addresses else ""
        fetch = {"min_interval": f'"{INTERVAL_S:g}s"', "max_interval": f'"{INTERVAL_S:g}s"'} | self.keys
        lines = "".join(f"{key} = {value}\n" for key, value in fetch.items())
        return (
            'state_dir = "state"\nfeeds_file = "feeds.yaml"\ncontact = "https://example.org/bench"\n'
            f"rules_dir = {json.dumps([str(folder) for folder in self.rules])}\n{self.top}"
            f"[fetch]\nallow_private = [{allowed}]\n{lines}{self.extra}"
        )

    def once(self, limit_s: float = 400, memory: bool = False, polls_only: bool = False) -> measure.Cost:
        """One ``coopwatch once``, to its end; with ``polls_only`` it asks the feeds and leaves the rest to the next."""
        more = ["--polls-only"] if polls_only else []
        command = [str(COMMAND), "once", "--json", "--config", str(self.config), *more]
        return measure.run(command, cwd=self.folder, env=environment(), limit_s=limit_s, memory=memory)

    def rest(self) -> None:
        """Waits until every feed is due again, jitter included."""
        time.sleep(INTERVAL_S * 1.3)

    @contextlib.contextmanager
    def service(self, kind: str = "run", log_name: str = "service.log") -> Iterator[int]:
        """``coopwatch run`` (or ``worker``) while the block lasts; gives its process id."""
        command = [str(COMMAND), kind, "--config", str(self.config)]
        with (self.folder / log_name).open("w", encoding="utf-8") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=environment(), stdout=log, stderr=log)
            try:
                yield process.pid
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@dataclass
class OriginProcess:
    """The origin, from its start to ``close``."""

    port: int
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, hosts: int) -> OriginProcess:
        command = [sys.executable, "-m", "bench.origin", str(hosts)]
        process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.readline().split()
        if said[:1] != ["ready"]:
            raise RuntimeError("the origin did not start")
        return cls(int(said[1]), process)

    def order(self, **values: object) -> None:
        """Changes what the publishers do: mode, extra, full, delay_s, arm, reset."""
        self._get("/ctl?" + urllib.parse.quote(json.dumps(values)))

    def log(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._get("/log"))
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            body: bytes = answer.read()
            return body

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Peer:
    """lemon24/reader in its own virtual environment, with its own database."""

    folder: Path
    port: int
    feeds: int

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        addresses = "".join(f"http://{address(number)}:{self.port}/feed.xml\n" for number in range(self.feeds))
        command = [*self._command(), "add"]
        subprocess.run(command, input=addresses, text=True, check=True, cwd=self.folder, env=environment())
        measure.forget_children()

    def _command(self) -> list[str]:
        python = CHECKOUT / ".venv-bench" / "bin" / "python"
        return [str(python), str(CHECKOUT / "bench" / "peer_reader.py"), "reader.sqlite"]

    def update(self) -> tuple[measure.Cost, float]:
        """Asks every feed once: the whole process's cost, and the CPU seconds of the update alone."""
        cost = measure.run([*self._command(), "update"], cwd=self.folder, env=environment())
        return cost, float(json.loads(cost.output.strip().splitlines()[-1])["cpu_s"])
