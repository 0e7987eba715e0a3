"""When an uplink was heard that a network server has told: by the server's clock, never by its arrival here."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.dating import EARLIEST, LAST_YEAR
from gateway.model import NO_MONOTONIC, Instant, ServerUplink, TimeQuality

AHEAD: Final = timedelta(hours=1)  # of a clock here that is trusted: the server's is wrong


def instant(told: ServerUplink, trust: TimeQuality) -> Instant:
    """Return when ``told`` was heard.

    A broker keeps for hours what it has for this box, so the time of arrival says nothing. The server's own time counts as
    `ntp`: servers in a network have that as a rule, and gateways with GPS tell them better. One that cannot be (before this program
    was written, or ahead of a clock here that is trusted) is kept, and marked as nobody's.
    """
    came = told.heard_at
    if told.server_time is None:
        return came
    is_ahead = came.quality >= trust and told.server_time - came.utc > AHEAD
    can_be = told.server_time >= EARLIEST and told.server_time.year < LAST_YEAR and not is_ahead
    quality = TimeQuality.NTP if can_be else TimeQuality.UNSYNCHRONISED
    return Instant(told.server_time, NO_MONOTONIC, came.boot_id, quality)
