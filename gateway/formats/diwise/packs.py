"""What an uplink says becomes packs: one for each diwise device, LwM2M object and second.

    [{"bn":"25e185f6-…/3303/","bt":1710151647,"n":"0","vs":"urn:oma:lwm2m:ext:3303"},
     {"n":"5700","u":"Cel","v":22.5}]

So diwise's own code writes and reads them (diwise/iot-agent 6ed3932, pkg/lwm2m: `marshalJSON`, `DeviceID`; unit test
`TestTemperature`): whole seconds, the object's URN under "0", resources by number, units as `types.go` spells them. The
OpenAPI example of that repository has an older layout (``bn`` the URN, ``vs`` the device) that this code takes for a
device of the name "urn:oma:lwm2m:ext:33030".
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2s
from typing import Final

from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import clean, convert
from gateway.model import Eui64, Item, Observation

URN: Final = "urn:oma:lwm2m:ext:"
UCUM: Final[Mapping[str, str]] = {  # of the units that types.go names
    "%": "%",
    "%RH": "%",
    "Cel": "Cel",
    "Pa": "Pa",
    "S/m": "S/m",
    "V": "V",
    "W": "W",
    "Wh": "W.h",
    "cm": "cm",
    "dB": "dB",
    "lux": "lx",
    "m": "m",
    "m3": "m3",
    "ppm": "[ppm]",
    "s": "s",
    "ug/m3": "ug/m3",
}
# µg/m³ of one ppm of NO2 at 293 K and 101.3 kPa, at which the law states gases (Directive 2008/50/EC, annex VI):
# 46.0055 g/mol in 8.314463 · 293 / 101300 m³/mol.
NO2_PER_PPM: Final = 1913.0
# These would make a water meter of whatever has a battery; they belong to one that tells something else, too.
ONLY_OF_A_METER: Final = frozenset({"low_battery", "tamper"})
POSITION: Final = {"latitude": "lat", "longitude": "lon"}


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a quantity goes: the object, the resource in it, and the unit."""

    object: str
    number: str
    unit: str = ""  # as diwise spells it; "" for counts and truths

    def value(self, observation: Observation) -> float | bool | str:
        """Return the observation's value in the resource's unit."""
        value = observation.value
        if isinstance(value, (bool, str)) or not self.unit:
            return value
        if observation.quantity == "no2":
            return clean(value / NO2_PER_PPM)
        return convert(value, observation.unit, UCUM[self.unit])


@cache
def resource(quantity: str) -> Resource | None:
    """Return where ``quantity`` goes; None where diwise has no place for it."""
    place, _, unit = QUANTITIES[quantity].diwise_senml.partition(" ")
    lwm2m_object, slash, number = place.partition("/")
    return Resource(lwm2m_object, number, unit) if slash else None


@dataclass(frozen=True, slots=True)
class Pack:
    """What one request says."""

    device: str  # diwise's id of it
    object: str
    at: int  # whole seconds since the epoch
    body: bytes

    @property
    def subject(self) -> str:
        """Return of what it speaks: an older pack never goes after a newer one of the same."""
        return f"{self.device}/{self.object}"

    @property
    def digest(self) -> str:
        """Return what tells it from every other pack of its row."""
        return blake2s(self.body, digest_size=8).hexdigest()


@dataclass(slots=True)
class Said:
    """The packs of an item, the oldest first, and what could not be said, by quantity."""

    packs: list[Pack] = field(default_factory=list)
    inexpressible: Counter[str] = field(default_factory=Counter)
    is_unknown: bool = False  # something of it is of nobody there


def said(item: Item, ids: Mapping[str, str], tenant: str = "") -> Said:
    """Return what ``item`` says; every observation is in a pack or counted."""
    found = Said()
    drafts: dict[tuple[int, str, str], dict[str, str]] = {}
    for observation in item.observations:
        where = resource(observation.quantity)
        if where is None:
            if not _is_position(observation):
                found.inexpressible[observation.quantity] += 1
            continue
        device = _device(ids, observation)
        if device is None:
            found.is_unknown = True
            continue
        draft = drafts.setdefault((_second(observation), device, where.object), {})
        if where.number in draft:  # another channel, and no device of its own there
            found.inexpressible[observation.quantity] += 1
        else:
            draft[where.number] = _record(where, observation)
    _drop_lone_flags(drafts, item, found)
    found.packs = [
        Pack(device, lwm2m_object, at, _body((at, device, lwm2m_object), draft, _extra(item, at, tenant)))
        for (at, device, lwm2m_object), draft in sorted(drafts.items())
    ]
    if not found.packs:  # a position alone is of no object
        found.inexpressible.update(one.quantity for one in item.observations if _is_position(one))
    return found


def _device(ids: Mapping[str, str], observation: Observation) -> str | None:
    """Return whose observation it is there, by the most exact entry of ``ids``."""
    return next((ids[key] for key in keys_of(observation) if key in ids), None)


def keys_of(observation: Observation) -> Iterator[str]:
    """Yield the keys of ``ids`` that an observation is looked up under, the most exact first."""
    dev_eui: Eui64 = observation.dev_eui
    if observation.channel:
        yield f"{dev_eui}/{observation.quantity}/{observation.channel}"
        yield f"{dev_eui}/{observation.channel}"
    yield f"{dev_eui}/{observation.quantity}"
    yield dev_eui


def _drop_lone_flags(drafts: dict[tuple[int, str, str], dict[str, str]], item: Item, found: Said) -> None:
    flags = {name: place.number for name in ONLY_OF_A_METER if (place := resource(name)) is not None}
    for key, draft in [*drafts.items()]:
        if key[2] == "3424" and draft.keys() <= set(flags.values()):
            del drafts[key]
            found.inexpressible.update(
                one.quantity for one in item.observations if flags.get(one.quantity) in draft and _second(one) == key[0]
            )


def _second(observation: Observation) -> int:
    return math.floor(observation.observed_at.timestamp())  # as Go's Unix()


def _is_position(observation: Observation) -> bool:
    """Return whether an observation is half of a position that the payload stated, and that was believed."""
    place = observation.place
    stated = {} if place is None else {"latitude": place.latitude, "longitude": place.longitude}
    return observation.quantity in stated and stated[observation.quantity] == observation.value


def _record(where: Resource, observation: Observation) -> str:
    unit = f',"u":"{where.unit}"' if where.unit else ""
    value = where.value(observation)
    label = "vb" if isinstance(value, bool) else "vs" if isinstance(value, str) else "v"
    return f'{{"n":"{where.number}"{unit},"{label}":{json.dumps(value)}}}'


def _extra(item: Item, at: int, tenant: str) -> Sequence[str]:
    """Return the records about the whole: the position that the payload stated for that time, and the tenant."""
    fixes = [one for one in item.observations if _is_position(one)]
    then = [one for one in fixes if _second(one) == at] or fixes[:2]
    records = [f'{{"u":"{POSITION[one.quantity]}","v":{json.dumps(one.value)}}}' for one in then]
    return [*records, f'{{"n":"tenant","vs":{json.dumps(tenant)}}}'] if tenant else records


def _body(key: tuple[int, str, str], draft: Mapping[str, str], extra: Sequence[str]) -> bytes:
    at, device, lwm2m_object = key
    first = f'{{"bn":"{device}/{lwm2m_object}/","bt":{at},"n":"0","vs":"{URN}{lwm2m_object}"}}'
    return f"[{','.join([first, *(draft[number] for number in sorted(draft, key=int)), *extra])}]".encode()
