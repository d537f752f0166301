"""The cheap looks at a page say the same as the dear ones they stand before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml.html import document_fromstring

from monitor.extract import guard

_LONG = guard.MAX_TAG_CHARS


@given(
    st.lists(
        st.sampled_from(["a", "<b>", ">", "x" * (_LONG - 1), "y" * _LONG, ">" * 3, "z" * (_LONG // 2)]), max_size=9
    )
)
def test_a_long_piece_is_seen_wherever_it_stands(parts: list[str]) -> None:
    text = "".join(parts)
    assert guard._has_long_piece(text) is (max(map(len, text.split(">"))) > _LONG)


_PARTS = st.sampled_from(
    [
        "<p>short</p>",
        f"<p>{'wort ' * 1001}</p>",
        f"<p>{'a' * 2600}<!-- -->{'b' * 2600}</p>",
        f"<div {' '.join(f'a{n}=1' for n in range(guard.MAX_ATTRIBUTES))}>full</div>",
        f"<div {' '.join(f'a{n}=1' for n in range(guard.MAX_ATTRIBUTES + 1))}>over</div>",
        f"<b>tail</b>{'c' * 5001}",
        "<i>x</i>",
    ]
)


@given(st.lists(_PARTS, min_size=1, max_size=6))
def test_what_is_oversized_is_looked_for_where_there_is_any(parts: list[str]) -> None:
    root = document_fromstring(f"<html><body>{''.join(parts)}</body></html>")
    assert bool(guard._IS_OVERSIZED(root)) is bool(guard._OVERSIZED(root))
