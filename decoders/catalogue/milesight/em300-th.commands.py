"""What may be told to a Milesight EM300-TH, with the names of the vendor's own encoder; `interval` is `report_interval`.

FPort 85, little endian: channel, type, value, as often as one likes. Calibration is left to the vendor's tool, for its
encoder and its decoder disagree about the parts of a per cent.

Source: EM300 series user guide, section 5.3, and https://github.com/Milesight-IoT/SensorDecoders (em-series/em300-th).
"""

from __future__ import annotations

from decoders.commands import Say, Settings, choice, fixed, group, scaled, told, whole
from decoders.contract import Command, Encoded

F_PORT = 85
LONGEST_INTERVAL = 64_800  # seconds
TEMPERATURE_THRESHOLD = 1 << 3  # which alarm it is, beside its condition
CONDITIONS = {"disable": 0, "below": 1, "above": 2, "between": 3, "outside": 4}
ENABLE = {"disable": 0, "enable": 1}


def _seconds(head: bytes, high: int = LONGEST_INTERVAL) -> Say:
    return whole(head, 1, high, octets=2, order="little")


def _tenths() -> Say:
    return scaled(b"", -3276.8, 3276.7, parts=10, octets=2, order="little")


SETTINGS: Settings = {
    "interval": _seconds(b"\xff\x03"),
    "report_interval": _seconds(b"\xff\x03"),
    "collection_interval": _seconds(b"\xff\x02", high=0xFFFF),
    "reboot": fixed(b"\xff\x10\xff"),
    "report_status": fixed(b"\xff\x28\xff"),
    "history_enable": choice(b"\xff\x68", ENABLE),
    "retransmit_enable": choice(b"\xff\x69", ENABLE),
    "retransmit_interval": _seconds(b"\xff\x6a\x00"),
    "resend_interval": _seconds(b"\xff\x6a\x01"),
    "clear_history": fixed(b"\xff\x27\x01"),
    "stop_transmit": fixed(b"\xfd\x6d\xff"),
    "temperature_alarm_config": group(
        b"\xff\x06",
        {
            "condition": choice(b"", {word: code | TEMPERATURE_THRESHOLD for word, code in CONDITIONS.items()}),
            "threshold_min": _tenths(),
            "threshold_max": _tenths(),
        },
        tail=bytes(4),
    ),
}


def encode(command: Command) -> Encoded:
    """Say all settings, one after the other."""
    return Encoded(F_PORT, told(SETTINGS, command))
