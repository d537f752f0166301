"""``coopwatch rules suggest``: reads further documents with the rules in force and prints what they could add."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitor.errors import ConfigError
from monitor.match import Matcher
from monitor.match.matcher import Trace
from monitor.match.reading import Part
from monitor.model import Article
from monitor.quality.suggest import Seen, Sentence, suggestion
from monitor.rulebook import Language
from monitor.text import fold

_FRAMES, _SILENT = 4, 4  # sentences shown of each kind
_OFTEN = 5  # a small word that fewer known names hold is chance


def suggested(matcher: Matcher, files: Sequence[Path]) -> str:
    """The entities file to paste. Raises ConfigError for a file that cannot be read."""
    seen = [_seen(matcher, path) for path in files]
    names = {term.text for term in matcher.ruleset.terms if term.kind == "entity"}
    return suggestion(seen, lambda name: fold(name) in names, matcher.ruleset.entities)


def _seen(matcher: Matcher, path: Path) -> Seen:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read as text in UTF-8: {exc}") from exc
    title, _, body = text.partition("\n")
    if len(title) > 300 or not body.strip():  # no headline of its own
        title, body = "", text
    now = datetime.now(UTC)
    trace = matcher.explain(Article(id=path.name, title=title, text=body, published_at=now), now=now)
    parts = trace.reading.parts
    unnamed = trace.reading.whole
    for start, end in sorted(((m.start, m.end) for p in parts for m in p.mentions), reverse=True):
        unnamed = unnamed[:start] + "," * (end - start) + unnamed[end:]  # what has a name cannot be part of another
    return Seen(
        name=path.name,
        lang=trace.reading.lang,
        text=unnamed,
        parties=tuple(m.entity.id for p in parts for m in p.mentions),
        acts=tuple(h[2].ref for p in parts for h in p.acts),
        instruments=tuple(h[2].ref for p in parts for h in p.instruments),
        sentences=(*_with_frames(trace), *_without_frames(trace)),
        connectors=_connectors(matcher, trace.reading.language),
        common=trace.reading.language.common_words,
    )


def _with_frames(trace: Trace) -> list[Sentence]:
    out: dict[int, Sentence] = {}
    for scored in trace.scored:
        frame = scored.candidate.frame
        reason = scored.candidate.reason
        text = trace.reading.whole[frame.part.start : frame.part.end]
        parties = tuple(dict.fromkeys(entity.principal for entity in frame.cast.principals))
        made = Sentence(text, parties, frame.rule.id, reason.value if reason else "")
        out.setdefault(frame.part.start, made)
    return list(out.values())[:_FRAMES]


def _without_frames(trace: Trace) -> list[Sentence]:
    framed = {scored.candidate.frame.part.start for scored in trace.scored}
    silent = [
        part for part in trace.reading.parts if part.start not in framed and not part.acts and len(_sides(part)) > 1
    ]
    return [Sentence(trace.reading.whole[p.start : p.end], _sides(p)) for p in silent[:_SILENT]]


def _sides(part: Part) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m.entity.principal for m in part.mentions))


def _connectors(matcher: Matcher, language: Language) -> frozenset[str]:
    """Small words that stand within the names that the rules know (of, della), not between two names (and, with, in)."""
    between = language.and_words | language.between_words | language.with_words | language.place_words
    small = {fold(word): word for word in language.profile.function_words}
    within = Counter(
        word
        for term in matcher.ruleset.terms
        if term.kind == "entity" and term.lang == language.code
        for word in term.text.split()[1:-1]
    )
    return frozenset(word for folded, word in small.items() if within[folded] >= _OFTEN) - between
