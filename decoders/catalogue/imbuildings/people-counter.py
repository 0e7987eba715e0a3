"""IMBuildings people counter (LoRaWAN), comfort and desk sensors, moodbox: who passes, sits or presses.

Any FPort with a head, FPort 11 to 34 without: 10 * type + variant is the port then. Big endian.

    head  KK VV DDDDDDDDDDDDDDDD   type, variant, number of the device
    s     SS BBBB                  state of the device, battery 0.01 V

    1 3   s TTTT HHHH CCCC PP                comfort: temperature 0.01 °C, humidity 0.01 %, CO2 1 ppm, presence 1
    1 6   s EE      1 7  s PP      1 8  s MM desk: event; time used 1 %; time used, minutes
    2 6   s AAAA BBBB ZZ aaaa bbbb NN        people: counts since the last, state of the sensor, totals, payloads sent
    2 7   ZZ aaaa bbbb                       state of the sensor, totals
    2 8   s ZZ                               sign of life
    3 3   s KK                               buttons: bits 0 to 4 are a to e
    3 4   s {NNNN}x5                         presses of a to e

Without a head 1 3, 1 6, 1 7, 1 8, 3 3 and 3 4 have no s. Which way A and B are depends on how it is mounted: the totals are
people who passed one way and the other, not people in and out.

Source: IMBuildings payload documentation; the vendor's PayloadParser, from which the field names are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "IMBuildings payload documentation; github.com/IMBUILDINGS/PayloadParser"
LICENCE = "Apache-2.0"
QUANTITIES = (
    "air_temperature", "battery_voltage", "button_pressed", "co2", "people_count", "presence", "pulse_count", "relative_humidity",
)  # fmt: skip

HEAD = 10  # octets
BUTTONS = "abcde"

Kind = tuple[int, int]
Fields = dict[str, Any]
Readings = list[Reading]
Part = Callable[[Cursor, Fields, Readings], None]


def decode(payload: Payload) -> Decoded:
    """Read a payload by its head, or by its port where it has none."""
    data, port = payload.data, payload.f_port
    kind: Kind = (data[0], data[1]) if len(data) > HEAD else (0, 0)
    fields: Fields = {}
    if kind in KINDS and len(data) == HEAD + SIZES[kind]:
        fields = {"payload_type": kind[0], "payload_variant": kind[1], "device_id": data[2:HEAD].hex()}
        return _read(data[HEAD:], kind, fields, bare=False)
    kind = divmod(port, 10)
    if kind not in KINDS:
        raise DecodeError(
            DecodeReason.UNKNOWN_MESSAGE, f"{len(data)} octets on port {port}: neither a head nor its port"
        )
    fields = {"payload_type": kind[0], "payload_variant": kind[1]}
    return _read(data, kind, fields, bare=kind in BARE)


def _read(data: bytes, kind: Kind, fields: Fields, *, bare: bool) -> Decoded:
    size = SIZES[kind] - (STATE_SIZE if bare else 0)
    if len(data) > size:
        raise DecodeError(DecodeReason.MALFORMED, f"{len(data)} octets where {size} are expected")
    cursor = Cursor(data)
    readings: Readings = []
    for part in KINDS[kind]:
        if not (bare and part is _state):
            part(cursor, fields, readings)
    return Decoded(tuple(readings), fields)


def _state(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields |= {"device_status": cursor.u8("device_status"), "battery_voltage": cursor.u16("battery_voltage") / 100}
    if fields["battery_voltage"]:
        readings.append(Reading("battery_voltage", fields["battery_voltage"], "V"))


def _comfort(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields["temperature"] = cursor.i16("temperature") / 100
    fields["humidity"] = cursor.u16("humidity") / 100
    fields["CO2"] = cursor.u16("CO2")
    fields["presence"] = cursor.u8("presence") == 1
    readings += [
        Reading("air_temperature", fields["temperature"], "Cel"),
        Reading("relative_humidity", fields["humidity"], "%"),
        Reading("co2", fields["CO2"], "[ppm]"),
        Reading("presence", fields["presence"]),
    ]


def _octet(name: str) -> Part:
    def part(cursor: Cursor, fields: Fields, _: Readings) -> None:
        fields[name] = cursor.u8(name)

    return part


def _recent(cursor: Cursor, fields: Fields, _: Readings) -> None:
    fields |= {"counter_a": cursor.u16("counter_a"), "counter_b": cursor.u16("counter_b")}


def _totals(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    for side in "ab":
        name = f"total_counter_{side}"
        fields[name] = cursor.u16(name)
        readings.append(Reading("people_count", fields[name], "1", side))


def _buttons(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    pressed = cursor.u8("button")
    fields["button_pressed"] = pressed != 0
    fields["button"] = {name: bool(pressed >> place & 1) for place, name in enumerate(BUTTONS)}
    readings += [Reading("button_pressed", on, channel=name) for name, on in fields["button"].items()]


def _presses(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields["button"] = {name: cursor.u16(f"button {name}") for name in BUTTONS}
    readings += [Reading("pulse_count", count, "1", name) for name, count in fields["button"].items()]


STATE_SIZE = 3
KINDS: Mapping[Kind, tuple[Part, ...]] = {
    (1, 3): (_state, _comfort),
    (1, 6): (_state, _octet("event")),
    (1, 7): (_state, _octet("percentage")),
    (1, 8): (_state, _octet("minutes")),
    (2, 6): (_state, _recent, _octet("sensor_status"), _totals, _octet("payload_counter")),
    (2, 7): (_octet("sensor_status"), _totals),
    (2, 8): (_state, _octet("sensor_status")),
    (3, 3): (_state, _buttons),
    (3, 4): (_state, _presses),
}
SIZES = {(1, 3): 10, (1, 6): 4, (1, 7): 4, (1, 8): 4, (2, 6): 13, (2, 7): 5, (2, 8): 4, (3, 3): 4, (3, 4): 13}
BARE = {(1, 3), (1, 6), (1, 7), (1, 8), (3, 3), (3, 4)}  # without a head they have no state either
