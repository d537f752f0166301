"""Which story an announcement belongs to, and what is new about it: pure."""

from monitor.story.keys import keys, lookup_keys
from monitor.story.memory import Memory
from monitor.story.placing import place, tellers
from monitor.story.simhash import simhash
from monitor.story.vocabulary import WORDLESS, Vocabulary, vocabulary_of

__all__ = [
    "WORDLESS",
    "Memory",
    "Vocabulary",
    "keys",
    "lookup_keys",
    "place",
    "simhash",
    "tellers",
    "vocabulary_of",
]
