"""TEKTELIC AC outlet and switch (T000589x; T000662x: Aura, Flux): mains voltage, power, and the relay.

FPort 10, big endian, behind a channel and a type each (`_tags.py`):

    00 74  uint16  voltage               0.1 V         00 80  int16   active power          0.1 W
    00 75  uint16  current               0.1           01 80  uint16  apparent power        0.1 VA
    00 76  uint16  frequency             0.1 Hz        02 80  uint16  reactive power        0.1 var
    00 01  uint8   relay closed          0: no         00 81  uint8   power factor          0.01
    00 00  uint8   state of the meter                  00 FE  uint32, int32   elapsed time and energy

The codec does not say the units of the current, the time and the energy: fields only.

Source: TEKTELIC AC Outlet/Switch Technical Reference Manual; codecs in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.tektelic._tags import Model, Value

SOURCE = "TEKTELIC AC Outlet/Switch Technical Reference Manual; codecs in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = (
    "active_power", "apparent_power", "frequency", "power_factor", "reactive_power", "relay_state", "voltage",
)  # fmt: skip

METER = "energy_consumption_meter"

decode = Model(
    values={
        (0x00, 0x74): Value(name="rms_voltage", parts=10, quantity="voltage", unit="V"),
        (0x00, 0x75): Value(name="rms_current", parts=10),
        (0x00, 0x76): Value(name="line_frequency", parts=10, quantity="frequency", unit="Hz"),
        (0x00, 0x80): Value(name="real_power", signed=True, parts=10, quantity="active_power", unit="W"),
        (0x01, 0x80): Value(name="apparent_power", parts=10, quantity="apparent_power", unit="V.A"),
        (0x02, 0x80): Value(name="reactive_power", parts=10, quantity="reactive_power", unit="V.A{reactive}"),
        (0x00, 0x81): Value(name="power_factor", octets=1, parts=100, quantity="power_factor", unit="1"),
        (0x00, 0x01): Value(name="relay_closed", group="sensor_state", octets=1, quantity="relay_state", truth=True),
        (0x00, 0x00): Value(name="energy_consumption_meter_status", octets=1),
        (0x00, 0xFE): (
            Value(name="elapsed_time", group=METER, octets=4),
            Value(name="energy_consumed", group=METER, octets=4, signed=True),
        ),
    }
).decode
