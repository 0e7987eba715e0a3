"""Who may do what."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do: each may what those before it may."""

    METRICS = "metrics"  # the numbers that Prometheus fetches, and nothing else
    VIEW = "view"
    OPERATE = "operate"  # devices, downlinks, dead letters
    ADMIN = "admin"  # reload, support file, sessions of others

    def may(self, needed: Role) -> bool:
        """Tell whether this role is enough where ``needed`` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
