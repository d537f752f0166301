"""Words that stand before a verb and change its time ("will", "could", "to"), found without a search for each of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from monitor.rulebook import Language

_RUN = re.compile(
    r"[^\W_]+"
)  # what ``isalnum`` calls a word: of other signs than these a whole word has none beside it
_FIRST_HAN = "\u2e80"


class Before:
    """One list of words of a language, by the first run of letters in each."""

    def __init__(self, words: Sequence[str]) -> None:
        self._always: list[str] = []  # Chinese has no spaces
        self._by_run: dict[str, list[str]] = defaultdict(list)
        for word in words:
            run = _RUN.search(word)
            if word[0] > _FIRST_HAN or run is None:
                self._always.append(word)
            else:
                self._by_run[run.group()].append(word)

    def last(self, text: str, runs: Sequence[str]) -> int:
        """Where the last of the words stands in ``text`` as a whole word, or -1; ``runs`` are those of the text."""
        best = -1
        for word in (*self._always, *(word for run in runs if run in self._by_run for word in self._by_run[run])):
            at = text.rfind(word)
            if at > best and (word[0] > _FIRST_HAN or _is_whole(text, at, at + len(word))):
                best = at
        return best


class Tenses:
    """The words before a verb that one language's file lists."""

    def __init__(self, future: Sequence[str], conditional: Sequence[str], infinitive: Sequence[str]) -> None:
        self.future, self.conditional, self.infinitive = Before(future), Before(conditional), Before(infinitive)


def runs_of(text: str) -> list[str]:
    """The runs of letters and digits in a text."""
    return _RUN.findall(text)


def tenses_of(language: Language) -> Tenses:
    """The language's words, indexed once."""
    return _indexed(language.future_before, language.conditional_before, language.infinitive_before)


@lru_cache(maxsize=32)
def _indexed(future: tuple[str, ...], conditional: tuple[str, ...], infinitive: tuple[str, ...]) -> Tenses:
    return Tenses(future, conditional, infinitive)


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
