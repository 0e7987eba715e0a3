"""What may be told to a Dragino LHT65 and LHT65N: one command in a downlink, on any FPort (2 here), big endian.

    01 uint24               seconds between two reports
    28 uint8                1: the clock is set by the network (DeviceTimeReq)
    29 uint8                days between two settings of the clock
    31 uint32 uint32 uint8  stored records from one time to another are asked for, so many seconds between two uplinks
    a2 uint8 ..             the external sensor
    a3 01                   stored records are forgotten
    a8 uint8                1: the probe's number is told once a day

Source: LHT65 Temperature & Humidity Sensor User Manual v1.8.5, section 2.7 and 2.6.4.
"""

from __future__ import annotations

from decoders.commands import Settings, choice, fixed, group, one_told, switch, whole
from decoders.contract import Command, Encoded

F_PORT = 2


SETTINGS: Settings = {
    "interval": whole(b"\x01", 1, 2**24 - 1, octets=3),
    "time_sync": switch(b"\x28"),
    "time_sync_days": whole(b"\x29", 1, 255, octets=1),
    "records": group(
        b"\x31",
        {
            "from": whole(b"", 0, 2**32 - 1, octets=4),
            "to": whole(b"", 0, 2**32 - 1, octets=4),
            "pause": whole(b"", 5, 255, octets=1),
        },
    ),
    "external_sensor": choice(b"\xa2", {"temperature": 1, "temperature_with_time": 9}),
    "forget_records": fixed(b"\xa3\x01"),
    "probe_id": switch(b"\xa8"),
}


def encode(command: Command) -> Encoded:
    """Say the one setting that is asked for."""
    return Encoded(F_PORT, one_told(SETTINGS, command))
