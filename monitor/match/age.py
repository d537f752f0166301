"""Whether a sentence dates its act back: "a year ago", "in 2019" beside it, and no nearer word for today."""

from __future__ import annotations

import re
from datetime import date, timedelta

from monitor.match.frames import Frame
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit
from monitor.text.dates import years

_FRESH_DAYS = 45  # an act told with a date this near is news
_OLD_CHARS = 60  # a year this near to the act dates it, where nothing says today
_AGO_CHARS = 30  # "avevano firmato a Mascate un anno fa"; further off it dates something else
_IN_CHARS = 8  # "siglato nel 2023": the act's own year, whatever else happened today
_OPENING_CHARS = 8  # "Vent'anni fa Italia e Albania firmarono"
# what rightly comes years after another act
_LATER = frozenset(f"act.{one}" for one in ("in_force", "ratify", "renew", "extend", "approve", "join", "update"))

_DIGIT = re.compile(r"\d")
_Span = tuple[int, int]


class Age:
    """The years and dates of one sentence, read once and only if a frame stands in it."""

    def __init__(self, reading: Reading, part: Part) -> None:
        folded = reading.folded[part.start : part.end]
        self._start = part.start
        limit = reading.published.year if reading.published.month > 2 else reading.published.year - 1
        self._years = [at + part.start for at, year in years(folded) if year < limit]
        self._ago = [(cue[0], cue[1]) for cue in part.cues if cue[2].ref == "cue.ago"]
        # "ad oggi ha firmato sei intese" says no day
        self._fresh: list[_Span] = [
            (cue[0], cue[1])
            for cue in part.cues
            if cue[2].ref == "cue.today" and not any(start <= cue[0] and cue[1] <= end for start, end in self._ago)
        ]
        if _has_digit(folded):
            self._fresh += [
                (part.start + d.start, part.start + d.end)
                for d in reading.dates_in(part)
                if _is_fresh(d.iso, reading.published)
            ]

    def is_old(self, frame: Frame) -> bool:
        """Whether a year before the article's stands by the act, "a year ago" follows it or opens the sentence, and nothing
        nearer to the act says today."""
        anchor = frame.act or frame.instrument
        if frame.act is not None and self._is_dated_back(frame.act):
            return True
        if self._fresh:
            return False
        if anchor is not None and anchor[2].ref not in _LATER and self._opens_with_ago(anchor):
            return True
        return any(frame.start - _OLD_CHARS <= at <= frame.end + _OLD_CHARS for at in self._years)

    def _is_dated_back(self, act: Hit) -> bool:
        today = min((max(act[0] - end, start - act[1], 0) for start, end in self._fresh), default=_AGO_CHARS + 1)
        behind = [start - act[1] for start, _ in self._ago if 0 <= start - act[1] <= _AGO_CHARS]
        behind += [at - act[1] for at in self._years if 0 <= at - act[1] <= _IN_CHARS]
        return any(gap < today for gap in behind)

    def _opens_with_ago(self, anchor: Hit) -> bool:
        """ "Vent'anni fa ... firmarono", "Cinque anni dopo la firma, l'accordo ...": the words may hold the act itself."""
        return any(start - self._start <= _OPENING_CHARS and start <= anchor[0] for start, _ in self._ago)


def _has_digit(text: str) -> bool:
    return _DIGIT.search(text) is not None or not (text.isascii() or not any(c.isdigit() for c in text))


def _is_fresh(iso: str, published: date) -> bool:
    if len(iso) == 7:
        iso += "-15"
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return False
    return published - timedelta(days=_FRESH_DAYS) <= day
