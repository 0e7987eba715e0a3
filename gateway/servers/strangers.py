"""Devices that a network server tells of and that nobody has registered here; their uplinks are kept, and told when somebody has."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from gateway.model import Eui64, Frame, Uplink
from gateway.network.unclaimed import Stranger

MOST: Final = 1_000  # whom a person would look through; the ones heard least lately are forgotten
KIND: Final = "served"


class Strangers:
    """Who they are, since the start."""

    def __init__(self) -> None:
        self._known: OrderedDict[Eui64, Stranger] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def note(self, uplink: Uplink, source: str) -> None:
        """Note one of a stranger's uplinks."""
        heard = Frame(b"", uplink.receptions, uplink.heard_at)
        stranger = self._known.setdefault(uplink.dev_eui, Stranger(KIND, uplink.dev_eui, None, heard))
        stranger.last, stranger.source = heard, source
        stranger.frames += 1
        stranger.gateways |= {reception.gateway for reception in uplink.receptions}
        self._known.move_to_end(uplink.dev_eui)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def forget(self, dev_eui: Eui64) -> bool:
        """Forget one who is registered now, and tell whether it was known."""
        return self._known.pop(dev_eui, None) is not None

    def all(self) -> Sequence[Stranger]:
        """Return them, the last heard first."""
        return [*reversed(self._known.values())]
