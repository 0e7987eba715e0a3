"""Netvox R718A (and R711, R718AB, R720A): air temperature and humidity.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV DD 01 BB TTTT HHHH

    D  01 R711 and R712, 0b R718A, 13 R718AB, 6e R720A
    T  int16   air temperature    0.01 °C
    H  uint16  relative humidity  0.01 %

Source: Netvox LoRaWAN Application Command, R711 and R718A; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of, temperature

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("air_temperature", "battery_voltage", "low_battery", "relative_humidity")

decode = Model(
    devices={0x01: "R711(R712)", 0x0B: "R718A", 0x13: "R718AB", 0x6E: "R720A"},
    reports={1: of(temperature(), Value(name="Humi", size=2, div=100, reads=("relative_humidity", "%", None)))},
    changes=(Value(name="TempChange", size=2, div=100), Value(name="HumiChange", size=2, div=100)),
).decode
