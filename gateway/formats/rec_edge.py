"""RealEstateCore Edge 3.3: a message for each uplink, over any transport (RealEstateCore/rec, API/Edge).

    {"format":"rec3.3","deviceId":"urn:dev:mac:a81758fffe03abcd",
     "observations":[{"observationTime":"2026-03-01T12:00:01.123Z","value":21.5,"quantityKind":"https://w3id.org/rec/core/Temperature",
                      "sensorId":"urn:dev:mac:a81758fffe03abcd:air_temperature","unit":"http://qudt.org/vocab/unit/DEG_C"}]}

The message has no word for a unit, and the schema forbids none: ``unit`` is QUDT's, as REC 3.3 takes its units from there. A quantity goes under REC's
own kind where REC 3.3 names one, else under QUDT's, which REC 3.3 prefers (`core.rdf`: "Deprecated in favour of qudt:QuantityKind"). What
neither has a word for (an open door) goes under the Brick class of its sensor, as REC 4 does. diwise's api-rec takes the message at
POST /api/observations, and keeps one of each device, sensor, time and value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from decoders.vocabulary import QUANTITIES, Quantity
from gateway.formats import Conversation
from gateway.formats.naming import Template, keyed, known_as, timestamp
from gateway.formats.parts import OneByOne, Part, Said, request_about
from gateway.formats.patience import of_a_platform
from gateway.formats.rounds import Rounds
from gateway.model import Item, Json, Observation

REC: Final = "https://w3id.org/rec/core/"
BRICK: Final = "https://brickschema.org/schema/Brick#"

# The quantities that `core.rdf` of REC 3.3 has a kind for, said as it says them; energies and powers are its "Total".
KINDS: Final[Mapping[str, str]] = {
    "active_energy_import": "ActiveEnergyTotal",
    "active_power": "ActivePowerTotal",
    "air_temperature": "Temperature",
    "analog_input_current": "Current",
    "analog_input_voltage": "Voltage",
    "atmospheric_pressure": "Pressure",
    "backflow_detected": "AlarmMajor",  # "Danger for property"
    "battery_voltage": "Voltage",
    "button_pressed": "AgentInteraction",  # "When a human interacts with a system. E.g. pushes a button …"
    "co": "CO",
    "co2": "CO2",
    "current": "Current",
    "device_temperature": "Temperature",
    "dew_point": "Temperature",
    "differential_pressure": "Pressure",
    "feels_like_temperature": "Temperature",
    "frequency": "PowerFrequency",
    "gas_volume": "Volume",
    "illuminance": "Illuminance",
    "leak_detected": "AlarmMajor",
    "low_battery": "AlarmMinor",  # "Notifications"
    "meter_burst": "AlarmMajor",
    "motion": "Presence",
    "noise_laeq": "Sound",
    "noise_lamax": "Sound",
    "noise_lamin": "Sound",
    "parking_occupied": "Presence",
    "people_count": "AreaPresence",  # "Number of people counted in a specified area"
    "people_in": "Footfall",  # "Number of people crossing a specified line"
    "people_out": "Footfall",
    "pipe_pressure": "Pressure",
    "presence": "Presence",
    "rain_intensity": "Precipitation",  # "Measured in MillimeterPerHour"
    "reactive_power": "ReactivePowerTotal",
    "relative_humidity": "Humidity",
    "smoke_detected": "AlarmSevere",  # "Danger for life and property"
    "soil_temperature": "Temperature",
    "solar_irradiance": "GlobalIrradiance",
    "speed": "Speed",
    "surface_temperature": "Temperature",
    "tamper": "AlarmMajor",
    "temperature_setpoint": "Temperature",
    "thermal_energy": "EnergyTotal",  # "used for e.g. district heating"
    "tvoc": "TVOC",
    "vehicle_speed": "Speed",
    "voltage": "Voltage",
    "water_flow": "Flow",
    "water_present": "AlarmMajor",
    "water_temperature": "Temperature",
    "water_volume": "Volume",
    "wind_gust": "Speed",
    "wind_speed": "Speed",
}


class RecEdge(OneByOne):
    """RealEstateCore Edge 3.3: one message for each uplink, every observation with its own time."""

    def __init__(
        self,
        *,
        topic: str = "brygga/{dev_eui}/rec",
        ids: Mapping[str, str] | None = None,
        device_id: str = "urn:dev:mac:{dev_eui}",
        sensor_id: str = "{id}:{key}",
        tries: int = 10,
    ) -> None:
        """Take how devices and sensors are called; ValueError says what cannot be.

        ``topic``: of MQTT, or a path behind the URL ("/api/observations" is api-rec's). {id} is what ``ids`` says of a device, else
        its ``device_id``, IRI or id; {key} in ``sensor_id`` is the quantity with its channel.
        """
        self._topic = Template("topic", topic, ("id", "dev_eui"))
        self._device_id = _identifier("device_id", device_id, ("dev_eui",), "dev_eui")
        self._sensor_id = _identifier("sensor_id", sensor_id, ("id", "dev_eui", "key"), "key")
        self._ids = known_as(ids)
        self._topic.check(self._ids)
        if tries < 1:
            raise ValueError(f"tries: {tries} is less than 1")
        self._patience = of_a_platform(tries, is_path=self._topic.is_path)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send each uplink's message."""
        return Rounds(batch, memory, self, patience=self._patience).talk()

    def say(self, item: Item) -> Said:
        """Return the message of ``item``, and what no vocabulary has a kind for."""
        dev_eui = item.device.dev_eui
        device = self._ids.get(dev_eui) or self._device_id.format(dev_eui=dev_eui)
        observations: list[Json] = []
        unkind: list[str] = []
        for observed_ms, values in keyed(item):
            for key, one in values.items():
                if kind_of(one.quantity):
                    sensor = self._sensor_id.format(id=device, dev_eui=dev_eui, key=key)
                    observations.append(_observation(one, observed_ms, sensor))
                else:
                    unkind.append(one.quantity)
        if not observations:
            return Said((), unkind)
        text = json.dumps(
            {"format": "rec3.3", "deviceId": device, "observations": observations},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        target = self._topic.fill(id=device, dev_eui=dev_eui)
        return Said([Part(item.row, device, 0, request_about(item, target, text.encode()))], unkind)


@lru_cache(maxsize=256)
def kind_of(quantity: str) -> str:
    """Return the IRI of a quantity's kind; "" where neither REC, QUDT nor Brick has one."""
    known: Quantity = QUANTITIES[quantity]
    if quantity in KINDS:
        return REC + KINDS[quantity]
    if known.quantity_kind_iri:
        return known.quantity_kind_iri
    return BRICK + known.brick_class if known.brick_class else ""


def _observation(observation: Observation, observed_ms: int, sensor: str) -> Json:
    value = observation.value
    label = "valueBoolean" if isinstance(value, bool) else "valueString" if isinstance(value, str) else "value"
    said = {
        "observationTime": timestamp(observed_ms),
        label: value,
        "quantityKind": kind_of(observation.quantity),
        "sensorId": sensor,
    }
    unit = QUANTITIES[observation.quantity].unit_iri
    return {**said, "unit": unit} if unit else said


def _identifier(option: str, text: str, words: Sequence[str], needed: str) -> str:
    if needed not in Template(option, text.lstrip("/"), words).names:
        raise ValueError(f"{option}: {text!r} has no {{{needed}}}; so several would be one there")
    return text
