"""A worker of a fleet from an opened machine. Apart, because only PostgreSQL with several machines needs the library of jobs."""

from __future__ import annotations

from monitor.app.machine import Machine
from monitor.errors import ConfigError
from monitor.run.fleet import Fleet
from monitor.store.engine import conninfo


def fleet_of(machine: Machine, *, take_rules: bool) -> Fleet:
    """The steps, driven by jobs that several machines share. ``take_rules`` makes this rule set the one in force.
    Raises ConfigError on SQLite."""
    store = machine.store
    if store.database.dialect != "postgresql":
        raise ConfigError(
            'coopwatch worker needs PostgreSQL: set database_url = "postgresql+psycopg://..." (coopwatch db move '
            "carries everything over), or use coopwatch run on one machine"
        )
    store.fleet.put_in_force(machine.knowledge.ruleset.digest, replace=take_rules)
    return Fleet(
        conninfo(machine.settings.database_url),
        machine.steps,
        store.fleet,
        store.database.owner,
        machine.writer,
        clock=machine.clock,
        rules=lambda: machine.knowledge.ruleset.digest,
        look_after=machine.look_after,
    )
