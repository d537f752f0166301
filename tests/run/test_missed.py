"""A missed announcement is entered by hand, whatever else waits to be judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model import Article, Judgement, Verdict
from monitor.run.missed import enter_missed
from tests.databases import new_store

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Blind:
    """Finds nothing."""

    def judge(self, article: Article, *, now: datetime) -> Judgement:
        return Judgement("it", Verdict.NONE, 0.0, False, (), (), (), "test")


def article(number: int) -> Article:
    url = f"https://news.example/{number}"
    return Article(id=url, title=f"Notizia {number}", text="Testo.", published_at=NOW, url=url)


def test_entering_one_article_takes_no_other_from_the_service(tmp_path: Path) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    try:
        store.imports.add([article(number) for number in range(30)], NOW)
        story = enter_missed(store, Blind(), article(99), note="no rule for it", by="Ada", now=NOW)
        assert store.stories.load([story.id])[story.id].reports[0].title == "Notizia 99"
        waiting = store.matches.claim(NOW + timedelta(seconds=1), 100, 60.0)
        assert [work.article.title for work in waiting] == [f"Notizia {number}" for number in range(30)]
        with pytest.raises(ConfigError, match="entered before"):
            enter_missed(store, Blind(), article(99), note="again", by="Ada", now=NOW)
    finally:
        store.close()


def test_an_article_that_somebody_has_is_not_taken_from_him(tmp_path: Path) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    try:
        store.imports.add([article(1)], NOW)
        assert store.imports.claim(article(1).id, NOW, 60.0) is not None
        assert store.imports.claim(article(1).id, NOW + timedelta(seconds=30), 60.0) is None
        assert store.imports.claim(article(1).id, NOW + timedelta(seconds=90), 60.0) is not None
        assert store.imports.claim("https://news.example/2", NOW, 60.0) is None
    finally:
        store.close()
