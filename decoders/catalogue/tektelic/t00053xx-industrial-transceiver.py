"""TEKTELIC Industrial Transceiver (T00053xx, T00055xx, T00056xx): two outputs, three inputs, temperature and humidity.

FPort 10, big endian, behind a channel and a type each (`_tags.py`):

    00 FF  int16   battery               0.01 V        01 01, 02 01  uint8   outputs 1 and 2       0 open, 1 closed
    03 67  int16   air temperature       0.1 °C        05 00         uint8   input 1               0: no
    04 68  uint8   relative humidity     0.5 %         08 04         uint16  input 1's changes     1
    09 67  int16   of the processor      0.1 °C        06 02         uint16  input 2               0.000001 A
                                                       07 02         uint16  input 3               0.001 V

What is sent over the serial port (FPort 20) is not read here.

Source: TEKTELIC Industrial Transceiver Technical Reference Manual; codecs in lorawan-devices and Actility's catalogue.
"""

from __future__ import annotations

from dataclasses import replace

from decoders.catalogue.tektelic._tags import AIR, HUMIDITY, OLD_BATTERY, Model, Value

SOURCE = "TEKTELIC Industrial Transceiver Technical Reference Manual; codecs in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = (
    "air_temperature", "analog_input_current", "analog_input_voltage", "battery_voltage", "device_temperature",
    "digital_input", "pulse_count", "relative_humidity", "relay_state",
)  # fmt: skip

OUTPUTS = "change_output_states"

decode = Model(
    values={
        (0x00, 0xFF): OLD_BATTERY,
        (0x01, 0x01): Value(name="output1", group=OUTPUTS, octets=1, quantity="relay_state", channel="1", truth=True),
        (0x02, 0x01): Value(name="output2", group=OUTPUTS, octets=1, quantity="relay_state", channel="2", truth=True),
        (0x03, 0x67): replace(AIR, name="temperature"),
        (0x04, 0x68): HUMIDITY,
        (0x05, 0x00): Value(name="input_1", octets=1, quantity="digital_input", channel="1", truth=True),
        (0x06, 0x02): Value(name="input_2", parts=1_000_000, quantity="analog_input_current", unit="A", channel="2"),
        (0x07, 0x02): Value(name="input_3", parts=1000, quantity="analog_input_voltage", unit="V", channel="3"),
        (0x08, 0x04): Value(name="input_1_count", quantity="pulse_count", unit="1", channel="1"),
        (0x09, 0x67): Value(name="mcu_temperature", signed=True, parts=10, quantity="device_temperature", unit="Cel"),
    }
).decode
