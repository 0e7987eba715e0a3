"""Frames of nobody become uplinks, with the time they were heard at, when a session appears that verifies them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gateway.errors import BadFrame
from gateway.journal import Changes
from gateway.lorawan.phy import DataFrame, parse
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import NewUplink, open_uplink
from gateway.model import Frame
from gateway.network.keeping import Keeping, Kept
from gateway.network.sessions import LiveSession, LiveSessions
from gateway.network.unclaimed import UnclaimedFrames

logger = logging.getLogger(__name__)


async def claim(
    fresh: Sequence[LiveSession], sessions: LiveSessions, frames: UnclaimedFrames, keeping: Keeping, region: Region
) -> int:
    """Keep what the kept frames say of ``fresh`` sessions, and return how many uplinks that is; none is answered."""
    addresses = frozenset(one.session.dev_addr for one in fresh)
    if not addresses:
        return 0
    verified, uplinks = [], 0
    for kept in await frames.of_addresses(addresses):
        new = _opened(kept.frame, sessions, region)
        if new is None:
            continue
        verified.append(kept.id)
        uplinks += await _keep(new, keeping)
    if verified:
        await frames.forget(verified)
        logger.info("%d frames heard before their device was known are uplinks now", uplinks)
    return uplinks


def _opened(frame: Frame, sessions: LiveSessions, region: Region) -> NewUplink | None:
    try:
        data_frame = parse(frame.phy_payload)
        if not isinstance(data_frame, DataFrame):
            return None
        opened = open_uplink(frame, data_frame, sessions.at(data_frame.dev_addr), region)
    except BadFrame:
        return None
    return opened if isinstance(opened, NewUplink) else None


async def _keep(new: NewUplink, keeping: Keeping) -> int:
    live = new.opened
    assert isinstance(live, LiveSession)
    live.session = new.session
    uplinks = (new.uplink,) if new.uplink.f_port else ()
    async with live.turn:
        if await keeping.keep(Changes(uplinks=uplinks, sessions=(new.session,))) is not Kept.LOST:
            live.safe_f_cnt_up = new.session.f_cnt_up
    return len(uplinks)
