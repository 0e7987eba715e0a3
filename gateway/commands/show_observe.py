"""What `brygga status` says of who watches: only what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.commands.listing import printable

if TYPE_CHECKING:
    from gateway.model import Json


def observe_lines(answer: Mapping[str, Json]) -> Iterator[str]:
    """Yield a line for a port that is not there, and for a broker that is not told."""
    if trouble := (answer.get("metrics") or {}).get("trouble"):
        yield f"    ! /metrics is not told: {printable(trouble)}"
    if trouble := (answer.get("health") or {}).get("trouble"):
        yield f"    ! health is not told: {printable(trouble)}"
