"""Sontex Supercal 739 (and Superstatic 749 and 789): a compact heat or cold meter's energy, volume, flow, temperatures.

Any FPort: data records of M-Bus, little endian (`_meters.py`):

    04 EE EEEEEEEE   04 VV VVVVVVVV   energy and volume
    84 10 EE ….      energy of cooling (tariff 1)
    02 59 CCCC       02 5d CCCC       temperatures of the warm and the cold side, 0.01 °C
    02 3b QQQQ       03 2c PPPPPP     flow 0.001 m3/h, power 10 W
    82 0a 6c DDDD    84 0a EE …       the target day; heating, volume and (84 1a) cooling as they were on it (storage 20)
    84 40 …, 84 80 40 …               what the pulse inputs count; 84 4a, 84 8a 40 on the target day
    02 ff2c FFFF     flags of errors  0c 78 number of the meter  04 6d its clock

    E  05 0.1 kWh, 06 1 kWh, 07 0.01 MWh, 0e 1 MJ, 0f 0.01 GJ    V  13 0.001 m3, 14 0.01 m3, 15 0.1 m3, 16 1 m3

The number of a pulse input may be an energy, a volume or (fd 3a) a mere count. The target day's values are no readings:
what o'clock they are of is not said. Field names are those of the vendor's codec (Parser7x9), numbers as numbers.

Source: Sontex LoRaWAN M-Bus frames of the 7x9; names and an example of the vendor's codec in Actility's catalogue.
"""

from __future__ import annotations

from decoders.catalogue.sontex._meters import APPLICATION_ERRORS, ENERGY_AND_TIME, TEMPERATURES, Model, key

SOURCE = "Sontex LoRaWAN M-Bus frames of the 7x9; the vendor's codec in Actility's catalogue"
LICENCE = "Apache-2.0"
QUANTITIES = ("thermal_energy", "water_flow", "water_temperature", "water_volume")

TARGET_DAY = 20  # the storage of what is kept
FLAGS = (
    "ref1_error_ad", "error_sensor_1", "ref2_error_ad", "error_sensor_2", "ad_timeout_error",
    "temprature_1_out_of_range", "temprature_2_out_of_range", "flow_is_in_saturation",
)  # fmt: skip

decode = Model(
    names={
        **ENERGY_AND_TIME,
        key("energy"): "heat_energy",
        key("volume"): "volume",
        key("energy", tariff=1): "energy_totalizer_cooling",
        key("date", storage=TARGET_DAY): "target_day",
        key("energy", storage=TARGET_DAY): "energy_totalizer_heating_at_target_day",
        key("volume", storage=TARGET_DAY): "volume_totalizer_at_target_day",
        key("energy", storage=TARGET_DAY, tariff=1): "energy_totalizer_cooling_at_target_day",
        key("", subunit=1): "complementary_counter_1",
        key("", subunit=2): "complementary_counter_2",
        key("", storage=TARGET_DAY, subunit=1): "complementary_counter_1_totalizer_at_target_day",
        key("", storage=TARGET_DAY, subunit=2): "complementary_counter_2_totalizer_at_target_day",
        key("ff2c"): "detailed_errors",
    },
    stated={
        **TEMPERATURES,
        "heat_energy": ("thermal_energy", None),
        "energy_totalizer_cooling": ("thermal_energy", "cooling"),
        "volume": ("water_volume", "heat_carrier"),
    },
    errors="ff2c",
    flags={
        **dict(enumerate(FLAGS)),
        **{8 + bit: name.replace("application_error_access_right", "no_access_rights_available")
           for bit, name in enumerate(APPLICATION_ERRORS[:6])},
        15: "device_deactivated",
    },
    wrapped=True,
    wrapped_truths=True,
).decode  # fmt: skip
