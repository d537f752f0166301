"""Words before a verb, found by their first run of letters: the same as a search for each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.match.before import Before, runs_of

_WORDS = ("will", "is to", "d'", "'ll", "non ha", "would have", "e", "будет", "将", "要 ", "2nd", "-bound", "…")
_PIECES = st.sampled_from([*_WORDS, " ", "'", "-", "x", "²", "_", ",", "wi", "ll", "ha", "三", "É"])


def _naive(text: str) -> int:
    best = -1
    for word in _WORDS:
        at = text.rfind(word)
        end = at + len(word)
        beside = text[at - 1 : at] + text[end : end + 1] if at else text[end : end + 1]
        if at > best and (word[0] > "\u2e80" or not any(c.isalnum() for c in beside)):
            best = at
    return best


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_the_last_word_is_the_one_that_a_search_for_each_finds(text: str) -> None:
    assert Before(_WORDS).last(text, runs_of(text)) == _naive(text)
