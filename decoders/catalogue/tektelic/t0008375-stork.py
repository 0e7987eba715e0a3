"""TEKTELIC Stork: a tracker's temperature, humidity, acceleration and battery.

FPort 10, big endian, behind a channel and a type each (`_tags.py`):

    00 D3  uint8   battery               1 %           03 67  int16   temperature          0.1 °C
    00 BD  uint16  battery               1 day         04 68  uint8   relative humidity    0.5 %
    00 00  uint8   acceleration alarm    0: none       00 71  int16 x3  acceleration x, y, z  0.001 g

Where it is (FPorts 15, 16 and 25) is for a location service to find out and is not read here. The vendor's codec in
lorawan-devices rounds the temperature's field to whole degrees; the reading has the tenths.

Source: TEKTELIC Stork Technical Reference Manual T0008374; codecs in lorawan-devices and Actility's catalogue.
"""

from __future__ import annotations

from dataclasses import replace

from decoders.catalogue.tektelic._tags import AIR, HUMIDITY, Model, Value

SOURCE = "TEKTELIC Stork Technical Reference Manual T0008374"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = (
    "acceleration_x", "acceleration_y", "acceleration_z", "air_temperature", "battery_level", "relative_humidity",
)  # fmt: skip

decode = Model(
    values={
        (0x00, 0xD3): Value(name="rem_battery_capacity", octets=1, quantity="battery_level", unit="%"),
        (0x00, 0xBD): Value(name="rem_batt_days"),
        (0x00, 0x00): Value(name="acceleration_alarm", octets=1),
        (0x00, 0x71): tuple(
            Value(
                name=f"{axis}axis",
                group="acceleration_vector",
                signed=True,
                parts=1000,
                quantity=f"acceleration_{axis}",
                unit="[g]",
            )
            for axis in "xyz"
        ),
        (0x03, 0x67): replace(AIR, name="temperature", whole=True),
        (0x04, 0x68): HUMIDITY,
    }
).decode
