"""RuleSet + article -> evidence -> announcements and mentions, with score and explanation. Pure."""

from monitor.match.matcher import Matcher

__all__ = ["Matcher"]
