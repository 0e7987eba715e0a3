"""Sontex 878: a heat cost allocator on a radiator, its units, its temperatures and its state.

Any FPort: data records of M-Bus, little endian (`_meters.py`):

    03 6e UUUUUU      heat cost units       43 6e …  as they were on the set day   42 6c DDDD  the set day
    02 59 CCCC        of the radiator, 0.01 °C; 12 59 its greatest of this period, 52 59 of the one before
    02 65 CCCC        of the room, 0.01 °C
    02 fd66 SSSS      state of parameters   02 ff2c FFFF  flags of errors
    05 ff2d …         factor Kc, float32    85 20 ff2d …  factor Kq
    81 10 fd61 NN, 83 10 fd31 …, 82 10 6c …  how often, how long and when it was tampered with
    82 20 6c DDDD     when it was installed 0b fd0f  its version  0c 78 its number  04 6d its clock

    S  bit 13 counting has not begun, 12-11 frame (0 short, 1 long), 10 radio is encrypted, 9 counting suppressed, 8 covered,
       7-6 radio (3 LoRa), 5-4 sensors (1 one, 2 two), 3-2 mode (0 normal, 1 and 2 stored, 3 installation),
       1 product scale, 0 remote sensor

Heat cost units have no quantity in the vocabulary: they stay a field. Field names are those of the vendor's codec
(Parser878), numbers as numbers.

Source: Sontex LoRaWAN M-Bus frames of the 878; names and an example of the vendor's codec in Actility's catalogue.
"""

from __future__ import annotations

from decoders.catalogue.sontex._meters import APPLICATION_ERRORS, Function, Model, key

SOURCE = "Sontex LoRaWAN M-Bus frames of the 878; the vendor's codec in Actility's catalogue"
LICENCE = "Apache-2.0"
QUANTITIES = ("air_temperature", "surface_temperature")

# Lowest bit, how many, and the word for each value; "" says nothing.
STATE = (
    (13, 1, ("", "start_counting_date_not_yet_exceeded")),
    (11, 2, ("wmbus_frame_short", "wmbus_frame_long", "", "")),
    (10, 1, ("", "radio_encryption_enabled")),
    (9, 1, ("", "suppress_counting_activate_now")),
    (8, 1, ("", "hca_currently_covered")),
    (
        6,
        2,
        (
            "communication_type_none",
            "communication_type_radio_sontex",
            "communication_type_wmbus",
            "communication_type_lora",
        ),
    ),
    (
        4,
        2,
        (
            "measurement_principle_reserved_for_future_use",
            "measurement_principle_one_sensor_with_start_sensor",
            "measurement_principle_two_sensors",
            "",
        ),
    ),
    (
        2,
        2,
        (
            "operating_mode_normal",
            "operating_mode_storage_not_mounted",
            "operating_mode_storage_mounted",
            "operating_mode_installation",
        ),
    ),
    (1, 1, ("", "product_scale_enabled")),
    (0, 1, ("", "remote_radiator_sensor_plugged")),
)


def _state(bits: int) -> list[str]:
    return [word for low, count, words in STATE if (word := words[bits >> low & (1 << count) - 1])]


decode = Model(
    names={
        key("fabrication_number"): "fabrication_number",
        key("time"): "date_and_time",
        key("heat_cost"): "totalizer_heating",
        key("heat_cost", storage=1): "totalizer_heating_at_set_day",
        key("date", storage=1): "set_day",
        key("flow_temperature"): "radiator_temperature",
        key("flow_temperature", function=Function.MAXIMUM): "radiator_max_temperature_current_period",
        key("flow_temperature", function=Function.MAXIMUM, storage=1): "radiator_max_temperature_previous_period",
        key("external_temperature"): "ambient_temperature",
        key("fd66"): "state_of_parameters",
        key("ff2c"): "detailed_errors",
        key("ff2d"): "units_factor_kc",
        key("ff2d", tariff=2): "units_factor_kq",
        key("fd61", tariff=1): "fraud_counter",
        key("fd31", tariff=1): "fraud_duration",
        key("date", tariff=1): "date_of_last_fraud",
        key("date", tariff=2): "commissioning_date",
        key("fd0f"): "internal_version",
    },
    stated={
        "radiator_temperature": ("surface_temperature", "radiator"),
        "ambient_temperature": ("air_temperature", None),
    },
    errors="ff2c",
    flags={
        **{8 + bit: APPLICATION_ERRORS[bit] for bit in range(6, -1, -1)},
        6: "temperature_out_of_range",
        5: "key_too_long_closed",
        2: "invalid_time_clock",
        1: "measure_error",
        0: "fraud_switch_closed",
    },
    states={"fd66": _state},
).decode
