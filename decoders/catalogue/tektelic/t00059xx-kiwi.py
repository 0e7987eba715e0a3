"""TEKTELIC Kiwi (and Clover): soil, light, air temperature and humidity of a field.

FPort 10, big endian, behind a channel and a type each (`_tags.py`):

    00 BA  uint16  battery               1 mV
    00 FF  int16   battery               0.01 V
    01 04  uint16  input 1, a frequency  1 kHz         soil moisture, by a curve of the probe
    02 02  uint16  input 2, a voltage    1 mV          soil temperature, by a curve of the probe
    03 02, 04 02   inputs 3, 4, voltages               thermistors outside
    05 04, 06 04   inputs 5, 6, frequencies            Watermark probes outside
    09 65  uint16  light                 1 lx
    0B 67  int16   air temperature       0.1 °C
    0B 68  uint8   relative humidity     0.5 %

What the inputs are in the soil follows from the probe and its calibration: they stay fields.

Source: TEKTELIC Kiwi/Clover Technical Reference Manual; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.tektelic._tags import AIR, BATTERY, HUMIDITY, OLD_BATTERY, Model, Value

SOURCE = "TEKTELIC Kiwi/Clover Technical Reference Manual"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = ("air_temperature", "battery_voltage", "illuminance", "relative_humidity")

decode = Model(
    values={
        (0x00, 0xBA): BATTERY,
        (0x00, 0xFF): OLD_BATTERY,
        (0x01, 0x04): Value(name="input1_frequency"),
        (0x02, 0x02): Value(name="input2_voltage"),
        (0x03, 0x02): Value(name="input3_voltage"),
        (0x04, 0x02): Value(name="input4_voltage"),
        (0x05, 0x04): Value(name="input5_frequency"),
        (0x06, 0x04): Value(name="input6_frequency"),
        (0x09, 0x65): Value(name="light_intensity", quantity="illuminance", unit="lx"),
        (0x0B, 0x67): AIR,
        (0x0B, 0x68): HUMIDITY,
    }
).decode
