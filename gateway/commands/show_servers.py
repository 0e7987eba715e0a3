"""What `brygga status` prints of network servers in front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.model import Json


def servers_lines(servers: Mapping[str, Json]) -> Iterator[str]:
    """Yield what was told since the start, and what needs a person; nothing where no server tells anything."""
    counts, downlinks = servers.get("counts", {}), servers.get("downlinks", {})
    if not any(counts.values()):
        return
    again = f", {counts['repeated']} told again and known" if counts.get("repeated") else ""
    handed = f", {downlinks['handed']} downlinks handed on" if downlinks.get("handed") else ""
    yield f"network servers: {counts.get('uplinks', 0)} uplinks since the start{again}{handed}"
    if strangers := servers.get("strangers"):
        yield (
            f"    ! {strangers} devices are told of that nobody has registered here: their uplinks are kept and wait; "
            "`brygga frames unclaimed` tells which"
        )
    if refused := downlinks.get("refused"):
        yield f"    ! {refused} downlinks were not taken; `brygga downlink list` tells why"
    if large := counts.get("decoded_too_large"):
        yield f"    ! {large} times a server's codec said more than is kept: the payload is, what it made of it is not"
    if twice := counts.get("with_session_here"):
        yield (
            f"    ! {twice} uplinks are of devices that have a session here, too: what a radio here hears of them as well is told "
            "twice, under two ids; `brygga device show` tells of each"
        )
