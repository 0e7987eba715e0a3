"""Yobiiq iQ EM2101: a single-phase electricity meter with a relay.

FPorts 1 to 10 measurements, 11 states, 50 what it is, 60 events, big endian: CC TT V… (`_registers.py`)

    00 index, 01 timestamp, 03 time of storing, uint32        04 05 06 07  energy in and out, tariffs 1 and 2, uint32 1 Wh
    08 09 0a 0b  reactive, 1 varh    0c int32 0.1 V    10 int32 1 mA    14 int32 1 W    17 int32 1 var    1a int32 1 VA
    1d int8 power factor 0.01        20 int16 angle 0.01 degree         23 int16 0.01 Hz
    24 25 26  of the system 1 kW, 1 var, 1 VA     27 int32 greatest current 1 mA    2a int32 average 1 W
    FPort 11   01 relay, 02 digital input: 0 open, 1 closed

A value takes the time 03 where one is sent. Field names and words are those of the vendor's codec, which rounds to two
decimals what the readings have in full.

Source: Yobiiq's codec for the iQ EM2101 in chirpstack-device-profiles (MIT), IQ EM2101 user manual.
"""

from __future__ import annotations

from decoders.catalogue.yobiiq import _registers
from decoders.catalogue.yobiiq._electricity import SYSTEM, TRANSFORMERS, about, energies, measured, phase
from decoders.catalogue.yobiiq._registers import EVENTS, INFORMATION, STATES, Device, Register, Registers

SOURCE = _registers.SOURCE
LICENCE = "Apache-2.0"
QUANTITIES = (
    "active_energy_export", "active_energy_import", "active_power", "apparent_power", "current", "digital_input",
    "frequency", "power_factor", "reactive_energy_import", "reactive_power", "relay_state", "voltage",
)  # fmt: skip

LIMITS = (  # names, and with them the sizes, the units and the divisors
    ("currentLimit", 2, "A", 10),
    ("voltageLimit", 2, "V", 1),
    ("powerLimit", 2, "W", 1),
    ("deactivationDelay", 2, "s", 1),
    ("activationDelay", 2, "s", 1),
    ("offsetCurrent", 2, "A", 10),
    ("offsetDelay", 2, "s", 1),
    ("resetTime", 2, "s", 1),
    ("resetAmount", 1, "", 1),
)
SWITCHED_OFF = (
    "Invalid", "Due to too high current limit", "By control from the Lora network", "By operation via display",
)  # fmt: skip
SWITCHED_ON = (
    "Invalid", "By reset based on time", "By reset from the Lora network", "By operation via display",
    "By control from the Lora network",
)  # fmt: skip
RESETS = {1: "Current reset count is less than the reset amount", 2: "Current reset count exceeds the reset amount"}
OPEN_CLOSED = {0: "OPEN", 1: "CLOSED"}


def _limits(first: int, suffix: str) -> Registers:
    return {
        first + place: Register(name=f"{name}{suffix}", size=size, unit=unit, div=div)
        for place, (name, size, unit, div) in enumerate(LIMITS)
    }


decode = Device(
    ports={
        **measured({**SYSTEM, **energies("L1"), **phase(1)}),
        STATES: {
            0x01: Register(name="relayStatus", words=OPEN_CLOSED, reads=("relay_state", "", None)),
            0x02: Register(name="digitalInputStatus", words=OPEN_CLOSED, reads=("digital_input", "", None)),
        },
        INFORMATION: {
            **TRANSFORMERS,
            0x00: Register(name="relayStatus", words={0: "LOW", 1: "HIGH"}),
            **_limits(0x3C, "Fallback"),
            **_limits(0x50, "Dynamic"),
        },
        EVENTS: {
            0x01: Register(name="relaySwitchingOffReason", words=dict(enumerate(SWITCHED_OFF))),
            0x02: Register(name="relayEnableReason", words=dict(enumerate(SWITCHED_ON))),
            0x03: Register(name="relaySwitchOffTime", size=4),
            0x04: Register(name="relayEnableTime", size=4),
            0x05: Register(name="currentWhenRelaySwitchingOff", size=4),
            0x06: Register(name="voltageWhenRelaySwitchingOff", size=4),
            0x07: Register(name="activePowerWhenRelaySwitchingOff", size=4),
            0x08: Register(name="resetAmountStatus", words=RESETS),
        },
    },
    by_channel=frozenset(),
    about=about("EM2101", "P1002009"),
).decode
