"""What one field says for other platforms, read as a quantity of our vocabulary.

``semantic`` (words with dots), ``senml: {name, unit}``, ``senml_unit``, ``ipso`` (an object, or object and resource),
``unece`` (UN/CEFACT Recommendation 20) and ``unit``. A field whose annotations name exactly one quantity, and a unit of
it, states that quantity by itself; "temperature" alone names none, for it may be of the soil. Everything that is less
certain is a proposal, for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from decoders.payload_schema import document
from decoders.payload_schema.wire import BITS, FLOATS, INTEGER
from decoders.vocabulary import QUANTITIES, ValueType
from decoders.vocabulary.spellings import ucum
from decoders.vocabulary.units import UnitError, convert

# Objects of the LwM2M registry that mean one thing. 3303 is any temperature, 3320 any percentage, 3325 any gas, and 3304
# is found on soil moisture in published tables.
SPECIFIC = {3301, 3308, 3315, 3317, 3318, 3328, 3329, 3411, 3424, 3426, 3427, 3428, 3432, 3434, 3435}
# Words that add nothing to the name of a quantity of these kinds, or to these.
FILLERS = (
    (
        frozenset({"gas", "air", "concentration", "level"}),
        {"MoleFraction", "MassConcentration", "ActivityConcentration"},
    ),
    (frozenset({"location", "position", "gps"}), {"latitude", "longitude", "altitude", "speed"}),
)
# What is said in other words than the vocabulary's; a unit that does not fit takes it back.
SAID = {
    "battery %": "battery_level",
    "battery V": "battery_voltage",
    "ambient temperature": "air_temperature",
    "air humidity": "relative_humidity",
    "air pressure": "atmospheric_pressure",
    "barometric pressure": "atmospheric_pressure",
    "air light intensity": "illuminance",
    "thermostat setpoint": "temperature_setpoint",
}
# What may be meant, where a person is asked.
GUESSED = {
    "temperature": "air_temperature",
    "humidity": "relative_humidity",
    "pressure": "atmospheric_pressure",
    "battery": "battery_level",
    "irradiance": "solar_irradiance",
    "noise": "noise_laeq",
    "distance": "distance",
}
GUESSED_OBJECTS = {3303: "air_temperature", 3304: "relative_humidity", 3316: "voltage", 3330: "distance"}
CODES = {
    "FAH": "[degF]",
    "MTR": "m",
    "MMT": "mm",
    "BAR": "bar",
    "WHR": "W.h",
    "LTR": "L",
    "2Z": "mV",
    "4K": "mA",
    "C26": "ms",
}
SENML = {"lat": "deg", "lon": "deg", "/100": "%", "%EL": "%", "/1000": "[ppth]", "/": "1", "count": "1"}


@dataclass(frozen=True, slots=True)
class Annotated:
    """What the annotations of a field come to; ``sure`` where they can mean nothing else."""

    quantity: str
    unit: str  # UCUM
    channel: str | None
    sure: bool
    why: str


def annotated(field: document.Mapping) -> Annotated | None:
    """Return what the annotations of ``field`` say, None where they say nothing that can be used."""
    if not _is_number(field):
        return None
    unit = _unit(field)
    if unit is None:
        return None
    certain, why = _named(field, unit)
    quantity, why = (certain, why) if certain else _guess(field)
    if quantity is None or not _fits(quantity, unit):
        return None
    return Annotated(quantity, unit, _channel(field), certain is not None, why)


def stated(field: document.Mapping) -> document.Mapping | None:
    """Return the ``reading`` that the annotations of ``field`` are, None where they are not certain."""
    found = annotated(field)
    if found is None or not found.sure:
        return None
    channel = {} if found.channel is None else {"channel": found.channel}
    return field.like({"quantity": found.quantity, "unit": found.unit, **channel})


# ── what the annotations name ──────────────────────────────────────────────────────────────────────


def _is_number(field: document.Mapping) -> bool:
    kind = str(field.get("type", "u8"))
    wire = (
        INTEGER.fullmatch(kind)
        or BITS.fullmatch(kind)
        or kind in {*FLOATS, "number", "udec", "sdec", "u32le16", "s32le16"}
    )
    return bool(wire) and not any(key in field for key in ("lookup", "values", "name_from", "value"))


def _named(field: document.Mapping, unit: str) -> tuple[str | None, str]:
    """Return the one quantity that semantic, SenML name and object agree on, and in which words; None for none."""
    said = {
        f"semantic {field.get('semantic')!r}": _by_words(field.get("semantic"), unit),
        f"senml {_senml(field, 'name')!r}": _by_words(_senml(field, "name"), unit),
        f"ipso {_object(field)}": _by_object(field),
    }
    named = {words: quantity for words, quantity in said.items() if quantity is not None}
    if len(set(named.values())) != 1:
        return None, ""
    return next(iter(named.values())), " and ".join(named)


def _by_words(text: Any, unit: str) -> str | None:
    if not isinstance(text, str):
        return None
    words, known = frozenset(re.findall(r"[a-z0-9]+", text.lower())), _quantities()
    for one in (words, words | {unit.lower()}):
        if one in known:
            return known[one]
    for fillers, kinds in FILLERS:
        quantity = known.get(words - fillers)
        if quantity is not None and {quantity, QUANTITIES[quantity].quantity_kind} & kinds:
            return quantity
    return None


@cache
def _quantities() -> Mapping[frozenset[str], str]:
    """Return the quantities by the words of their names, of TTN's paths, and of others."""
    found = {frozenset(words.lower().split()): quantity for words, quantity in SAID.items()}
    for one in QUANTITIES.values():
        if one.ttn_path and one.value_type is not ValueType.BOOLEAN and one.ttn_path != "battery":
            found[frozenset(re.findall(r"[a-z0-9]+", re.sub(r"([A-Z])", r" \1", one.ttn_path).lower()))] = one.name
    return {**found, **{frozenset(re.findall(r"[a-z0-9]+", name)): name for name in QUANTITIES}}


def _object(field: document.Mapping) -> str:
    """Return "3301/5700", "3301" where the resource is not said, "" where neither is."""
    spec = field.get("ipso")
    number = spec.get("object") if isinstance(spec, Mapping) else spec
    resource = spec.get("resource") if isinstance(spec, Mapping) else None
    return (
        ""
        if isinstance(number, bool) or not isinstance(number, int)
        else str(number)
        if resource is None
        else f"{number}/{resource}"
    )


def _by_object(field: document.Mapping) -> str | None:
    said = _object(field)
    number, _, resource = said.partition("/")
    if not said or int(number) not in SPECIFIC:
        return None
    fitting = [
        one.name
        for one in QUANTITIES.values()
        if (one.ipso_resource == said if resource else one.ipso_resource.startswith(f"{number}/"))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _guess(field: document.Mapping) -> tuple[str | None, str]:
    for key, text in (("semantic", field.get("semantic")), ("senml", _senml(field, "name"))):
        words = re.findall(r"[a-z0-9]+", text.lower()) if isinstance(text, str) else []
        if found := next((GUESSED[word] for word in words if word in GUESSED), None):
            return found, f"{key} {text!r}, which is usually this"
    said = _object(field)
    found = GUESSED_OBJECTS.get(int(said.partition("/")[0])) if said else None
    return found, f"ipso {said}, which is usually this"


def _senml(field: document.Mapping, key: str) -> Any:
    spec = field.get("senml")
    return spec.get(key) if isinstance(spec, Mapping) else None


def _channel(field: document.Mapping) -> str | None:
    spec = field.get("ipso")
    instance = spec.get("instance") if isinstance(spec, Mapping) else None
    return str(instance) if isinstance(instance, int) and instance > 0 else None


# ── units ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _unit(field: document.Mapping) -> str | None:
    """Return the UCUM unit on which all that say one agree; None where none does, or they do not."""
    given = [
        (field.get("unit"), ucum),
        (_senml(field, "unit"), _of_senml),
        (field.get("senml_unit"), _of_senml),
        (field.get("unece"), _of_unece),
    ]
    read = [translate(text) for text, translate in given if isinstance(text, str) and text]
    units = {unit for unit in read if unit is not None}
    return next(iter(units)) if len(units) == 1 and None not in read else None


def _of_senml(text: str) -> str | None:
    return SENML.get(text) or ucum(text)


def _of_unece(code: str) -> str | None:
    return CODES.get(code) or next((one.unit for one in QUANTITIES.values() if one.unit_code == code), None)


def _fits(quantity: str, unit: str) -> bool:
    one = QUANTITIES[quantity]
    try:
        convert(1.0, unit, one.unit)
    except UnitError:
        return False
    return one.value_type is not ValueType.BOOLEAN
