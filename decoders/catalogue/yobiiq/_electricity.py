"""The registers of Yobiiq's electricity meters (`_registers.py`): of one phase, and of three.

The sums have no phase, and of the single-phase meter the one phase is the sum: their channel is the tariff alone.
"""

from __future__ import annotations

from decoders.catalogue.yobiiq._registers import ABOUT, MEASUREMENTS, Fields, Register, Registers

ENERGIES = (  # name, code of tariff 1, quantity ("" none), unit, its text
    ("activeEnergyImport", 0x04, "active_energy_import", "W.h", "Wh"),
    ("activeEnergyExport", 0x06, "active_energy_export", "W.h", "Wh"),
    ("reactiveEnergyImport", 0x08, "reactive_energy_import", "V.A.h{reactive}", "varh"),
    ("reactiveEnergyExport", 0x0A, "", "", "varh"),
)
TARIFFS = (1, 2)
WORDS = {0x24: "totalSystemActivePower", 0x25: "totalSystemReactivePower", 0x26: "totalSystemApparentPower"}


def energies(phases: str) -> Registers:
    """Return the counters of both tariffs; ``phases`` is in their names."""
    return {
        code + tariff - 1: Register(
            name=f"{name}{phases}T{tariff}",
            size=4,
            unit=said,
            reads=(quantity, unit, f"tariff_{tariff}") if quantity else None,
        )
        for name, code, quantity, unit, said in ENERGIES
        for tariff in TARIFFS
    }


def phase(number: int) -> Registers:
    """Return the registers of one phase, 1 to 3; its channel is l1 to l3."""
    line, place = f"l{number}", number - 1
    return {
        0x0C + place: Register(
            name=f"voltageL{number}N", size=4, signed=True, div=10, unit="V", reads=("voltage", "V", line), scale=10
        ),
        0x10 + place: Register(name=f"currentL{number}", size=4, signed=True, unit="mA", reads=("current", "mA", line)),
        0x14 + place: Register(
            name=f"activePowerL{number}", size=4, signed=True, unit="W", reads=("active_power", "W", line)
        ),
        0x17 + place: Register(
            name=f"reactivePowerL{number}",
            size=4,
            signed=True,
            div=1000,
            unit="kvar",
            reads=("reactive_power", "V.A{reactive}", line),
        ),
        0x1A + place: Register(
            name=f"apparentPowerL{number}",
            size=4,
            signed=True,
            div=1000,
            unit="kVA",
            reads=("apparent_power", "V.A", line),
        ),
        0x1D + place: Register(
            name=f"powerFactorL{number}", signed=True, div=100, reads=("power_factor", "1", line), scale=100
        ),
        0x20 + place: Register(name=f"phaseAngleL{number}", size=2, signed=True, div=100, unit="degree"),
        0x27 + place: Register(name=f"maximumL{number}CurrentDemand", size=4, signed=True, unit="mA"),
    }


SYSTEM: Registers = {
    0x00: Register(name="index", size=4),
    0x01: Register(name="timestamp", size=4),
    0x03: Register(name="dataloggerTimestamp", size=4),
    0x23: Register(
        name="frequency", size=2, signed=True, div=100, unit="Hz", reads=("frequency", "Hz", None), scale=100
    ),
    0x24: Register(name=WORDS[0x24], size=4, unit="kW", reads=("active_power", "kW", "system")),
    0x25: Register(
        name=WORDS[0x25], size=4, div=1000, unit="kvar", reads=("reactive_power", "V.A{reactive}", "system")
    ),
    0x26: Register(name=WORDS[0x26], size=4, div=1000, unit="kVA", reads=("apparent_power", "V.A", "system")),
    0x2A: Register(name="averagePower", size=4, signed=True, unit="W"),
    0x2B: Register(name="midYearOfCertification", size=4),
    0xF0: Register(name="manufacturedYear", size=2, digits=True),
    0xF1: Register(name="firmwareVersion", size=2, version=True),
    0xF2: Register(name="hardwareVersion", size=2, version=True),
}
TRANSFORMERS: Registers = {
    **ABOUT,
    0x1E: Register(name="primaryCurrentTransformerRatio", size=2),
    0x1F: Register(name="secondaryCurrentTransformerRatio"),
    0x20: Register(name="primaryVoltageTransformerRatio", size=4),
    0x21: Register(name="secondaryVoltageTransformerRatio", size=2),
    0x28: Register(name="deviceModel", size=0),
}


def measured(registers: Registers) -> dict[int, Registers]:
    """Return the ports of measurements, which all have the same registers."""
    return dict.fromkeys(MEASUREMENTS, registers)


def about(model: str, code: str) -> Fields:
    """Return what the vendor's codec says of the model in every payload."""
    return {"codecVersion": "1.0.1", "genericModel": model, "productCode": code, "manufacturer": "YOBIIQ B.V."}
