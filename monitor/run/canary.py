"""The canary: an invented entry taken through the real parser, judge, grouping and composer. It is stored nowhere, so that no
operator and no statistic ever meets it; what reaches people is only the news that it came through.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

from monitor.alert import headline
from monitor.model import Article, FeedSpec, Novelty, ReadMethod
from monitor.run.feeds import ParseFault, parse_feed
from monitor.run.match import Desk, Judge
from monitor.run.selfwatch import CanaryLost
from monitor.run.workers import WorkerPool
from monitor.story import place
from monitor.text import counted

NAME = "canary.xml"
SPEC = FeedSpec("https://canary.invalid/rss", "coopwatch", "it", format="rss")


async def run_canary(folders: tuple[Path, ...], pool: WorkerPool, judge: Judge, desk: Desk, now: datetime) -> timedelta:
    """Takes the canary of the first rules folder that has one through the line. Returns how long it took. Raises CanaryLost
    with the step that lost it."""
    began = time.monotonic()
    path = next((folder / NAME for folder in folders if (folder / NAME).is_file()), None)
    if path is None:
        raise CanaryLost(f"no {NAME} in {', '.join(str(folder) for folder in folders)}")
    parsed = await parse_feed(pool, path.read_bytes(), content_type="application/rss+xml", feed=SPEC)
    if isinstance(parsed, ParseFault):
        raise CanaryLost(f"poll: {parsed.kind}: {parsed.detail}")
    if len(parsed.entries) != 1:
        raise CanaryLost(f"poll: {counted(len(parsed.entries), 'entry', 'entries')} in place of one")
    entry = parsed.entries[0]
    article = Article("canary", entry.title, entry.content, now, url=entry.url, language="it", method=ReadMethod.FEED)
    judgement = judge.judge(article, now=now)
    if not judgement.alert:
        raise CanaryLost(f"match: judged {judgement.verdict} with score {judgement.score:.2f}")
    changes = place(article, judgement, (), now)
    if not changes or changes[0].novelty is not Novelty.NEW:
        raise CanaryLost("story: no new story came of it")
    for words in desk.office.lexicon.values():
        if not headline.of_story(changes[0].story, words):
            raise CanaryLost("alert: it has no headline")
    return timedelta(seconds=time.monotonic() - began)
