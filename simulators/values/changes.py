"""When what a device watches changes: cars that come and go, doors, people who pass a counter, water on a floor.

    changes(place, "parking_occupied")(begins_s, ends_s)  # yields Unix seconds, in order

Each time is one at which the process of the quantity (`processes`) has another value than before; what changes slowly is looked at once a
minute, as such devices do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from simulators.hashed import uniform
from simulators.values.moments import Moment, Place, Value
from simulators.values.processes import PROCESSES, World

LOOKS_S: Final = 60.0
PASSED: Final = 10  # people, after whom a counter tells of them

Changes = Callable[[float, float], Iterator[float]]


def changes(place: Place, quantity: str) -> Changes:
    """Return what yields when a quantity changes at a place between two times; KeyError for one that nobody watches."""
    return WATCHED[quantity](World.around(place))


def _parking(world: World) -> Changes:
    return lambda begins_s, ends_s: (at_s for at_s, _ in world.street.parking_events(begins_s, ends_s))


def _door(world: World) -> Changes:
    return lambda begins_s, ends_s: (at_s for at_s, _ in world.street.door_events(begins_s, ends_s))


def _looked_at(quantity: str, read: Callable[[Value], Value] = lambda value: value) -> Callable[[World], Changes]:
    """Return what looks once a minute; when in a minute is each device's own."""

    def watched(world: World) -> Changes:
        process, own = PROCESSES[quantity](world), uniform(world.place.key("looks"), 0)

        def found(begins_s: float, ends_s: float) -> Iterator[float]:
            before = read(process(Moment.of_seconds(begins_s)))
            for minute in range(math.ceil(begins_s / LOOKS_S - own), math.ceil(ends_s / LOOKS_S - own)):
                at_s = (minute + own) * LOOKS_S
                if (now := read(process(Moment.of_seconds(at_s)))) != before:
                    before = now
                    yield at_s

        return found

    return watched


WATCHED: Final[Mapping[str, Callable[[World], Changes]]] = {
    "parking_occupied": _parking,
    "door_open": _door,
    "people_in": _looked_at("people_in", lambda people: people // PASSED),
    "presence": _looked_at("presence"),
    "water_present": _looked_at("water_present"),
    "leak_detected": _looked_at("leak_detected"),
}
