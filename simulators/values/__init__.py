"""What sensors measure: quantities over days and years, without a state, the same for whoever asks in whatever order.

    value(1, "a1b2", "air_temperature", at)                        # of a device outdoors, in °C
    process(Place(seed=1, device="a1b2", setting=Setting.SCHOOL), "co2")(Moment.of(at))
    Utterances(registry).of("milesight/em300-th", place)(Moment.of(at, uplinks=17))  # FPort and payload

| file | holds |
|---|---|
| `moments`, `noise`, `sun` | time in Sweden, hashed noise, the sun |
| `weather`, `rooms`, `street`, `ground`, `meters`, `device` | the processes |
| `processes` | which of them is behind which quantity of the vocabulary |
| `changes` | when what event-driven devices watch changes |
| `phrases`, `layouts`, `utterances` | how a model of the catalogue says it |

All devices of a seed are in one weather; each has a room, a street and a meter of its own. Meters rise by a closed form.
Left out: holidays, what one device's readings have to do with another's but for the weather, and heat that follows a cold week.
"""

from simulators.values.changes import WATCHED, Changes, changes
from simulators.values.moments import Moment, Place, Setting, Value
from simulators.values.processes import PROCESSES, Process, process, value
from simulators.values.street import ParkingEvent, parking_events
from simulators.values.utterances import Means, Utterances

__all__ = [
    "PROCESSES",
    "WATCHED",
    "Changes",
    "Means",
    "Moment",
    "ParkingEvent",
    "Place",
    "Process",
    "Setting",
    "Utterances",
    "Value",
    "changes",
    "parking_events",
    "process",
    "value",
]
