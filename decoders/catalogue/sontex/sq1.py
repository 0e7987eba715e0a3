"""Sontex Superaqua 1 (SQ1; and Supercom W1-L and W2-L): a water meter's volume and its alarms.

Any FPort: data records of M-Bus, little endian (`_meters.py`):

    0c 13 VVVVVVVV   volume, 8 decimal digits, 0.001 m3
    cc0c 13, 8c0d 13, cc0d 13, 8c0e 13   the same one, two, three and four full hours ago (storages 25 to 28)
    42 6c DDDD       the set day            4c 13 VVVVVVVV  volume as it was on it (storage 1)
    02 fd17 FFFF     flags, below           82 20 6c DDDD   when it was put into use (tariff 2)
    8c 40 79 …       number of what a W1 or W2 counts (subunit 1)   83 10 fd31 …  how long it was tampered with
    0b fd0f  version    0c 78  number of the meter    04 6d  its clock

    F  bit 14 error in the last 60 days, 13 end of legal life, 12 no flow, 11 backflow, 10 too much flow, 9 leakage, 8 burst,
       7 tampered with, 6-0 errors of the application

The volumes of the hours before are no readings, for the clock they are of has no time zone. Field names are those of the
vendor's codecs (JSParserSQ1MbusFrameLoRa, JSParserW1W2MbusFrameLoRa), numbers as numbers; without a flag the list is empty.

Source: Sontex LoRaWAN M-Bus frames of the SQ1 and W1/W2; names and an example of the vendor's codecs in Actility's catalogue.
"""

from __future__ import annotations

from decoders.catalogue.sontex._meters import APPLICATION_ERRORS, Model, key

SOURCE = "Sontex LoRaWAN M-Bus frames of the SQ1 and W1/W2; the vendor's codecs in Actility's catalogue"
LICENCE = "Apache-2.0"
QUANTITIES = ("backflow_detected", "leak_detected", "meter_burst", "tamper", "water_volume")

HOURS = {25: 1, 26: 2, 27: 3, 28: 4}
FLAGS = (
    *APPLICATION_ERRORS, "fraud_manipulation", "pipe_break", "leakage", "qmax", "backward_flow", "zero_flow",
    "device_end_of_legal_life", "error_flag_last_60_days",
)  # fmt: skip

decode = Model(
    names={
        key("fabrication_number"): "fabrication_number",
        key("time"): "current_date_and_time",
        key("volume"): "volume_totalizer",
        key("volume", storage=1): "volume_totalizer_at_set_day",
        **{key("volume", storage=storage): f"volume_at_hour_minus_{hours}" for storage, hours in HOURS.items()},
        key("date", storage=1): "set_day",
        key("date", tariff=2): "commissioning_day",
        key("fd31", tariff=1): "fraud_duration",
        key("identification", subunit=1): "counterIn1Identification",
        key("fd0f"): "internal_version",
        key("fd17"): "detailed_errors",
    },
    stated={"volume_totalizer": ("water_volume", None)},
    errors="fd17",
    flags={bit: FLAGS[bit] for bit in range(len(FLAGS) - 1, -1, -1)},
    alarms={
        "leakage": "leak_detected",
        "pipe_break": "meter_burst",
        "backward_flow": "backflow_detected",
        "fraud_manipulation": "tamper",
    },
    valid="date_and_time_valid",
).decode
