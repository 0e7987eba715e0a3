"""Numbers of joins and activations that a commit moves; none moves back."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.journal.database import Each, Insert, Step
from gateway.journal.sessions import eui_number
from gateway.journal.writer import Entry

JOIN_NONCE = (  # never back: a device refuses a JoinNonce that it knows
    "INSERT INTO join_nonces VALUES (?, ?) ON CONFLICT (dev_eui) DO UPDATE SET next = max(next, excluded.next)"
)
ABP_ACTIVATION = (  # never back: a second activation of one number would give its uplinks ids that are in use
    "INSERT INTO abp_activations VALUES (?, ?) ON CONFLICT (dev_eui) DO UPDATE SET last = max(last, excluded.last)"
)
REJOIN_COUNT = (
    "INSERT INTO rejoin_counts VALUES (?, ?, ?)"
    " ON CONFLICT (dev_eui, join_eui) DO UPDATE SET last = max(last, excluded.last)"
)


def moved(entries: Sequence[Entry]) -> list[Step]:
    """Return what stores the nonces and numbers of ``entries``."""
    used, following, rejoined, activated = [], [], [], []
    for entry in entries:
        changes = entry.changes
        if changes.dev_nonces or changes.join_nonces or changes.rejoin_counts or changes.abp_activations:
            used += [(eui_number(eui), nonce) for eui, nonce in changes.dev_nonces]
            following += [(eui_number(eui), nonce) for eui, nonce in changes.join_nonces]
            rejoined += [(eui_number(eui), eui_number(join), count) for eui, join, count in changes.rejoin_counts]
            activated += [(eui_number(eui), number) for eui, number in changes.abp_activations]
    return [
        *([Insert("INSERT OR IGNORE INTO dev_nonces", used)] if used else []),
        *([Each(ABP_ACTIVATION, activated)] if activated else []),
        *([Each(JOIN_NONCE, following)] if following else []),
        *([Each(REJOIN_COUNT, rejoined)] if rejoined else []),
    ]
