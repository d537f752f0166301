"""Which stories are asked for: the fields of the page's form and of the API, in one place, and the filter that they mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from monitor.console.days import day_or_none, midnight
from monitor.model import ActType, Sector, Stage
from monitor.store.desk import StoryFilter

Text = Annotated[str, Field(max_length=300)]
SIDES = 6  # parties asked for at once


class Wanted(BaseModel):
    """What a reader asks for; "" = everything."""

    model_config = ConfigDict(frozen=True)

    q: Text = ""
    principals: Text = ""
    type: ActType | Literal[""] = ""
    stage: Stage | Literal[""] = ""
    sector: Sector | Literal[""] = ""
    topic: Text = ""
    lang: Text = ""
    feed: Text = ""
    state: Text = ""
    since: Text = ""
    until: Text = ""
    page: Annotated[int, Field(ge=1, le=2000)] = 1

    def fields(self) -> dict[str, str]:
        """The form's fields, without the page."""
        return {key: str(value) for key, value in self.model_dump(exclude={"page"}).items()}

    def filter(self, zone: ZoneInfo) -> StoryFilter:
        """The filter for the store; a day that makes no sense is left out. Days are local to ``zone``."""
        since, until = day_or_none(self.since), day_or_none(self.until)
        codes = self.principals.replace(",", " ").split()[:SIDES]
        return StoryFilter(
            words=self.q,
            principals=tuple(code.upper() if len(code) == 2 else code for code in codes),
            type=self.type,
            stage=self.stage,
            sector=self.sector,
            topic=self.topic,
            lang=self.lang,
            feed=self.feed,
            state=self.state,
            since=midnight(since, zone) if since else None,
            until=midnight(until + timedelta(days=1), zone) if until else None,
        )
