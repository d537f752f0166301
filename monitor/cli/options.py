"""Options that commands share, and the settings they lead to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.config import Settings, checkout, find_config_file, find_places, load

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file; default: see docs/coopwatch.sample.toml.", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def read_settings(config: Path | None) -> Settings:
    """The settings in force for ``--config`` (None: the usual places, then embedded defaults). Raises ConfigError."""
    places = find_places(os.environ, top=checkout())
    return load(find_config_file(config, os.environ, places), os.environ, places=places)
