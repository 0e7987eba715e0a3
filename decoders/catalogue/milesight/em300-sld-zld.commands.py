"""What may be told to a Milesight EM300-SLD or EM300-ZLD, with the names of the vendor's own encoder.

FPort 85, little endian: channel, type, value, as often as one likes; `interval` is `report_interval`.

Source: EM300 series user guide, section 5.3, and https://github.com/Milesight-IoT/SensorDecoders (em-series/em300-sld).
"""

from __future__ import annotations

import re
from typing import Any

from decoders.commands import Say, Settings, choice, fixed, group, scaled, told, whole
from decoders.contract import Command, Encoded

F_PORT = 85
LONGEST_INTERVAL = 64_800  # seconds
TEMPERATURE, LEAKAGE = 1 << 3, 2 << 3  # which alarm it is, beside its condition
CONDITIONS = {"disable": 0, "below": 1, "above": 2, "between": 3, "outside": 4}
ENABLE = {"disable": 0, "enable": 1}
IN_USE = {"disable": 0, "enable": 0x80}  # the highest bit, beside which value is corrected
EVENTS = {"temperature_alarm": 1, "temperature_alarm_release": 2, "leakage_alarm": 3, "leakage_alarm_release": 4}
REPORTS = {"lora": 0, "d2d": 1, "d2d_and_lora": 3}


def _seconds(head: bytes, high: int = LONGEST_INTERVAL) -> Say:
    return whole(head, 1, high, octets=2, order="little")


def _tenths() -> Say:
    return scaled(b"", -3276.8, 3276.7, parts=10, octets=2, order="little")


def _order(value: Any) -> bytes:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-fA-F]{4}", value):
        raise ValueError(f"{value!r} where 4 hex digits are expected")
    return bytes.fromhex(value)[::-1]


def _each(say: Say) -> Say:
    """Return what says every one of a list."""

    def say_all(value: Any) -> bytes:
        if not isinstance(value, list) or not value:
            raise ValueError(f"{value!r} where a list of objects is expected")
        return b"".join(map(say, value))

    return say_all


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
            "condition": choice(b"", {word: code | TEMPERATURE for word, code in CONDITIONS.items()}),
            "threshold_min": _tenths(),
            "threshold_max": _tenths(),
        },
        tail=bytes(4),
    ),
    "leakage_alarm_config": group(
        b"\xff\x06",
        {
            "enable": choice(b"", {word: code | LEAKAGE for word, code in ENABLE.items()}),
            "report_interval": whole(bytes(4), 0, 0xFFFF, octets=2, order="little"),
            "report_times": whole(b"", 0, 0xFFFF, octets=2, order="little"),
        },
    ),
    "temperature_calibration_settings": group(
        b"\xff\xea", {"enable": choice(b"", IN_USE), "calibration_value": _tenths()}
    ),
    "d2d_master_config": _each(
        group(b"\xff\x79", {"mode": choice(b"", EVENTS), "report_type": choice(b"", REPORTS), "d2d_cmd": _order})
    ),
}


def encode(command: Command) -> Encoded:
    """Say all settings, one after the other."""
    return Encoded(F_PORT, told(SETTINGS, command))
