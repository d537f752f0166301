"""Text without markup is cleaned by a shorter way with the same result."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.sources import clean

PARTS = ["a", "è", " ", "  ", "\n", "\t", "\u00a0", "\u200b", "<b>", "<", "&amp;", "&", "\x1b[0m", "!"]
TEXT = st.lists(st.sampled_from(PARTS)).map("".join)


@given(TEXT)
def test_the_shorter_way_changes_nothing(text: str) -> None:
    seen = clean.visible(clean._unmarked(text))
    assert clean.title(text) == clean._SPACES.sub(" ", seen).strip()
    assert clean.title(text, marked=False) == clean._SPACES.sub(" ", clean.visible(text)).strip()
    assert clean.paragraphs(text) == clean._LINES.sub("\n", clean._BLANKS.sub(" ", seen)).strip()
    assert clean.identifier(text) == clean._SPACES.sub(" ", clean.visible(text)).strip()


def test_the_shorter_way_cuts_as_well() -> None:
    assert clean.title("ab " * 1000) == ("ab " * 1000)[: clean.TITLE_CHARS].rstrip()
    assert len(clean.paragraphs("a" * (clean.TEXT_CHARS + 5))) == clean.TEXT_CHARS
