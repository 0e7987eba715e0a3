"""What sensors say: endless payloads of real models, plausible where a layout is drawn here, else the decoder's vectors.

Values wander slowly, as weather and water do; the octets are laid out as each decoder's docstring draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from random import Random
from struct import pack
from typing import Final

from decoders.contract import DecodeError, Payload
from decoders.registry import Registry

REVERTS: Final = 0.05  # of the way back to the usual value, at each step
READ_AT: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)  # for payloads that say how long ago they were measured


@dataclass(frozen=True, slots=True)
class Spoken:
    """An application payload and its FPort."""

    f_port: int
    payload: bytes


Says = Iterator[Spoken]
Model = Callable[[Random], Says]
Wander = Callable[[], float]


def wandering(random: Random, usual: float, step: float, low: float, high: float) -> Wander:
    """Return a value that moves by about ``step`` at each call and keeps near ``usual``, within ``low`` and ``high``."""
    value = usual + random.gauss(0, 3 * step)

    def move() -> float:
        nonlocal value
        value += random.gauss(0, step) + REVERTS * (usual - value)
        value = min(max(value, low), high)
        return value

    return move


def from_vectors(decoder: str, registry: Registry) -> Says:
    """Yield the payloads of a decoder's vectors over and over; only those that say something about now.

    A reading with a time of its own is history: a destination that keeps the newest value may rightly refuse it.
    """
    reader = registry.get(decoder)
    kept = []
    for vector in registry.vectors(decoder):
        try:
            decoded = reader.decode(Payload(vector.payload.data, vector.payload.f_port, READ_AT))
        except DecodeError:
            continue
        if decoded.readings and not any(reading.at for reading in decoded.readings):
            kept.append(Spoken(vector.payload.f_port, vector.payload.data))
    if not kept:
        raise LookupError(f"no vector of {decoder} says something about now")
    yield from cycle(kept)


def says(decoder: str, random: Random, registry: Registry) -> Says:
    """Return the payloads of a device with this decoder, without end."""
    model = MODELS.get(decoder)
    return from_vectors(decoder, registry) if model is None else model(random)


# ── models ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _room(random: Random) -> tuple[Wander, Wander]:
    return wandering(random, 21.5, 0.1, 16, 28), wandering(random, 42, 0.6, 20, 70)


def _outdoors(random: Random) -> tuple[Wander, Wander]:
    return wandering(random, 7.5, 0.15, -20, 30), wandering(random, 78, 0.8, 30, 100)


def _elsys_ers(random: Random) -> Says:
    celsius, percent = _room(random)
    lux = wandering(random, 320, 15, 0, 2000)
    while True:
        moved = random.choice((0, 0, 3))
        climate = pack(">BhBB", 1, round(celsius() * 10), 2, round(percent()))
        yield Spoken(5, climate + pack(">BHBBBH", 4, round(lux()), 5, moved, 7, 3620))


def _elsys_ers_co2(random: Random) -> Says:
    celsius, percent = _room(random)
    ppm = wandering(random, 620, 25, 400, 2000)
    while True:
        climate = pack(">BhBB", 1, round(celsius() * 10), 2, round(percent()))
        yield Spoken(5, climate + pack(">BHBH", 6, round(ppm()), 7, 3594))


def _elsys_ers_sound(random: Random) -> Says:
    celsius, percent = _room(random)
    average = wandering(random, 48, 2, 30, 90)
    while True:
        decibels = round(average())
        climate = pack(">BhBB", 1, round(celsius() * 10), 2, round(percent()))
        yield Spoken(5, climate + pack(">BBBBH", 0x15, decibels + random.randrange(4, 20), decibels, 7, 3608))


def _milesight_em300_th(random: Random) -> Says:
    celsius, percent = _outdoors(random)
    while True:
        climate = pack("<BBhBBB", 3, 0x67, round(celsius() * 10), 4, 0x68, round(percent() * 2))
        yield Spoken(85, climate + pack("<BBB", 1, 0x75, 96))


def _milesight_am307(random: Random) -> Says:
    celsius, percent = _room(random)
    ppm, hectopascal = wandering(random, 540, 15, 400, 1800), wandering(random, 1008, 0.2, 960, 1050)
    while True:
        climate = pack("<BBhBBB", 3, 0x67, round(celsius() * 10), 4, 0x68, round(percent() * 2))
        yield Spoken(85, climate + pack("<BBHBBH", 7, 0x7D, round(ppm()), 9, 0x73, round(hectopascal() * 10)))


def _dragino_lht65(random: Random) -> Says:
    celsius, percent = _room(random)
    probe = wandering(random, 4.2, 0.1, 0, 12)
    while True:
        climate = pack(">HhH", 0xC000 | 3060, round(celsius() * 100), round(percent() * 10))
        yield Spoken(2, climate + pack(">BhH", 1, round(probe() * 100), 0x7FFF))


def _decentlab_dl_ctd10(random: Random) -> Says:
    millimetres, celsius = wandering(random, 1840, 8, 200, 6000), wandering(random, 8.2, 0.05, 0, 25)
    while True:
        water = (round(millimetres()) + 0x8000, round(celsius() * 10) + 0x8000, 412, 0)
        yield Spoken(1, pack(">BHH4HH", 2, 2009, 3, *water, 3168))


def _decentlab_dl_pr26(random: Random) -> Says:
    bar, celsius = wandering(random, 0.44, 0.004, 0.1, 0.9), wandering(random, 8.8, 0.05, 1, 20)
    while True:
        water = (round(bar() * 32768) + 16384, round((celsius() + 50) * 320) + 384)
        yield Spoken(1, pack(">BHH2HH", 2, 359, 3, *water, 3199))


def _sensative_strips(random: Random) -> Says:
    celsius, percent = _outdoors(random)
    while True:
        climate = pack(">HBhBB", 0, 2, round(celsius() * 10), 6, round(percent() * 2))
        yield Spoken(1, climate + pack(">BBBB", 9, random.choice((1, 1, 1, 0)), 1, 91))


def _adeunis_comfort(random: Random) -> Says:
    celsius, percent = _room(random)
    for count in cycle(range(8)):
        yield Spoken(1, pack(">BBhB", 0x4C, count << 5, round(celsius() * 10), round(percent())))


def _talkpool_oy1210(random: Random) -> Says:
    celsius, percent = _room(random)
    ppm = wandering(random, 680, 20, 400, 1800)
    while True:
        tenths, percents = round(celsius() * 10) + 800, round(percent() * 10) + 250
        both = bytes((tenths >> 4, percents >> 4, (tenths & 0xF) << 4 | percents & 0xF))
        yield Spoken(2, both + pack(">H", round(ppm())))


def _quandify_cubicmeter(random: Random) -> Says:
    litres = random.randrange(4_000, 90_000)
    celsius = wandering(random, 21.5, 0.2, 16, 26)
    while True:
        litres += random.choice((0, 1, 2, 6))
        half_degrees = (round(2 * (degrees + 20)) for degrees in (9.5, 14.0, celsius()))
        yield Spoken(1, pack("<IHI12xB5B", 31_456_073, 0, litres, 2, 226, 230, *half_degrees))


MODELS: Final[Mapping[str, Model]] = {
    "adeunis/comfort": _adeunis_comfort,
    "decentlab/dl-ctd10": _decentlab_dl_ctd10,
    "decentlab/dl-pr26": _decentlab_dl_pr26,
    "dragino/lht65": _dragino_lht65,
    "elsys/ers": _elsys_ers,
    "elsys/ers-co2": _elsys_ers_co2,
    "elsys/ers-sound": _elsys_ers_sound,
    "milesight/am307": _milesight_am307,
    "milesight/em300-th": _milesight_em300_th,
    "quandify/cubicmeter-1-1-copper": _quandify_cubicmeter,
    "sensative/strips": _sensative_strips,
    "talkpool/oy1210": _talkpool_oy1210,
}
