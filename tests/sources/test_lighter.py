"""feedparser answers the same with less work."""

from __future__ import annotations

import copy
import inspect
import json
import random
import subprocess
import sys
import warnings

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources import rss
from monitor.sources.lighter import COMPUTED, flat_copy, lighten

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
    found = rss._feedparser(FEED, URL)
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
