"""What packet forwarders sent, or would have sent, of each record of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gateway.model import Eui64, Frame, Instant, TimeQuality
from gateway.relay.writing import written
from gateway.sources.gwmp import sender
from gateway.sources.recording.records import Datagram, Radioed, Record

NEVER: Final = Instant(
    datetime.min.replace(tzinfo=UTC), 0.0, "", TimeQuality.UNKNOWN
)  # of a frame of which nobody asks when it was heard


def pushed(record: Record) -> Iterator[tuple[Eui64, bytes]]:
    """Yield the datagrams of a record with their gateways; of what no gateway has sent none.

    A frame without its datagram becomes a PUSH_DATA for each reception; its concentrator's counter is made of the record's time.
    """
    match record.what:
        case Datagram(octets):
            gateway = sender(octets)
            if gateway is not None:
                yield gateway, octets
        case Radioed(received=received):
            tmst = round((record.at_s or 0.0) * 1e6) & 0xFFFF_FFFF
            for one in received.receptions:
                heard = Frame(received.phy_payload, (replace(one, timestamp_us=tmst),), NEVER)
                yield one.gateway, written(one.gateway, [heard], 0)
