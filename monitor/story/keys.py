"""Under which keys a story is stored and sought. Keys are short strings of ids and hashes, the same in every
language.

``pair:CN+RU`` two principals act together; ``object:...`` a thing the rule set knows; ``text:...`` a quarter of a
simhash, so that a near copy is found though its parties were read differently; ``article:...`` the article itself,
so that a second run finds its story.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from monitor.model import Article, Judgement, Story
from monitor.story.signature import OPEN_ENDED, is_id, of_story, principals

# of a declaration by forty states the first few name it well enough; all pairs would be 780 keys
_MAX_PRINCIPALS = 8
_QUARTERS = 4
_QUARTER_BITS = 16


def lookup_keys(article: Article, judgement: Judgement, simhash: int) -> frozenset[str]:
    """The keys under which the stories that this article may belong to are found; empty where it reports no act."""
    found = {f"article:{article.id}", *_text_keys(simhash)}
    for said in (*judgement.announcements, *(mention.announcement for mention in judgement.mentions)):
        found.update(_pair_keys(principals(said)))
        if is_id(said.object):
            found.add(f"object:{said.object}")
    return frozenset(found)


def keys(story: Story) -> frozenset[str]:
    """The keys under which a story is stored: a superset of those under which its next report seeks it."""
    memory = of_story(story)
    found = {f"object:{name}" for name in memory.objects}
    found.update(_pair_keys(sorted(memory.principals, key=lambda name: (-memory.principals[name], name))))
    for article_id, value in memory.sources:
        found.add(f"article:{article_id}")
        found.update(_text_keys(value))
    return frozenset(found)


def _pair_keys(names: Iterable[str]) -> Iterator[str]:
    named = [name for name in names if name not in OPEN_ENDED][:_MAX_PRINCIPALS]
    if len(named) == 1:
        yield f"pair:{named[0]}"
    for pair in combinations(sorted(named), 2):
        yield f"pair:{'+'.join(pair)}"


def _text_keys(simhash: int) -> Iterator[str]:
    if simhash:
        for quarter in range(_QUARTERS):
            yield f"text:{quarter}{(simhash >> (_QUARTER_BITS * quarter)) & 0xFFFF:04x}"
