"""Sontex Supercal 5 (SC5): a heat meter's energies, volumes, flow, power and temperatures, and its pulse inputs.

Any FPort: data records of M-Bus, little endian (`_meters.py`):

    04 EE EEEEEEEE  04 VV VVVVVVVV   energy and volume; 84 10 … tariff 1, 84 20 … tariff 2
    02 59 CCCC      02 5d CCCC       temperatures of the warm and the cold side, 0.01 °C; 05 5b, 05 5f float32, 1 °C
    04 39 QQQQQQQQ  05 3e …          flow 0.01 l/h; float32, m3/h
    04 2b PPPPPPPP  05 2b …          power 1 W; float32
    84 40 …         84 80 40 …       what pulse inputs 1 and 2 count; 8c 40 79 and 8c 80 40 79 their numbers, fd09 their kinds
    42 6c DDDD      44 EE …          the set day, and the energies as they were on it (storage 1); c4 10 EE … tariff 1
    03 ff2c FFFFFF  flags of errors  02 ff59 kind, version  0c 78 number of the meter  04 6d its clock

    E  03 0.001 kWh to 06 1 kWh, 07 0.01 MWh, 0b 0.001 MJ to 0e 1 MJ, 0f 0.01 GJ  V  10 0.001 l to 12 0.1 l, 13 0.001 m3 to 16 1 m3

The vendor's codec gives 06 as a thousandth of a kWh and 13 as one of a litre; EN 13757-3 says 1 kWh and 1 litre, which is
what his codec for the 7x9 makes of the same octets, and what is decoded here. Records with a second octet of VIF (BTU, gallons, calories)
are reported as unknown. Field names are those of the vendor's codec (ParserSC5), numbers as numbers.

Source: Sontex LoRaWAN M-Bus frames of the SC5; names and an example of the vendor's codec in Actility's catalogue.
"""

from __future__ import annotations

from decoders.catalogue.sontex._meters import APPLICATION_ERRORS, ENERGY_AND_TIME, TEMPERATURES, Fields, Model, key
from decoders.contract import DecodeError, DecodeReason

SOURCE = "Sontex LoRaWAN M-Bus frames of the SC5; the vendor's codec in Actility's catalogue"
LICENCE = "Apache-2.0"
QUANTITIES = ("thermal_energy", "water_flow", "water_temperature", "water_volume")

KIND = ("deviceType", "versionOfMeter")
FLAGS = (
    "ref1_error_ad", "ref2_error_ad", "pt_sensor_1_ad", "pt_sensor_2_ad", "temperature_1_below_min",
    "temperature_1_above_max", "temperature_2_below_min", "temperature_2_above_max", "sum_of_all_temperatures_and_ad",
    "flow_is_in_saturation", "case_is_open", "main_power_cut", "module_1_error", "module_2_error",
    "firmware_checksum_error", "radio_error",
    *(name.replace("application_error_access_right", "no_access_rights_available") for name in APPLICATION_ERRORS),
)  # fmt: skip


def _kind_and_version(octets: int) -> Fields:
    if octets > 0xFFFF:
        raise DecodeError(DecodeReason.MALFORMED, f"kind and version are 2 octets; {octets:x} came")
    return {name: {"value": octet, "unit": ""} for name, octet in zip(KIND, octets.to_bytes(2, "little"), strict=True)}


decode = Model(
    names={
        **ENERGY_AND_TIME,
        **{
            key(kind, tariff=tariff): f"{kind}TotalizerTariff{tariff}"
            for kind in ("energy", "volume")
            for tariff in range(3)
        },
        key("", subunit=1): "counterIn1Totalizer",
        key("", subunit=2): "counterIn2Totalizer",
        key("identification", subunit=1): "counterIn1Identification",
        key("identification", subunit=2): "counterIn2Identification",
        key("fd09", subunit=1): "counterIn1DeviceType",
        key("fd09", subunit=2): "counterIn2DeviceType",
        key("date", storage=1): "target_day",
        key("energy", storage=1): "energyTotalizerTariff0AtSetDay",
        key("energy", storage=1, tariff=1): "energyTotalizerTariff1AtSetDay",
        key("ff2c"): "detailed_errors",
        key("ff59"): "versionOfMeter",
    },
    stated={
        **TEMPERATURES,
        "energyTotalizerTariff0": ("thermal_energy", None),
        "energyTotalizerTariff1": ("thermal_energy", "tariff_1"),
        "energyTotalizerTariff2": ("thermal_energy", "tariff_2"),
        "volumeTotalizerTariff0": ("water_volume", "heat_carrier"),
        "volumeTotalizerTariff1": ("water_volume", "heat_carrier_tariff_1"),
        "volumeTotalizerTariff2": ("water_volume", "heat_carrier_tariff_2"),
    },
    errors="ff2c",
    flags={bit: FLAGS[bit] for bit in range(len(FLAGS) - 1, -1, -1)},
    no_flag=("no_errors_present",),
    wrapped_truths=True,
    states={"ff59": _kind_and_version},
).decode
