"""Feed formats: bytes in, entries out. Fetches nothing and stores nothing."""

from monitor.sources.notafeed import NotAFeed, NotAFeedKind
from monitor.sources.parse import FORMATS, LIMIT, parse

__all__ = ["FORMATS", "LIMIT", "NotAFeed", "NotAFeedKind", "parse"]
