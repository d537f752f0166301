"""Which story an announcement belongs to, and what is new about it: pure."""

from monitor.story.common import common_stems
from monitor.story.keys import keys, lookup_keys
from monitor.story.memory import Memory
from monitor.story.placing import place, tellers, turn
from monitor.story.simhash import simhash

__all__ = ["Memory", "common_stems", "keys", "lookup_keys", "place", "simhash", "tellers", "turn"]
