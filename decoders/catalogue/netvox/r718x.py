"""Netvox R718X: how full a container is, by ultrasound, its temperature and whether it is tilted.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV 34 01 BB SS DDDD TTTT FF AA

    S  uint8   0 off, else on: nearer than the threshold that is set
    D  uint16  distance to what is in it 1 mm; ffff: none (no reading)
    T  int16   temperature 0.1 °C
    F  uint8   filled to, of the distance that is set as the greatest 1 %
    A  uint8   inclination 1 degree

The R718PE, whose frame has no temperature, is not read here.

Source: Netvox LoRaWAN Application Command, R718X; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of, temperature

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("air_temperature", "battery_voltage", "distance", "fill_level", "low_battery", "tilt")

decode = Model(
    devices={0x34: "R718X"},
    reports={
        1: of(
            Value(name="Status", words={False: "OFF", True: "ON"}),
            Value(name="Distance", size=2, reads=("distance", "mm", None), missing=0xFFFF),
            temperature(div=10),
            Value(name="FillLevel", reads=("fill_level", "%", None), missing=0xFF),
            Value(name="AngleOfInclination", reads=("tilt", "deg", None)),
        )
    },
    changes=(Value(name="DistanceChange", size=2), Value(name="TempChange", size=2, div=10)),
    answers={
        0x83: ("SetOnDistanceThresholdRsp", ()),
        0x84: ("GetOnDistanceThresholdRsp", (Value(name="OnDistanceThreshold", size=2),)),
        0x85: ("SetFillMaxDistanceRsp", ()),
        0x86: ("GetFillMaxDistanceRsp", (Value(name="FillMaxDistance", size=2),)),
        0x8B: ("SetDeadZoneDistanceRsp", ()),
        0x8C: ("GetDeadZoneDistanceRsp", (Value(name="DeadZoneDistance", size=2),)),
    },
).decode
