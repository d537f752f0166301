"""Several machines on one PostgreSQL: Procrastinate carries the jobs, the rows of the domain carry the state.

A job only says "look at this step": it claims, acts and commits with the same step functions as on one machine, so that a job
run twice finds nothing to do and a lost job is lost work of nobody. A periodic dispatch, which Procrastinate defers once however
many workers there are, counts what is due and defers jobs under queueing locks; another retries the jobs of killed workers and
frees their claims.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from socket import gethostname
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from monitor.errors import StoreError
from monitor.run.alive import DEAD_AFTER_S, HEARTBEAT_S
from monitor.run.driver import Writer
from monitor.run.lane import Lane
from monitor.run.step import AnyStep
from monitor.store.fleet import FleetStore

logger = logging.getLogger(__name__)

SCHEMA = "coopwatch_jobs"  # a schema of its own: the tables of the jobs do not mix with ours
SHIFT_S = 10.0  # a job lasts at most so long; the work goes on, and the next job finds it
DRAIN_S = 30.0  # how long a stop waits for what is under way
FEEDS_PER_JOB = 50
DELIVERIES_DISPATCHED = 200
JOB_CONNECTIONS = 4  # besides one that listens for each queue, and one or two of the store: a dozen a worker
# A job that is still being done after so long was lost: when a connection drops, its end is not stored, or nobody hears that it
# was handed out, and the library asks after the jobs of dead workers only. (Its own question by age is to be removed.)
LOST_AFTER_S = 30.0
_LOST_JOBS = """
SELECT job.id, job.status, job.task_name, job.priority, job.lock, job.queueing_lock, job.args, job.scheduled_at,
       job.queue_name, job.attempts, job.worker_id
  FROM procrastinate_jobs job JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'started'
 WHERE job.status = 'doing'
 GROUP BY job.id
HAVING max(event.at) < now() - make_interval(secs => %(seconds)s)
"""
AGAIN_S = 1.0  # after a connection dropped
LANES = ("poll", "read", "match", "collect", "deliver")
OFFICE = "office"  # the queue of what is done by the clock


@dataclass(slots=True)
class Shift:
    """What one worker is at."""

    stopping: bool = False
    refused: str = ""  # the rule set in force that this worker does not have


class Fleet:
    """One worker of the fleet."""

    def __init__(
        self,
        address: str,
        steps: Sequence[AnyStep],
        store: FleetStore,
        owner: str,
        writer: Writer,
        *,
        clock: Callable[[], datetime],
        rules: Callable[[], str],
        look_after: Callable[[], Awaitable[None]],
    ) -> None:
        self._lanes: Mapping[str, Lane] = {step.name: Lane(step, writer, clock) for step in steps}
        self._store, self._owner, self._writer, self._clock = store, owner, writer, clock
        self._rules, self._look_after = rules, look_after
        self._shift, self._machine = Shift(), gethostname()
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=address, kwargs={"options": f"-c search_path={SCHEMA}"}, min_size=1, max_size=JOB_CONNECTIONS
            )
        )
        # Every worker of an app runs the clock of its periodic tasks, which with one app for all queues is five times too
        # often (a seventh of what a process at rest cost). The clock is the office's; both apps share the connections.
        self._office = procrastinate.App(connector=self.app.connector)
        self._tasks = {name: self._task(name) for name in LANES}
        self._periodic()

    # ------------------------------------------------------------------------------------------ running

    async def run(self, announce: Callable[[str], None], status: Callable[[], str]) -> None:
        """Works until SIGTERM or SIGINT; running jobs finish, their claims are committed."""
        loop = asyncio.get_running_loop()
        await self._writer.call(self._store.make_jobs_schema, SCHEMA, self.app.schema_manager.get_schema())
        await self._beat()
        async with self.app.open_async():
            stop = asyncio.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            workers = [asyncio.ensure_future(self._work(name)) for name in (*LANES, OFFICE)]
            workers.append(asyncio.ensure_future(self._keep_beating()))
            announce(f"coopwatch is ready: {status()}")
            stopped = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait([stopped, *workers], return_when=asyncio.FIRST_COMPLETED)
                announce("coopwatch is stopping")
                self._shift.stopping = True
                for lane in self._lanes.values():
                    lane.stop()
                for worker in workers:
                    worker.cancel()
                ended = await asyncio.gather(*workers, return_exceptions=True)
                await asyncio.gather(*(lane.ended(DRAIN_S) for lane in self._lanes.values()))
                await self._writer.call(self._store.leave)
            finally:
                stopped.cancel()
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)
            for fault in ended:
                if isinstance(fault, Exception):
                    raise fault

    async def _beat(self) -> None:
        await self._writer.call(self._store.beat, self._machine, self._rules(), self._clock())

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await self._beat()
            except StoreError as exc:
                logger.warning("no sign of life could be given error=%s", exc)

    async def _work(self, queue: str) -> None:
        """Works at a queue, and again when the connection to it dropped: its jobs are in the database all the while. The
        library's worker ends with an error then, or quietly, as though it had been told to."""
        while not self._shift.stopping:
            cause = "it was closed"
            try:
                await self._work_connected(queue)
            except (ConnectorException, psycopg.Error) as exc:
                cause = str(exc.__cause__ or exc).strip()
            logger.warning("connection to the jobs dropped, connecting again queue=%s error=%s", queue, cause)
            await asyncio.sleep(AGAIN_S)

    async def _work_connected(self, queue: str) -> None:
        app = self._office if queue == OFFICE else self.app
        await app.run_worker_async(
            queues=[queue],
            name=f"{self._owner}.{queue}",
            concurrency=4 if queue == "deliver" else 1,
            install_signal_handlers=False,
            listen_notify=True,
            fetch_job_polling_interval=1.0,
            delete_jobs="always",  # what failed is in the log, and the next dispatch finds what is due
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=DEAD_AFTER_S,
            shutdown_graceful_timeout=DRAIN_S,
        )

    # ------------------------------------------------------------------------------------------ jobs

    def _task(self, name: str) -> Any:
        async def work(**_: Any) -> None:
            await self._look_at(name)

        return self.app.task(
            name=f"coopwatch.{name}", queue=name, retry=procrastinate.RetryStrategy(max_attempts=3, wait=1)
        )(work)

    async def _look_at(self, name: str) -> None:
        """Works at one step until nothing is due or the shift ends, then dispatches what followed from it."""
        if self._shift.stopping:
            return
        lane = self._lanes[name]
        if name == "match" and not await self._judges():
            lane.stop()
            return
        if await lane.look(SHIFT_S) and not self._shift.stopping:
            await self.dispatch()

    async def _judges(self) -> bool:
        """Whether this worker's rule set is the one in force; another judges nothing, and says so once."""
        mine = self._rules()
        in_force = await self._writer.call(self._store.rules_in_force)
        if in_force != mine and self._shift.refused != in_force:
            logger.warning("judges nothing: rules=%s differ from rules_in_force=%s", mine[:12], in_force[:12])
        self._shift.refused = "" if in_force == mine else in_force
        return in_force == mine

    def _periodic(self) -> None:
        @self._office.periodic(cron="* * * * * *")
        @self._office.task(name="coopwatch.dispatch", queue=OFFICE, queueing_lock="dispatch")
        async def dispatch(timestamp: int) -> None:
            await self.dispatch()

        @self._office.periodic(cron="* * * * * */10")
        # no lock: one that died with its worker would keep every later one from freeing it; twice does no harm
        @self._office.task(name="coopwatch.recover", queue=OFFICE, queueing_lock="recover")
        async def recover(timestamp: int) -> None:
            await self.recover()

        @self._office.periodic(cron="* * * * *")
        @self._office.task(name="coopwatch.look_after", queue=OFFICE, queueing_lock="look_after", lock="look_after")
        async def look_after(timestamp: int) -> None:
            await self._look_after()

    async def dispatch(self) -> None:
        """Counts what is due and defers jobs for it; those that are queued already are not queued twice."""
        now = self._clock()
        due = await self._writer.call(self._store.backlog, now, DELIVERIES_DISPATCHED)
        workers = len(await self._writer.call(self._store.living, now - timedelta(seconds=DEAD_AFTER_S)))
        wanted = [("poll", slot) for slot in _slots(due.polls, workers)]
        wanted += [("read", slot) for slot in _slots(due.reads, workers)]
        if due.matches and await self._judges():
            wanted.append(("match", "0"))
        wanted.append(("collect", "0"))
        wanted += [("deliver", delivery_id) for delivery_id in due.deliveries]
        for name, slot in wanted:
            try:
                await self._tasks[name].configure(queueing_lock=f"{name}:{slot}").defer_async(slot=slot)
            except AlreadyEnqueued:
                continue

    async def _again(self, job: Job, what: str) -> None:
        manager = self.app.job_manager
        try:
            await manager.retry_job(job)
        except UniqueViolation:  # the same job is queued already
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
        logger.warning("%s task=%s", what, job.task_name)

    async def recover(self) -> None:
        """Gives the jobs of killed workers, and those that were lost, to others; ends the claims that died with workers. A job
        that is only slow runs twice then, which changes nothing."""
        for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_S):
            await self._again(job, "job of a dead worker is run again")
        for row in await self.app.connector.execute_query_all_async(_LOST_JOBS, seconds=LOST_AFTER_S):
            await self._again(Job.from_row(row), "job that was lost is run again")
        now = self._clock()
        living = await self._writer.call(self._store.living, now - timedelta(seconds=DEAD_AFTER_S))
        freed = await self._writer.call(self._store.free_claims, {*living, self._owner}, now)
        if freed:
            logger.warning("claims of dead workers ended claims=%s", freed)


def _slots(due: int, workers: int) -> list[str]:
    """One job a worker at most: each works at its step until nothing is due, and more jobs would only wait in the queue."""
    return [str(slot) for slot in range(min(ceil(due / FEEDS_PER_JOB), max(1, workers)))]
