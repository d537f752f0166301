"""What was agreed, as the text names it: the id of a named initiative, else the words from the instrument to the next pause."""

from __future__ import annotations

import re

from monitor.match.frames import Frame
from monitor.match.reading import Part, Reading
from monitor.match.scan import Hit

_OBJECT_CHARS = 90
_STOP = re.compile(r"[;:()\"»”\n。，；：！？!?]|[.,](?!\d)|\s[-–—]\s")
_QUALIFIERS = 3  # words before an instrument; more are no compound
_WORD_BEFORE = re.compile(r"(?<![\w-])([^\W\d_]{3,}(?:-[^\W\d_]+)*) $")
_WORD = re.compile(r"[^\W\d_]{3,}")


def object_of(frame: Frame, reading: Reading) -> str:
    """The id of a named initiative in the sentence, else the words from the instrument to the next pause; in Chinese,
    where what it is about stands before it, from the act or the last party to the end of the instrument. Where that is
    but "the agreement signed", the headline's words for it, if it names an instrument that says more."""
    for mention in frame.part.mentions:
        if mention.entity.kind == "initiative":
            return mention.entity.id
    hit = frame.instrument or frame.act
    if hit is None:
        return ""
    start, end = _span(hit, frame.part, reading, is_instrument=frame.instrument is not None)
    if not _says_more(start, end, hit, frame.part, reading):
        start, end = _of_headline(frame, reading) or (start, end)
    return reading.whole[start:end].strip()


def _of_headline(frame: Frame, reading: Reading) -> tuple[int, int] | None:
    """The span that the headline gives the thing, behind an instrument or an act as the sentence has it."""
    for part in reading.parts:
        for hit in (part.instruments if frame.instrument else part.acts) if part.rank == 0 else ():
            span = _span(hit, part, reading, is_instrument=frame.instrument is not None)
            if _says_more(*span, hit, part, reading):
                return span
    return None


def _span(hit: Hit, part: Part, reading: Reading, *, is_instrument: bool) -> tuple[int, int]:
    if is_instrument and reading.language.profile.script == "han":
        return _thing_start(hit[0], part, reading), hit[1]
    text = reading.whole[hit[0] : min(part.end, hit[0] + _OBJECT_CHARS)]
    pause = _STOP.search(text, hit[1] - hit[0])
    text = text[: pause.start()] if pause else text
    if not pause and hit[0] + _OBJECT_CHARS < part.end and " " in text:
        text = text.rpartition(" ")[0]
    end = hit[0] + len(text)
    if not is_instrument or _says_more(hit[0], end, hit, part, reading):
        return hit[0], end
    return _qualified(hit[0], part, reading), end


def _qualified(start: int, part: Part, reading: Reading) -> int:
    """Where the words right before an instrument begin that say which: a policing pact."""
    language, first = reading.language, part.start
    known = [(m.start, m.end) for m in part.mentions] + [(act[0], act[1]) for act in part.acts]
    for _ in range(_QUALIFIERS):
        before = _WORD_BEFORE.search(reading.folded, first, start)
        if before is None or any(s < before.end() and before.start() < e for s, e in known):
            break
        if before.group(1) in language.common_words or before.group(1) in language.profile.function_words:
            break
        start = before.start()
    return start


def _thing_start(start: int, part: Part, reading: Reading) -> int:
    """Where the words before the instrument begin that say what it is about."""
    ends = [m.end for m in part.mentions] + [act[1] for act in part.acts]
    first = max((end for end in ends if end <= start), default=max(part.start, start - _OBJECT_CHARS))
    pauses = [pause.end() for pause in _STOP.finditer(reading.whole[first:start])]
    first += pauses[-1] if pauses else 0
    spoken = next((word for word in reading.language.particles if reading.whole.startswith(word, first)), "")
    return first + len(spoken)


def _says_more(start: int, end: int, hit: Hit, part: Part, reading: Reading) -> bool:
    """Whether a word stands in the span beside the instrument, verbs of acting, parties and everyday words."""
    known = [(hit[0], hit[1]), *((h[0], h[1]) for h in part.acts), *((m.start, m.end) for m in part.mentions)]
    language = reading.language
    if language.profile.script == "han":
        return start < hit[0]
    words = (m for m in _WORD.finditer(reading.folded, start, end))
    return any(
        word.group() not in language.common_words
        and word.group() not in language.profile.function_words
        and not any(s < word.end() and word.start() < e for s, e in known)
        for word in words
    )
