"""Reads one page in the worker pool and says what came of it, also when the reader hung or died."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.model import Page, PageKind, PagePhrases
from monitor.run.workers import Ending, WorkerPool

# real pages take up to 0.4 s; a page that takes longer than this is hostile (fault case ART-03)
EXTRACT_DEADLINE_S = 10.0
EXTRACT = "monitor.extract:extract"


@dataclass(frozen=True, slots=True)
class PageReader:
    """What all pages are read with: the pool and the phrases of rules/pages/."""

    pool: WorkerPool
    phrases: PagePhrases
    deadline_s: float = EXTRACT_DEADLINE_S

    async def read(
        self,
        content: bytes,
        *,
        content_type: str,
        url: str,
        now: datetime,
        zone: str = "Europe/Rome",
        search_date: bool = True,
    ) -> Page:
        """What the page says (see ``monitor.extract.extract``). A reader that dies is tried once more: its death may have
        been another's doing (fault case ART-04); a deadline is not. Never raises for a document."""
        arguments = (content, content_type, url, now, self.phrases, zone or "Europe/Rome", search_date)
        outcome = await self.pool.call(EXTRACT, *arguments, deadline_s=self.deadline_s)
        if outcome.ending is Ending.DIED:
            outcome = await self.pool.call(EXTRACT, *arguments, deadline_s=self.deadline_s)
        match outcome.ending:
            case Ending.DONE if isinstance(outcome.value, Page):
                return outcome.value
            case Ending.DEADLINE:
                return Page(PageKind.EXTRACT_TIMEOUT, reason=f"extract-timeout: {outcome.detail}")
            case _:
                detail = f"{outcome.error}: {outcome.detail}".strip(": ")
                return Page(PageKind.EXTRACT_CRASH, reason=f"the page could not be read ({detail})")
