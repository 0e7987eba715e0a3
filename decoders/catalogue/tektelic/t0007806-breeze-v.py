"""TEKTELIC Breeze-V (and Breeze): CO2, air temperature, humidity, pressure, motion indoors.

FPort 10, big endian, behind a channel and a type each (`_tags.py`):

    00 BA  uint16  battery               1 mV          0B E4  uint16  CO2 at this pressure   1 ppm
    00 D3  uint8   battery               1 %           0E E4  uint16  CO2, raw               1 ppm
    11 D3  uint8   the display's battery 1 %           0C 73  uint16  air pressure           0.1 hPa
    03 67  int16   air temperature       0.1 °C        0A 00  uint8   motion                 0: none
    04 68  uint8   relative humidity     0.5 %         0D 04  uint16  motions

Source: TEKTELIC Breeze/Breeze-V Technical Reference Manual T0007805; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from dataclasses import replace

from decoders.catalogue.tektelic._tags import AIR, BATTERY, HUMIDITY, Model, Value

SOURCE = "TEKTELIC Breeze/Breeze-V Technical Reference Manual T0007805"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_level", "battery_voltage", "co2", "motion", "motion_count",
    "relative_humidity",
)  # fmt: skip

decode = Model(
    values={
        (0x00, 0xBA): BATTERY,
        (0x00, 0xD3): Value(name="rem_batt_capacity_sensor", octets=1, quantity="battery_level", unit="%"),
        (0x03, 0x67): replace(AIR, name="temperature"),
        (0x04, 0x68): HUMIDITY,
        (0x0A, 0x00): Value(name="motion_event_state", octets=1, quantity="motion", truth=True),
        (0x0B, 0xE4): Value(name="co2_pressure_compensated", quantity="co2", unit="[ppm]"),
        (0x0C, 0x73): Value(name="barometric_pressure", parts=10, quantity="atmospheric_pressure", unit="hPa"),
        (0x0D, 0x04): Value(name="motion_event_count", quantity="motion_count", unit="1"),
        (0x0E, 0xE4): Value(name="co2_raw"),
        (0x11, 0xD3): Value(
            name="rem_batt_capacity_display", octets=1, quantity="battery_level", unit="%", channel="display"
        ),
    }
).decode
