"""What models say whose decoder is a program, or a table whose sums do not run backwards: their octets laid out as each decoder's docstring draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import pack
from typing import Final

from simulators.sensors import Spoken
from simulators.values.moments import Moment
from simulators.values.processes import World

Speaks = Callable[[Moment], Spoken]
Layout = Callable[[World], Speaks]


def _elsys(world: World, more: Callable[[Moment], bytes]) -> Speaks:
    def speak(now: Moment) -> Spoken:
        climate = world.climate
        celsius, percent = climate.air_temperature(now), climate.relative_humidity(now)
        millivolts = round(1000 * world.battery.battery_voltage(now, celsius))
        return Spoken(
            5, pack(">BhBB", 1, round(celsius * 10), 2, round(percent)) + more(now) + pack(">BH", 7, millivolts)
        )

    return speak


def _lit(world: World) -> Callable[[Moment], bytes]:
    def octets(now: Moment) -> bytes:
        lux = min(65_535, round(world.climate.illuminance(now)))
        return pack(">BHBB", 4, lux, 5, 3 if world.room.motion(now) else 0)

    return octets


def _elsys_ers(world: World) -> Speaks:
    return _elsys(world, _lit(world))


def _elsys_ers_co2(world: World) -> Speaks:
    lit = _lit(world)
    return _elsys(world, lambda now: lit(now) + pack(">BH", 6, round(world.room.co2(now))))


def _elsys_ers_sound(world: World) -> Speaks:
    def heard(now: Moment) -> bytes:
        average = round(world.room.noise_laeq(now))
        return pack(">BBB", 0x15, average + round(world.mount.near(now, 13, 2, 4)), average)

    return _elsys(world, heard)


def _dragino_lht65(world: World) -> Speaks:
    def speak(now: Moment) -> Spoken:
        celsius, percent = world.climate.air_temperature(now), world.climate.relative_humidity(now)
        millivolts = round(1000 * world.battery.battery_voltage(now, celsius)) - 600  # two cells of another kind
        climate = pack(">HhH", 0xC000 | millivolts, round(celsius * 100), round(percent * 10))
        return Spoken(2, climate + pack(">BhH", 1, round(world.weather.air_temperature(now) * 100), 0x7FFF))

    return speak


def _sensative_strips(world: World) -> Speaks:
    def speak(now: Moment) -> Spoken:
        climate = world.climate
        tenths, halves = round(climate.air_temperature(now) * 10), round(climate.relative_humidity(now) * 2)
        rest = (9, not world.street.door_open(now), 1, round(world.battery.battery_level(now)))
        return Spoken(1, pack(">HBhBB", 0, 2, tenths, 6, halves) + pack(">BBBB", *rest))

    return speak


def _adeunis_comfort(world: World) -> Speaks:
    def speak(now: Moment) -> Spoken:
        climate = world.climate
        status = now.uplinks % 8 << 5
        tenths, percent = round(climate.air_temperature(now) * 10), round(climate.relative_humidity(now))
        return Spoken(1, pack(">BBhB", 0x4C, status, tenths, percent))

    return speak


def _quandify_cubicmeter(world: World) -> Speaks:
    meter = world.water()

    def speak(now: Moment) -> Spoken:
        litres = int(1000 * meter(now))
        water = world.ground.water_temperature(now)
        half_degrees = (round(2 * (degrees + 20)) for degrees in (water, water + 3, world.room.air_temperature(now)))
        return Spoken(1, pack("<IHI12xB5B", 31_456_073, 0, litres, 2, 226, 230, *half_degrees))

    return speak


def _talkpool_oy1210(world: World) -> Speaks:
    def speak(now: Moment) -> Spoken:
        climate = world.climate
        tenths, percents = (
            round(climate.air_temperature(now) * 10) + 800,
            round(climate.relative_humidity(now) * 10) + 250,
        )
        both = bytes((tenths >> 4, percents >> 4, (tenths & 0xF) << 4 | percents & 0xF))
        return Spoken(2, both + pack(">H", round(world.room.co2(now))))

    return speak


def _decentlab_dl_pr26(world: World) -> Speaks:
    def speak(now: Moment) -> Spoken:
        celsius = world.ground.water_temperature(now)
        bar = 0.0981 * world.ground.water_level(now)  # it hangs in the water
        water = (round(bar * 32_768) + 16_384, round((celsius + 50) * 320) + 384)
        return Spoken(1, pack(">BHH2HH", 2, 359, 3, *water, round(1000 * world.battery.battery_voltage(now, celsius))))

    return speak


LAYOUTS: Final[Mapping[str, Layout]] = {
    "adeunis/comfort": _adeunis_comfort,
    "decentlab/dl-pr26": _decentlab_dl_pr26,
    "dragino/lht65": _dragino_lht65,
    "elsys/ers": _elsys_ers,
    "elsys/ers-co2": _elsys_ers_co2,
    "elsys/ers-sound": _elsys_ers_sound,
    "quandify/cubicmeter-1-1-copper": _quandify_cubicmeter,
    "sensative/strips": _sensative_strips,
    "talkpool/oy1210": _talkpool_oy1210,
}
