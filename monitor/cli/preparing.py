"""A word to whoever waits while the rules are prepared for the first time on a machine."""

from __future__ import annotations

from monitor import rulebook
from monitor.cli.output import note
from monitor.config import Settings


def note_first_load(settings: Settings) -> None:
    """Says why nothing seems to happen: the first load of the rules opens the dictionaries of all languages."""
    if not rulebook.are_kept(settings.cache_dir):
        note("preparing the rules: some seconds, the first time only")
