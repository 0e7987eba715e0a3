"""Which process is behind which quantity: all that a device can be asked for, in the vocabulary's canonical units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from simulators.values.device import Battery, Mount
from simulators.values.ground import Ground
from simulators.values.meters import HOUSEHOLD, OFFICE_HOURS, Meter
from simulators.values.moments import Moment, Place, Setting, Value
from simulators.values.rooms import Room
from simulators.values.street import Street
from simulators.values.weather import Weather

Process = Callable[[Moment], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that is around one device."""

    place: Place
    weather: Weather
    room: Room
    street: Street
    ground: Ground
    battery: Battery
    mount: Mount

    @classmethod
    def around(cls, place: Place) -> Self:
        """Return what is around a place."""
        return cls(
            place=place,
            weather=Weather.at(place),
            room=Room.at(place),
            street=Street.at(place),
            ground=Ground.at(place),
            battery=Battery.of(place),
            mount=Mount(key=place.key("mount")),
        )

    @property
    def climate(self) -> Weather | Room:
        """What the device's own air is."""
        return self.weather if self.place.setting is Setting.OUTDOORS else self.room

    @property
    def is_inside(self) -> bool:
        """Tell whether it hangs in a building."""
        return self.place.setting is not Setting.OUTDOORS

    # ── meters ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def water(self) -> Meter:
        """Return the water meter of a household, m³: 140 l a day and person, Swedish Water."""
        return Meter.of(self.place, "water", a_day=0.3, step=0.012, hours=HOUSEHOLD, weekend=1.15)

    def heat(self) -> Meter:
        """Return the heat meter of a house, kWh: 18 000 a year."""
        return Meter.of(self.place, "heat", a_day=50.0, step=1.5, hours=HOUSEHOLD, winter=0.8)

    def electricity(self) -> Meter:
        """Return the electricity meter of an office's socket or a household, kWh."""
        return Meter.of(self.place, "electricity", a_day=12.0, step=0.2, hours=HOUSEHOLD, weekend=1.1, winter=0.3)

    def gas(self) -> Meter:
        """Return the gas meter of a house, m³."""
        return Meter.of(self.place, "gas", a_day=4.5, step=0.2, hours=HOUSEHOLD, winter=0.8)

    def door(self, name: str) -> Meter:
        """Return the counter at a door of a public building."""
        return Meter.of(self.place, name, a_day=260.0, step=2.0, hours=OFFICE_HOURS, weekend=0.2)

    def traffic(self) -> Meter:
        """Return the counter of vehicles in a street."""
        return Meter.of(self.place, "vehicles", a_day=3400.0, step=9.0, hours=HOUSEHOLD, weekend=0.7)


Maker = Callable[[World], Process]


def _whole(meter: Meter) -> Process:
    return lambda now: int(meter(now))


def _scaled(process: Callable[[Moment], float], factor: float) -> Process:
    return lambda now: factor * process(now)


def _near(usual: float, spread: float, number: int) -> Maker:
    return lambda world: lambda now: world.mount.near(now, usual, spread, number)


def _slow(usual: float, spread: float, number: int) -> Maker:
    return lambda world: lambda now: world.ground.slow(now, usual, spread, number)


def _seldom(number: int) -> Maker:
    return lambda world: lambda now: world.mount.happens(now, number)


def _fumes(usual: float, indoors: float = 0.4) -> Maker:
    """Return what traffic leaves in the air, of which so much comes in."""
    return lambda world: _scaled(world.street.fumes, usual * (indoors if world.is_inside else 1.0))


def _ozone(world: World) -> Process:
    return lambda now: max(4.0, 48 + 22 * now.season + 16 * now.swing(15) - 9 * world.street.fumes(now))


def _battery_voltage(world: World) -> Process:
    return lambda now: world.battery.battery_voltage(now, world.climate.air_temperature(now))


def _device_temperature(world: World) -> Process:
    return lambda now: world.climate.air_temperature(now) + 0.8


def _surface_temperature(world: World) -> Process:
    return lambda now: world.weather.air_temperature(now) + 9 * world.weather.sunshine(now) - 1.0


def _power(factor: float) -> Maker:
    def maker(world: World) -> Process:
        meter = world.electricity()
        return lambda now: factor * meter.rate(now)

    return maker


PROCESSES: Final[Mapping[str, Maker]] = {
    # weather, or the air of a room
    "air_temperature": lambda w: w.climate.air_temperature,
    "relative_humidity": lambda w: w.climate.relative_humidity,
    "dew_point": lambda w: w.climate.dew_point,
    "feels_like_temperature": lambda w: w.climate.air_temperature,
    "surface_temperature": _surface_temperature,
    "device_temperature": _device_temperature,
    "atmospheric_pressure": lambda w: w.weather.atmospheric_pressure,
    "illuminance": lambda w: w.climate.illuminance,
    "solar_irradiance": lambda w: w.weather.solar_irradiance,
    "par": lambda w: _scaled(w.weather.solar_irradiance, 2.02),  # µmol of daylight for each joule
    "uv_index": lambda w: _scaled(w.weather.sunshine, 9.0),
    "wind_speed": lambda w: w.weather.wind_speed,
    "wind_gust": lambda w: _scaled(w.weather.wind_speed, 1.6),
    "wind_direction": lambda w: w.weather.wind_direction,
    "rainfall": lambda w: w.weather.rainfall,
    "rainfall_total": lambda w: w.weather.rainfall_total,
    "rain_intensity": lambda w: w.weather.rain_intensity,
    "snow_depth": lambda w: w.weather.snow_depth,
    # people
    "co2": lambda w: w.room.co2 if w.is_inside else _near(430.0, 6.0, 1)(w),
    "tvoc": lambda w: w.room.tvoc,
    "hcho": _near(22.0, 3.0, 2),
    "radon": _near(70.0, 14.0, 3),
    "noise_laeq": lambda w: (w.room if w.is_inside else w.street).noise_laeq,
    "noise_lamax": lambda w: (
        lambda now: (w.room if w.is_inside else w.street).noise_laeq(now) + w.mount.near(now, 13, 2, 4)
    ),
    "noise_lamin": lambda w: (
        lambda now: (w.room if w.is_inside else w.street).noise_laeq(now) - w.mount.near(now, 6, 1, 5)
    ),
    "presence": lambda w: w.room.presence,
    "motion": lambda w: w.room.motion,
    "people_count": lambda w: w.room.people_count,
    "window_open": lambda w: w.room.window_open,
    "temperature_setpoint": lambda w: w.room.temperature_setpoint,
    "valve_position": lambda w: w.room.valve_position,
    "door_open": lambda w: w.street.door_open,
    "button_pressed": lambda w: w.street.button_pressed,
    # the street
    "pm1": _fumes(3.4),
    "pm2_5": _fumes(5.2),
    "pm4": _fumes(7.5),
    "pm10": _fumes(12.0),
    "no2": _fumes(16.0),
    "no": _fumes(9.0),
    "co": _fumes(220.0),
    "so2": _fumes(1.2),
    "o3": _ozone,
    "air_quality_index": _fumes(24.0),
    "parking_occupied": lambda w: w.street.parking_occupied,
    "vehicle_speed": lambda w: w.street.vehicle_speed,
    "vehicle_count": lambda w: _whole(w.traffic()),
    "people_in": lambda w: _whole(w.door("in")),
    "people_out": lambda w: _whole(w.door("out")),
    "motion_count": lambda w: _whole(w.door("motion")),
    "relay_state": lambda w: w.weather.is_dark,
    # meters
    "water_volume": lambda w: w.water(),
    "water_flow": lambda w: w.water().rate,
    "thermal_energy": lambda w: w.heat(),
    "gas_volume": lambda w: w.gas(),
    "active_energy_import": lambda w: w.electricity(),
    "active_energy_export": lambda w: Meter.of(w.place, "export", a_day=1.0, step=0.1),
    "reactive_energy_import": lambda w: Meter.of(w.place, "reactive", a_day=3.0, step=0.1),
    "pulse_count": lambda w: _whole(Meter.of(w.place, "pulses", a_day=300.0, step=3.0, hours=HOUSEHOLD)),
    "on_time": lambda w: _whole(Meter.of(w.place, "on", a_day=30_000.0, step=300.0)),
    "active_power": _power(1000.0),
    "reactive_power": _power(260.0),
    "apparent_power": _power(1050.0),
    "current": _power(1050.0 / 230.0),
    "power_factor": _near(0.95, 0.012, 6),
    "voltage": _near(231.0, 1.8, 7),
    "frequency": _near(50.0, 0.02, 8),
    # water and earth
    "water_level": lambda w: w.ground.water_level,
    "groundwater_level": lambda w: w.ground.groundwater_level,
    "distance": lambda w: w.ground.distance,
    "water_temperature": lambda w: w.ground.water_temperature,
    "water_conductivity": _slow(340.0, 25.0, 1),
    "water_ph": _slow(7.4, 0.1, 2),
    "turbidity": _slow(4.0, 0.7, 3),
    "dissolved_oxygen": _slow(10.0, 0.6, 4),
    "orp": _slow(240.0, 15.0, 5),
    "tds": _slow(190.0, 12.0, 6),
    "salinity": _slow(3.0, 0.3, 7),
    "free_chlorine": _slow(0.4, 0.05, 8),
    "soil_temperature": lambda w: w.ground.soil_temperature,
    "soil_moisture": lambda w: w.ground.soil_moisture,
    "soil_water_tension": lambda w: w.ground.soil_water_tension,
    "soil_conductivity": lambda w: w.ground.soil_conductivity,
    "soil_ph": _slow(6.4, 0.08, 9),
    "soil_nitrogen": _slow(40.0, 3.0, 10),
    "soil_phosphorus": _slow(25.0, 2.0, 11),
    "soil_potassium": _slow(120.0, 8.0, 12),
    "leaf_wetness": lambda w: w.ground.leaf_wetness,
    "fill_level": lambda w: w.ground.fill_level,
    "fill_height": lambda w: w.ground.fill_height,
    "weight": lambda w: w.ground.weight,
    "pipe_pressure": _near(430.0, 18.0, 9),
    "differential_pressure": _near(32.0, 4.0, 10),
    # the device itself
    "battery_level": lambda w: w.battery.battery_level,
    "battery_voltage": _battery_voltage,
    "low_battery": lambda w: w.battery.low_battery,
    "analog_input_voltage": _near(1500.0, 40.0, 11),
    "analog_input_current": _near(9.5, 0.4, 12),
    "digital_input": lambda w: w.street.door_open,
    "tilt": _near(1.2, 0.1, 13),
    "acceleration_x": _near(0.1, 0.05, 14),
    "acceleration_y": _near(-0.1, 0.05, 15),
    "acceleration_z": _near(9.8, 0.05, 16),
    "vibration_acceleration": _near(0.6, 0.1, 17),
    "vibration_velocity": _near(1.4, 0.2, 18),
    "latitude": lambda w: lambda now: w.place.latitude,  # noqa: ARG005 - it stays where it is
    "longitude": lambda w: lambda now: w.place.longitude,  # noqa: ARG005 - the same
    "altitude": _near(42.0, 1.0, 19),
    # what seldom happens
    "leak_detected": _seldom(20),
    "water_present": _seldom(21),
    "backflow_detected": _seldom(22),
    "meter_burst": _seldom(23),
    "tamper": _seldom(24),
    "smoke_detected": _seldom(25),
}


def process(place: Place, quantity: str) -> Process:
    """Return what a quantity is at a place, at any moment and in any order; KeyError for one that has no process."""
    return PROCESSES[quantity](World.around(place))


def value(seed: int, device: str, quantity: str, at: datetime, *, uplinks: int = 0) -> Value:
    """Return a quantity in its canonical unit, as a device outdoors measures it at ``at`` (aware)."""
    return process(Place(seed=seed, device=device), quantity)(Moment.of(at, uplinks))
