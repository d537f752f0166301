"""A draft's bytes, made once; one that cannot be rendered is parked, so that its news stands on an account."""

from __future__ import annotations

from datetime import datetime

from monitor.alert.drafts import Draft
from monitor.model import Delivery
from monitor.run.guard import tried


def rendered(draft: Draft, now: datetime) -> Delivery:
    """The delivery of a draft, queued, or dead with the reason why it cannot be rendered."""
    return tried(
        lambda: draft.render(now),
        f"message {draft.delivery_id}",
        lambda fault: draft.parked(now, f"cannot be rendered: {fault}"),
    )
