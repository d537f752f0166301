"""The read side of the operators' page, the API and the exports: a handful of statements a page, never one a row.

Everything here reads; what a person decides is written by ``monitor.store.actions``. Each function takes an open
connection, so that a page sees one moment of the store.
"""

from monitor.store.desk.deliveries import DeliveryLine, Outbox, SilenceLine, deliveries, outbox, silences
from monitor.store.desk.effects import Effect, with_threshold, without_rule
from monitor.store.desk.outcomes import Outcome, outcomes
from monitor.store.desk.quality import QualityFigures, SampleArticle, quality, sample
from monitor.store.desk.relations import PairCount, pair_counts
from monitor.store.desk.sources import Coverage, FeedLine, PollLine, coverage, feed_lines, polls
from monitor.store.desk.stories import (
    ArticleText,
    StoryFile,
    StoryFilter,
    StoryLine,
    choices,
    feed_titles,
    find_stories,
    newest_stories,
    rule_hits,
    stories_with_deadline,
    story_file,
)

__all__ = [
    "ArticleText",
    "Coverage",
    "DeliveryLine",
    "Effect",
    "FeedLine",
    "Outbox",
    "Outcome",
    "PairCount",
    "PollLine",
    "QualityFigures",
    "SampleArticle",
    "SilenceLine",
    "StoryFile",
    "StoryFilter",
    "StoryLine",
    "choices",
    "coverage",
    "deliveries",
    "feed_lines",
    "feed_titles",
    "find_stories",
    "newest_stories",
    "outbox",
    "outcomes",
    "pair_counts",
    "polls",
    "quality",
    "rule_hits",
    "sample",
    "silences",
    "stories_with_deadline",
    "story_file",
    "with_threshold",
    "without_rule",
]
