"""Yobiiq iQ EM4301 (and EM4301-CT): a three-phase electricity meter.

FPorts 1 to 10 measurements, 50 what it is, big endian: CC TT V… (`_registers.py`)

    00 index, 01 timestamp, 03 time of storing, uint32        04 05 06 07  energy in and out, tariffs 1 and 2, uint32 1 Wh
    08 09 0a 0b  reactive, 1 varh      0c-0e int32 0.1 V      0f sum of the currents, 10-12 int32 1 mA
    13 power of all, 14-16 int32 1 W   17-19 int32 1 var      1a-1c int32 1 VA
    1d-1f int8 power factor 0.01       20-22 int16 angle 0.01 degree    23 int16 0.01 Hz
    24 25 26  of the system 1 kW, 1 var, 1 VA      27-29 int32 greatest currents 1 mA    2a int32 average 1 W

A value takes the time 03 where one is sent. Field names are those of the vendor's codec, which rounds to two decimals what
the readings have in full.

Source: Yobiiq's codec for the iQ EM4301 in chirpstack-device-profiles (MIT), IQ EM4301 user manual.
"""

from __future__ import annotations

from decoders.catalogue.yobiiq import _registers
from decoders.catalogue.yobiiq._electricity import SYSTEM, TRANSFORMERS, about, energies, measured, phase
from decoders.catalogue.yobiiq._registers import INFORMATION, Device, Register

SOURCE = _registers.SOURCE
LICENCE = "Apache-2.0"
QUANTITIES = (
    "active_energy_export", "active_energy_import", "active_power", "apparent_power", "current", "frequency",
    "power_factor", "reactive_energy_import", "reactive_power", "voltage",
)  # fmt: skip

decode = Device(
    ports={
        **measured(
            {
                **SYSTEM,
                **energies("L123"),
                **phase(1),
                **phase(2),
                **phase(3),
                0x0F: Register(name="currentL123", size=4, signed=True, unit="mA"),
                0x13: Register(
                    name="activePowerL123", size=4, signed=True, unit="W", reads=("active_power", "W", None)
                ),
            }
        ),
        INFORMATION: TRANSFORMERS,
    },
    by_channel=frozenset(),
    about=about("EM4301", "P1002011"),
).decode
