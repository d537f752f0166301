"""What a report says in passing of another act: "a day after opening a hotline", "they also signed a treaty". Its words must
not describe the act that the report is about. Knows no words itself; the rule set lists them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HAN = re.compile(r"[\u3400-\u9fff]")
_CLAUSE = r"[^,;:.!?()\n。，；：！？]*"
_SENTENCE = re.compile(r"[^.!?\n。！？]+[.!?\n。！？]*")


@dataclass(frozen=True, slots=True)
class Asides:
    """One language's table: what is ``behind`` a cue up to the end of its clause is an aside, and every sentence that
    tells of ``another`` act."""

    behind: re.Pattern[str] | None = None
    another: re.Pattern[str] | None = None

    @classmethod
    def of(cls, after: Iterable[str], also: Iterable[str]) -> Asides:
        """A table of cues as the rule set writes them: several words each, any case, either apostrophe."""
        return cls(_cues(after, _CLAUSE), _cues(also, ""))

    def cut(self, words: str) -> str:
        """Words without what is behind a cue; all of them where nothing else is left."""
        if self.behind is None:
            return words
        kept = self.behind.sub(" ", words)
        return kept if kept.strip() else words

    def lead(self, text: str, proof: str) -> str:
        """The first sentences of an article without those on another act; that of the proof stays whatever it says."""
        if self.another is not None and self.another.search(text):
            text = "".join(one for one in _SENTENCE.findall(text) if not self.another.search(one) or _holds(one, proof))
        return self.cut(text)


def _holds(sentence: str, proof: str) -> bool:
    bare = sentence.strip(" .!?\n。！？")
    return bool(bare) and (bare in proof or proof.strip() in sentence)


def _cues(cues: Iterable[str], rest: str) -> re.Pattern[str] | None:
    forms = [_cue(cue) for cue in sorted(cues, key=lambda one: (-len(one), one))]
    return re.compile(f"(?:{'|'.join(forms)}){rest}", re.IGNORECASE) if forms else None


def _cue(cue: str) -> str:
    form = r"\s+".join(map(re.escape, cue.split())).replace("'", "['’]")
    return form if _HAN.search(cue) else rf"\b{form}\b"
