"""The words of messages in one language: gettext catalogues (locale/*.po) for ours, CLDR through Babel for names of
states and languages, dates, lists and durations. No sentence of a message stands in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_percent

from monitor.alert import clean
from monitor.errors import ConfigError
from monitor.model import Party

FOLDER = Path(__file__).parent / "locale"
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_LOCALES = {"en": "en_GB"}  # readers are in Europe: 5 March 2026, not March 5, 2026
Names = Mapping[str, Mapping[str, str]]  # entity or object id -> language -> name


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. ``names`` are the rule set's names of entities and objects; they win over CLDR."""

    language: str
    messages: Mapping[str, tuple[str, ...]]  # key -> one text, or its singular and plural
    locale: Locale
    names: Names = field(default_factory=dict)

    def text(self, key: str, /, **fields: object) -> str:
        """The message ``key``; the values of ``fields`` are inserted literally. KeyError where it is missing."""
        return self.messages[key][0].format_map(fields)

    def count(self, key: str, n: int, /, **fields: object) -> str:
        """The message ``key`` in the singular or plural that ``n`` asks for; ``{n}`` is the number."""
        forms = self.messages[key]
        return forms[0 if n == 1 else -1].format_map({"n": n, **fields})

    def has(self, key: str) -> bool:
        return key in self.messages

    def party(self, party: Party) -> str:
        """A party's name in this language: the rule set's, CLDR's for states, else as the article writes it."""
        if party.id in {"many", "open"}:
            return self.text(f"party.{party.id}")
        named = self.name_of(party.id)
        return clean.line(named or party.name or party.id, 120)

    def name_of(self, thing_id: str) -> str:
        """The name of an entity or object id, or an empty string where none is known."""
        named = self.names.get(thing_id, {}).get(self.language, "")
        return named or (str(self.locale.territories.get(thing_id, "")) if len(thing_id) == 2 else "")

    def listed(self, things: Sequence[str]) -> str:
        """ "A, B and C" in this language."""
        return str(format_list(list(things), style="standard", locale=self.locale))

    def tongue(self, code: str) -> str:
        """The name of the language ``code``, or the code."""
        return str(self.locale.languages.get(code.split("-", maxsplit=1)[0], code))

    def day(self, iso: str) -> str:
        """An ISO date cut to what is known (2026, 2026-02, 2026-02-05) in words; anything else as it is."""
        found = _DAY.fullmatch(iso)
        if found is None:
            return clean.line(iso, 40)
        year, month, day = (int(part) if part else 0 for part in found.groups())
        try:
            whole = date(year, month or 1, day or 1)
        except ValueError:
            return iso
        if day:
            return str(format_date(whole, "long", locale=self.locale))
        return str(format_skeleton("yMMMM", whole, locale=self.locale)) if month else str(year)

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """Day, hour and zone of an aware time, short enough for a list."""
        local = at.astimezone(zone)
        return str(format_datetime(local, "d MMM y, HH:mm", locale=self.locale))

    def hour(self, at: datetime, zone: ZoneInfo) -> str:
        return str(format_datetime(at.astimezone(zone), "HH:mm", locale=self.locale))

    def percent(self, share: float) -> str:
        """A share in whole per cent; what is not certain is never shown as 100 %."""
        share = min(share, 0.99) if share < 1.0 else share
        return str(format_percent(share, locale=self.locale))

    def span(self, seconds: float, *, short: bool = False) -> str:
        """A duration in its largest fitting unit ("13 minutes", short "13 min")."""
        form: Literal["short", "long"] = "short" if short else "long"
        lasting = timedelta(seconds=max(0.0, seconds))
        return str(format_timedelta(lasting, threshold=1.5, format=form, locale=self.locale))


def load(language: str, names: Names | None = None, *, folders: Sequence[Path] = ()) -> Words:
    """Reads the catalogue of ``language``, then those of ``folders`` (a page has words of its own). ConfigError where there
    is none."""
    if not (FOLDER / f"{language}.po").is_file():
        raise ConfigError(f"no words for messages in language {language!r}; there are: {', '.join(languages())}")
    messages: dict[str, tuple[str, ...]] = {}
    for folder in (FOLDER, *folders):
        messages |= _messages(folder / f"{language}.po", language)
    return Words(language, messages, Locale.parse(_LOCALES.get(language, language)), names or {})


def _messages(path: Path, language: str) -> dict[str, tuple[str, ...]]:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        str(entry.id[0] if isinstance(entry.id, list | tuple) else entry.id): tuple(
            str(form) for form in (entry.string if isinstance(entry.string, list | tuple) else (entry.string,))
        )
        for entry in catalogue
        if entry.id
    }


def languages() -> tuple[str, ...]:
    """The languages that messages can be written in."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.po")))
