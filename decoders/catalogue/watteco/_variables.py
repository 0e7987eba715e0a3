"""What the variables of Watteco's models mean: quantity, unit and channel, where their names leave no doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Meaning:
    """A quantity of the vocabulary; ``say`` makes the reading's value of the variable's."""

    quantity: str
    unit: str = ""
    channel: str | None = None
    say: Callable[[Any], Any] = lambda value: value


def _on(value: Any) -> bool:
    return bool(value == "ON")


PHASES = ("a", "b", "c", "abc")

STATED: dict[str, Meaning] = {
    "temperature": Meaning("air_temperature", "Cel"),
    "Temperature": Meaning("air_temperature", "Cel"),
    "temperature_1": Meaning("air_temperature", "Cel", "1"),
    "temperature_2": Meaning("air_temperature", "Cel", "2"),
    "acc_temperature": Meaning("device_temperature", "Cel"),
    "humidity": Meaning("relative_humidity", "%"),
    "humidity_1": Meaning("relative_humidity", "%", "1"),
    "humidity_2": Meaning("relative_humidity", "%", "2"),
    "pressure": Meaning("atmospheric_pressure", "hPa"),
    "differential_pressure": Meaning("differential_pressure", "Pa"),
    "mean_differential_pressure_since_last_report": Meaning("differential_pressure", "Pa", "mean"),
    "minimal_differential_pressure_since_last_report": Meaning("differential_pressure", "Pa", "min"),
    "maximal_differential_pressure_since_last_report": Meaning("differential_pressure", "Pa", "max"),
    "CO2": Meaning("co2", "[ppm]"),
    "illuminance": Meaning("illuminance", "lx"),
    "occupancy": Meaning("presence", say=bool),
    "OCC": Meaning("presence", say=bool),
    "open": Meaning("door_open", say=bool),
    "Tilt": Meaning("tilt", "deg"),
    "distance": Meaning("distance", "m"),
    "disposable_battery_voltage": Meaning("battery_voltage", "V"),
    "battery_voltage": Meaning("battery_voltage", "V"),
    "BatteryVoltage": Meaning("battery_voltage", "V"),
    "rechargeable_battery_voltage": Meaning("battery_voltage", "V", "rechargeable"),
    "4-20_mA": Meaning("analog_input_current", "mA"),
    "0-10_V": Meaning("analog_input_voltage", "V"),
    "0-5_V_1": Meaning("analog_input_voltage", "V", "1"),
    "0-5_V_2": Meaning("analog_input_voltage", "V", "2"),
    "0-100_mV": Meaning("analog_input_voltage", "mV"),
    "index": Meaning("pulse_count", "1"),
    "pin_state": Meaning("digital_input", say=bool),
    "output": Meaning("relay_state", say=_on),
    "Irms": Meaning("current", "A"),
    "Vrms": Meaning("voltage", "V"),
    "frequency": Meaning("frequency", "Hz"),
    "active_energy": Meaning("active_energy_import", "W.h"),
    "ActiveEnergy": Meaning("active_energy_import", "W.h"),
    "active_power": Meaning("active_power", "W"),
    "reactive_power": Meaning("reactive_power", "V.A{reactive}"),
}
STATED |= {f"index_{place}": Meaning("pulse_count", "1", str(place)) for place in range(1, 11)}
STATED |= {f"pin_state_{place}": Meaning("digital_input", "", str(place), bool) for place in range(1, 11)}
STATED |= {f"output_{place}": Meaning("relay_state", "", str(place), _on) for place in range(1, 5)}
for phase in PHASES:
    STATED |= {
        f"Vrms_{phase}": Meaning("voltage", "V", phase),
        f"Irms_{phase}": Meaning("current", "A", phase),
        f"positive_active_energy_{phase}": Meaning("active_energy_import", "W.h", phase),
        f"negative_active_energy_{phase}": Meaning("active_energy_export", "W.h", phase),
        f"positive_reactive_energy_{phase}": Meaning("reactive_energy_import", "V.A.h{reactive}", phase),
        f"active_energy_{phase}": Meaning("active_energy_import", "W.h", phase),
        f"active_power_{phase}": Meaning("active_power", "W", phase),
        f"reactive_power_{phase}": Meaning("reactive_power", "V.A{reactive}", phase),
    }

Sample = tuple[str, Any, datetime | None]


def net_powers(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the samples, and for each pair of a positive and a negative power the power of that phase."""
    found = {}
    for name, value, at in samples:
        found[name] = value
        yield name, value, at
        start, _, rest = name.partition("_")
        if start == "negative" and "power" in rest and f"positive_{rest}" in found:
            yield rest, found[f"positive_{rest}"] - value, at
