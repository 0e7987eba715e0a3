"""What may be told to an Elsys ERS and its whole family.

FPort 6 (the device's own port and one more, 5 by default), big endian:

    3e LL (type value)*      L  uint8  octets that follow

The sample period is in seconds, the other periods are in sample periods; 0 switches a sensor off. Some settings hold only
after a reboot, which goes last, for it is done at once.

Source: https://elsys.se/public/documents/elsys_downlink_payload.pdf (Sensor downlink payload, v2.1).
"""

from __future__ import annotations

from decoders.commands import Say, Settings, choice, fixed, switch, told, whole
from decoders.contract import Command, Encoded, EncodeError, EncodeReason

F_PORT = 6
HEADER = 0x3E
LONGEST = 0xFF  # octets that the length octet can say
REBOOT = "reboot"


def _uint32(kind: int, low: int = 0) -> Say:
    return whole(bytes([kind]), low, 2**32 - 1, octets=4)


SETTINGS: Settings = {
    "interval": _uint32(0x14, low=1),
    "confirmed": switch(b"\x0a"),
    "motion_mode": choice(b"\x11", {"off": 0, "trigger": 1, "count": 2}),
    "temperature_period": _uint32(0x15),
    "humidity_period": _uint32(0x16),
    "light_period": _uint32(0x17),
    "motion_period": _uint32(0x18),
    "co2_period": _uint32(0x19),
    "external_period": _uint32(0x1A),
    "trigger_time": _uint32(0x1C),
    "acceleration_period": _uint32(0x1D),
    "battery_period": _uint32(0x1E),
    "send_period": _uint32(0x1F),
    "pressure_period": _uint32(0x23),
    "sound_period": _uint32(0x24),
    REBOOT: fixed(b"\xfe"),
}


def encode(command: Command) -> Encoded:
    """Say all settings in one message, a reboot last."""
    ordered = {name: command[name] for name in sorted(command, key=lambda name: name == REBOOT)}
    octets = told(SETTINGS, ordered)
    if len(octets) > LONGEST:
        raise EncodeError(
            EncodeReason.TOO_MANY, f"{len(octets)} octets where one message says {LONGEST}; send them apart"
        )
    return Encoded(F_PORT, bytes([HEADER, len(octets)]) + octets)
