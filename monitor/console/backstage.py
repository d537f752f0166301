"""What the page needs of the service behind it, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.alert.words import Words
from monitor.model import Article, Judgement
from monitor.rulebook import RuleSet
from monitor.run.curator import Curator
from monitor.store.engine import Database


@dataclass(frozen=True, slots=True)
class Backstage:
    """Everything the console is given; made in one place, where the service is wired."""

    database: Database
    verbs: Curator
    rules: Callable[[], RuleSet]
    judge: Callable[[Article], Judgement]
    words: Callable[[str], Words]  # of a language
    language: str  # of programs, and of people whose browser wishes for none that there is
    timezone: str
    clock: Callable[[], datetime]
    sends_nothing: bool
    routes: tuple[str, ...]
    health: Callable[[], tuple[bool, str]]  # /readyz
    metrics: Callable[[], bytes]
    password: Callable[[], str]
    threshold: float = 0.4  # of the stories that the feeds list: a route without a threshold of its own
