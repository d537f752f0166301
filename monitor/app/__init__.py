"""The wiring: settings and rules become steps over one store. The only place where everything meets; decides nothing.

``knowledge`` is what people wrote, ``machine`` the running installation over it, ``fleet`` (imported by its name) one of several.
"""

from monitor.app.knowledge import Knowledge, fetch_limits, host_name, learn, routes_of, sender
from monitor.app.machine import Machine, open_machine, open_reach

__all__ = [
    "Knowledge",
    "Machine",
    "fetch_limits",
    "host_name",
    "learn",
    "open_machine",
    "open_reach",
    "routes_of",
    "sender",
]
