"""An article made ready for the rules: cleaned, folded, split, its words found and its parties resolved.

Title and text are read as one string, so that one pass serves both; ``text_at`` is where the text begins.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.match.before import Tenses, tenses_of
from monitor.match.mentions import Mentioned, described, resolve
from monitor.match.scan import Hit, Scanner
from monitor.model import Article
from monitor.rulebook import Concept, Entity, Language, RuleSet
from monitor.text import clean, detect, find_dates, fold, split
from monitor.text.dates import DateFound

_MAX_CHARS = 200_000  # the news stands at the beginning; what follows so late is a list or an attack
_MAX_TITLE_CHARS = 1_000
_ZONE = "Europe/Rome"  # of relative dates, unless the feed says another
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence with what stands in it. ``rank`` is 0 in the title, then 1, 2, ... in the text."""

    start: int
    end: int
    rank: int
    acts: tuple[Hit, ...]
    instruments: tuple[Hit, ...]
    sectors: tuple[Hit, ...]
    cues: tuple[Hit, ...]
    mentions: tuple[Mentioned, ...]
    hints: tuple[Hit, ...] = ()

    @property
    def cue_names(self) -> frozenset[str]:
        return frozenset(hit[2].ref for hit in self.cues)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that the rules may know of one article."""

    article: Article
    whole: str
    folded: str
    text_at: int
    lang: str
    language: Language
    published: date
    parts: tuple[Part, ...]
    concepts: Mapping[str, Concept]
    tenses: Tenses
    names_two: bool  # parties of two principals at least; where not, no sentence can lend another what it lacks
    publisher: Entity | None = None  # set where the publisher is itself a party: "we have signed with France"
    _dates: dict[int, tuple[DateFound, ...]] = field(default_factory=dict, compare=False, repr=False)

    def words_between(self, left: int, right: int) -> int:
        """Words from offset to offset; two Han characters count as one word."""
        piece = self.folded[left:right]
        return piece.count(" ") if self.lang != "zh" else len(piece) // 2

    def dates_in(self, part: Part) -> tuple[DateFound, ...]:
        """The dates that a sentence names, their offsets from its start; looked for once, however many acts it tells."""
        if part.start not in self._dates:
            folded = self.folded[part.start : part.end]
            self._dates[part.start] = tuple(find_dates(folded, self.language.dates, self.published))
        return self._dates[part.start]

    def place_of(self, offset: int) -> tuple[str, int]:
        """The field an offset lies in, and the offset within it."""
        return ("title", offset) if offset < self.text_at else ("text", offset - self.text_at)


def read(article: Article, ruleset: RuleSet, scanner: Scanner, *, now: datetime) -> Reading:
    """The article as rules see it. ``now`` stands in for a missing date."""
    title, text = clean(article.title[:_MAX_TITLE_CHARS]).strip(), clean(article.text[:_MAX_CHARS])
    whole = title + _GAP + text
    text_at = len(title) + len(_GAP)
    folded = fold(whole)
    lang = detect(whole, [t.profile for t in ruleset.languages.values()], article.language)
    language = ruleset.languages[lang]
    published = _day(article, now)
    hits = scanner.scan(whole, folded, lang)
    mentions = resolve(hits.entities, folded, language, ruleset, published)
    spans = [(s.start, s.end, 0) for s in split(title, language.abbreviations)]
    spans += [(s.start + text_at, s.end + text_at, i + 1) for i, s in enumerate(split(text, language.abbreviations))]
    return Reading(
        article,
        whole,
        folded,
        text_at,
        lang,
        language,
        published,
        _parts(spans, hits.concepts, mentions, folded),
        ruleset.concepts,
        tenses_of(language),
        len({m.entity.country or m.entity.principal for m in mentions}) > 1,
        ruleset.entities.get(article.publisher_party) if article.publisher_party else None,
    )


def _day(article: Article, now: datetime) -> date:
    """The publication day where the feed is read; a date without a time is that day wherever one stands."""
    moment = article.published_at or now
    if article.date_only and article.published_at:
        return moment.date()
    try:
        return moment.astimezone(ZoneInfo(article.timezone or _ZONE)).date()
    except (KeyError, ValueError, OSError):  # a zone that nobody knows, from a feeds file of another system
        return moment.date()


def _is_part_of_a_name(hit: Hit, names: list[tuple[int, int]]) -> bool:
    """Whether a word is but part of an organisation's name: the Cooperation of the SCO is none that was agreed."""
    length = hit[1] - hit[0]
    return any(start <= hit[0] and hit[1] <= end and end - start > length for start, end in names)


# what a concept's name begins with, in the order of a part's fields
_FAMILIES = {"act": 0, "instrument": 1, "sector": 2, "cue": 3, "hint": 4}


class _Families(dict[str, int]):
    """A concept's family by its name, worked out when first asked for: three hundred times an article."""

    def __missing__(self, ref: str) -> int:
        family = self[ref] = _FAMILIES[ref.partition(".")[0]]
        return family


_FAMILY_OF = _Families()
_INSTRUMENT = _FAMILIES["instrument"]
_NOTHING: tuple[tuple[Hit, ...], ...] = ((), (), (), (), ())


def _parts(
    spans: list[tuple[int, int, int]], concepts: tuple[Hit, ...], mentions: tuple[Mentioned, ...], folded: str
) -> tuple[Part, ...]:
    starts = [s for s, _, _ in spans]
    # a bucket for each family, in their order; sentences in which nothing stands, half of all, have none
    buckets: dict[int, tuple[list[Hit], ...]] = {}
    named: dict[int, list[Mentioned]] = defaultdict(list)
    names = [(m.start, m.end) for m in mentions if m.entity.kind == "organisation"]
    at, until, bucket = -1, starts[0] if starts else sys.maxsize, None
    for hit in concepts:  # in order of appearance: most stand in the sentence of the one before
        family = _FAMILY_OF[hit[2].ref]
        if names and family == _INSTRUMENT and _is_part_of_a_name(hit, names):
            continue
        if hit[0] >= until:
            at = bisect_right(starts, hit[0], at + 1) - 1
            until = starts[at + 1] if at + 1 < len(starts) else sys.maxsize
            bucket = buckets[at] = ([], [], [], [], [])
        if bucket is not None:
            bucket[family].append(hit)
    for mention in mentions:
        at = bisect_right(starts, mention.start) - 1
        if at >= 0:
            named[at].append(mention)
    out = []
    for at, (start, end, rank) in enumerate(spans):
        acts, instruments, sectors, cues, hints = map(tuple, buckets.get(at, _NOTHING))
        met = described(named[at], cues, folded) if at in named else ()
        out.append(Part(start, end, rank, acts, instruments, sectors, cues, met, hints))
    return tuple(out)
