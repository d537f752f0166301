"""A flood of near-identical reports of one act: what the hundredth costs is what the tenth costs, counted, not timed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event

from monitor.alert.office import Office
from monitor.model import ActType, Announcement, Article, Judgement, Party, Stage, Verdict
from monitor.run.match import Desk, MatchStep
from monitor.store import Store
from monitor.store import stories as story_store
from tests.databases import new_store

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SIDES = (Party("IT", "state", "IT", "Italia"), Party("CN", "state", "CN", "Cina"))


class Says:
    """Finds the same act in every article."""

    def judge(self, article: Article, *, now: datetime) -> Judgement:
        said = Announcement(ActType.AGREEMENT, Stage.SIGNED, SIDES, article.text, "test.rule", 0.9, object="energia")
        return Judgement("it", Verdict.ANNOUNCEMENT, 0.9, True, (said,), (), (), "test")


def article(number: int) -> Article:
    text = f"Italia e Cina hanno firmato il memorandum sull'energia solare, dice l'agenzia numero {number}."
    return Article(
        f"a{number}",
        "Italia e Cina firmano sull'energia",
        text,
        NOW + timedelta(minutes=number),
        url=f"https://n/{number}",
    )


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements that reach the database."""
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = store.database._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_each_report_of_a_flood_costs_the_same_number_of_statements(tmp_path: Path) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    step = MatchStep(store, Says(), Desk((), Office("test")), clock=lambda: NOW)
    costs = []
    try:
        for number in range(40):
            store.imports.add([article(number)], NOW)
            with statements(store) as seen:
                for work in step.claim(NOW, 10):
                    step.commit([asyncio.run(step.act(work))], NOW)
            costs.append(len(seen))
        with store.database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*), max(reports) FROM story").one() == (1, 40)
        assert len(set(costs[1:])) == 1, costs
    finally:
        store.close()


def test_a_report_that_was_read_a_moment_ago_is_not_parsed_again(tmp_path: Path) -> None:
    store = new_store(f"sqlite:///{tmp_path}/coopwatch.db")
    step = MatchStep(store, Says(), Desk((), Office("test")), clock=lambda: NOW)
    try:
        store.imports.add([article(number) for number in range(20)], NOW)
        for work in step.claim(NOW, 10):
            step.commit([asyncio.run(step.act(work))], NOW)
        with store.database.read() as connection:
            (story_id,) = connection.exec_driver_sql("SELECT id FROM story").scalars()
        story_store._report.cache_clear()
        for _ in range(5):
            assert len(store.stories.reports([story_id])[story_id]) == 20
        assert story_store._report.cache_info().misses == 20
    finally:
        store.close()
