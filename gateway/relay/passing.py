"""What travels of what a gateway brought: the datagram as it came, or what is left of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.model import Eui64, Frame
from gateway.relay.filters import is_uplink, passes
from gateway.relay.settings import Filters
from gateway.sources.tap import Tapped

AGENT = ""  # who answers a device that the agent is the network of

Whose = Callable[[Frame], str | None]
"""Return who answers the device that sent a frame: AGENT, a relay's name, None for a stranger's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What goes on to a server; without datagram and frames it is a sign of life.

    ``frames`` are those that can be read. ``kept`` are those of them that are kept where the server does not get them: uplinks that
    the agent itself does not keep.
    """

    gateway: Eui64
    frames: tuple[Frame, ...] = ()
    kept: tuple[Frame, ...] = ()
    datagram: bytes = b""


def passing(tapped: Tapped, filters: Filters, whose: Whose, counts: Counter[str]) -> Passing | None:
    """Return what travels of ``tapped``, counted; None where nothing does."""
    travels = [_travels(one, filters, whose, counts) for one in tapped.frames]
    frames = tuple(one for one, (goes, _) in zip(tapped.frames, travels, strict=True) if goes and one is not None)
    kept = tuple(one for one, (_, is_kept) in zip(tapped.frames, travels, strict=True) if is_kept and one is not None)
    datagram = _datagram(tapped, [goes for goes, _ in travels])
    if tapped.frames and not frames and not datagram:
        return None
    return Passing(gateway=tapped.gateway, frames=frames, kept=kept, datagram=datagram)


def _travels(frame: Frame | None, filters: Filters, whose: Whose, counts: Counter[str]) -> tuple[bool, bool]:
    """Return whether a frame travels, and whether it is kept where it does not arrive."""
    if frame is None:
        counts["filtered_unreadable" if filters.choose else "passed_unreadable"] += 1
        return not filters.choose, False
    is_own = whose(frame) == AGENT
    if is_own and not filters.own:
        counts["filtered_own"] += 1
        return False, False
    if not passes(filters, frame.phy_payload):
        counts["filtered"] += 1
        return False, False
    counts["passed"] += 1
    return True, not is_own and is_uplink(frame.phy_payload)


def _datagram(tapped: Tapped, goes: list[bool]) -> bytes:
    """Return a forwarder's datagram, without the packets that stay; b"" where nothing is left, and of a radio that speaks otherwise."""
    said = tapped.said
    if said is None or all(goes):
        return tapped.datagram
    left = tuple(rxpk for rxpk, travels in zip(said.rxpk, goes, strict=True) if travels)
    try:
        return replace(said, rxpk=left).to_bytes() if left or said.stat is not None else b""
    except RecursionError:  # nested so deep that it was just read; the frames go on by their values
        return b""
