"""feedparser answers the same with less work."""

from __future__ import annotations

import copy
import inspect
import io
import json
import random
import subprocess
import sys
import warnings

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources import rss
from monitor.sources.lighter import COMPUTED, flat_copy, lighten, usual_date

URL = "https://x.example/feed.xml"
FEED = (
    '<rss version="2.0"><channel><title>X</title><link>https://x.example/</link>'
    + "".join(
        f"<item><title>T {number}</title><link>/a/{number}</link><guid>{number}</guid><description>D</description></item>"
        for number in range(30)
    )
    + "</channel></rss>"
)


def test_the_base_address_is_joined_with_itself_once() -> None:
    lighten(feedparser)  # done at import; again changes nothing
    joined = feedparser.mixin.make_safe_absolute_uri
    joined.cache_clear()
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": URL}
    found = feedparser.parse(io.BytesIO(FEED.encode()), response_headers=headers)
    assert found.entries[29].link == "https://x.example/a/29"
    assert joined.cache_info().misses == 1
    assert joined.cache_info().hits > 150


def test_a_base_of_an_entry_ends_with_it() -> None:
    text = FEED.replace("<item><title>T 3<", '<item xml:base="https://y.example/z/"><title>T 3<')
    links = [entry.link for entry in rss._feedparser(text, URL).entries]
    assert links[2:5] == ["https://x.example/a/2", "https://y.example/a/3", "https://x.example/a/4"]


# what feedparser copies are type, language, base and value: names that stand for themselves. Under an alias (items for entries)
# deepcopy would write the other name, a copy keeps what was there
OWN_NAMES = st.text(max_size=8).filter(lambda name: name not in feedparser.FeedParserDict.keymap)


@given(st.dictionaries(OWN_NAMES, st.text(max_size=20), max_size=6))
def test_a_flat_copy_is_equal_of_the_same_kind_and_its_own(values: dict[str, str]) -> None:
    original = feedparser.FeedParserDict(values)
    copied = flat_copy(original)
    assert copied == copy.deepcopy(original)
    assert type(copied) is feedparser.FeedParserDict
    copied["value"] = "changed"
    assert original == feedparser.FeedParserDict(values)


@given(
    st.sampled_from(["Mon, ", "Sun,", "sat, ", ""]),
    st.integers(0, 32).map(str) | st.integers(0, 9).map("{:02}".format),
    st.sampled_from(["Jan", "Nov", "NOV", "Sept", "Xyz", "Oct"]),
    st.integers(0, 9999).map(str) | st.integers(1990, 2040).map(str),
    st.tuples(st.integers(0, 25), st.integers(0, 61), st.integers(0, 61)).map(
        lambda time: ":".join(f"{one:02}" for one in time)
    ),
    st.sampled_from([" GMT", " UTC", " +0100", " -0530", " +9999", " -01", " EST", " +01:00", " Z", "", " GMT "]),
)
def test_the_usual_date_is_read_as_by_feedparser_and_others_are_left(
    name: str, day: str, month: str, year: str, time: str, zone: str
) -> None:
    text = f"{name}{day} {month} {year} {time}{zone}"
    try:
        found = usual_date(text)
    except (ValueError, OverflowError):  # feedparser goes on to the next handler
        return
    if found is not None:
        assert found == feedparser.datetimes._parse_date_rfc822(text)
        assert feedparser.datetimes._parse_date_w3dtf(text) is None


def test_the_usual_date_is_the_usual_one() -> None:
    assert usual_date("Sun, 22 Nov 2026 07:24:25 +0130") == (2026, 11, 22, 5, 54, 25, 6, 326, 0)
    assert usual_date("Sat, 1 Aug 2026 07:24:25 GMT") is not None
    assert usual_date("22 Nov 2026 07:24:25 GMT") is None


KEYS = [*feedparser.FeedParserDict.keymap, *COMPUTED, "type", "links", "tags", "title", "absent"]
PLAIN = """
import json, sys
from feedparser import FeedParserDict
print(json.dumps([look(FeedParserDict(one), key) for one in json.load(sys.stdin) for key in KEYS]))
"""


def look(found: feedparser.FeedParserDict, key: str) -> list[object]:
    """What a dictionary says of a key, in all three ways of asking."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            item = found[key]
        except (KeyError, AttributeError) as exc:
            item = type(exc).__name__
        return [item, found.get(key, "none"), key in found]


def test_dictionaries_answer_as_those_of_an_untouched_feedparser() -> None:
    rng = random.Random(7)
    names = [key for key in KEYS if key not in ("tags", "links", "category", "enclosures", "license")]
    sample: list[dict[str, object]] = [{name: name for name in rng.sample(names, rng.randrange(8))} for _ in range(200)]
    sample += [{"links": [{"rel": "enclosure", "href": "x"}], "tags": [{"term": "t"}]}, {"tags": [], "links": []}]
    code = f"import warnings\nKEYS = {KEYS!r}\n{inspect.getsource(look).replace('feedparser.', '')}"
    code = code.replace("def look(found: FeedParserDict", "def look(found")
    plain = subprocess.run(
        [sys.executable, "-c", code + PLAIN], input=json.dumps(sample), capture_output=True, text=True, check=True
    )
    ours = [look(feedparser.FeedParserDict(one), key) for one in sample for key in KEYS]
    assert ours == json.loads(plain.stdout)
