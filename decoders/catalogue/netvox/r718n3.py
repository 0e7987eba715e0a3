"""Netvox R718N3: the currents of three phases, by clamps.

FPort 6 (the frame and the answers on FPort 7: `_frames.py`):

    VV 4a 01 BB IIII JJJJ KKKK MM    the currents, uint16, and the first one's factor, uint8
    VV 4a 02 BB MM NN                the factors of the second and the third
    VV 4a 03 BB IIII JJJJ KKKK MM    newer: the currents, and all factors: bits 0-1, 2-3, 4-5; 0 1, 1 5, 2 10, 3 100
    VV 4a 04 BB AA                   alarms: bits 0 to 5, low and high, of the first to the third

A current is its value times its factor, in mA. Reports 01 and 02 share that out over two frames, so 01 states the first
current alone; which of 02 belong to which of 01 a decoder cannot know. The misspelt HighCurren2Alarm is the vendor's.

Source: Netvox LoRaWAN Application Command, R718N3; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import LIMITS, Fields, Model, Value, of
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("battery_voltage", "current", "low_battery")

FACTORS = (1, 5, 10, 100)
PHASES = (1, 2, 3)
ALARMS = (
    "LowCurrent1Alarm", "HighCurrent1Alarm", "LowCurrent2Alarm", "HighCurren2Alarm", "LowCurrent3Alarm",
    "HighCurrent3Alarm",
)  # fmt: skip


def _currents(cursor: Cursor) -> dict[int, int]:
    return {phase: cursor.u16(f"current {phase}") for phase in PHASES}


def _stated(currents: dict[int, int], factors: dict[int, int]) -> tuple[Fields, list[Reading]]:
    fields: Fields = {f"Current{phase}": value for phase, value in currents.items()}
    fields |= {f"Multiplier{phase}": factor for phase, factor in factors.items()}
    return fields, [
        Reading("current", currents[phase] * factor, "mA", f"l{phase}") for phase, factor in factors.items()
    ]


def _first(cursor: Cursor) -> tuple[Fields, list[Reading]]:
    return _stated(_currents(cursor), {1: cursor.u8("factor")})


def _all(cursor: Cursor) -> tuple[Fields, list[Reading]]:
    currents, bits = _currents(cursor), cursor.u8("factors")
    return _stated(currents, {phase: FACTORS[bits >> 2 * (phase - 1) & 3] for phase in PHASES})


def _alarms(cursor: Cursor) -> tuple[Fields, list[Reading]]:
    bits = cursor.u8("alarms")
    return {name: bits >> place & 1 for place, name in enumerate(ALARMS)}, []


decode = Model(
    devices={0x4A: "R718N3"},
    reports={1: _first, 2: of(Value(name="Multiplier2"), Value(name="Multiplier3")), 3: _all, 4: _alarms},
    settings=(*LIMITS, Value(name="CurrentChange", size=2)),
).decode
