"""Alerts as files, for machines where nothing is configured yet: .eml and .json under one folder, each whole or not
there."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.alert.channels import Environment
from monitor.config import Route
from monitor.config import Settings as Configuration
from monitor.model import Delivery, SendFault, SendResult

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """The folder that the files go to."""

    folder: Path

    @classmethod
    def of(cls, route: Route, settings: Configuration, environment: Environment) -> Settings:
        return cls(route.path or settings.alerts_dir)


async def send(settings: Settings, delivery: Delivery, now: datetime) -> SendResult:
    """Writes the delivery under a name made of its time and id: twice is the same file. ``now`` is not used."""
    path = settings.folder / file_name(delivery)
    try:
        await asyncio.to_thread(_write, path, delivery.body)
    except OSError as exc:
        return SendResult(ok=False, fault=SendFault.LOCAL, answer=f"cannot write {path}: {exc.strerror}")
    return SendResult(ok=True, answer=str(path))


def file_name(delivery: Delivery) -> str:
    """``20261121T093000-<id>.eml`` (or .json): sorted by time, no character that a shell or a disk minds."""
    ending = "json" if delivery.body[:1] == b"{" else "eml"
    stem = _UNSAFE.sub("-", delivery.id)[:100].strip(".-")
    return f"{delivery.created_at:%Y%m%dT%H%M%S}-{stem}.{ending}"


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    with open(draft, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
