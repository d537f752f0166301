"""A letter as HTML for mail programs: one template, everything escaped by it. Loads nothing from the network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from monitor.alert.letter import Letter

_FOLDER = Path(__file__).parent


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("letter.html")


def render(letter: Letter) -> str:
    """The HTML part. Addresses in the letter are http(s) already (``clean.link``)."""
    return _template().render(letter=letter)
