"""What the air does: pure and seeded, without sockets and without a clock; times are microseconds, and arguments.

    receivers = [concentrator(gateway, Spot(east_m=0, north_m=0, height_m=30))]
    ether = Ether(Links(receivers, seed=1), seed=1)
    outcomes = ether.begin(transmission)  # in the order of their begin; what has ended by then
    outcomes += ether.rest()
    ether.counts  # heard, or why by nobody

| file | holds |
|---|---|
| `spots`, `propagation`, `shadowing`, `links` | where antennas are, and what the way between two costs |
| `sensitivity`, `receivers` | noise, what a frame needs, what concentrators and single radios hear |
| `rules` | capture, preambles, orthogonality, fading; each can be turned off |
| `transmissions`, `ether`, `flight` | transmissions in, outcomes out, and what is on the air meanwhile |
| `duty_cycle` | when a device may speak |

Every parameter has its source beside it.
"""

from simulators.radio.duty_cycle import Restraint
from simulators.radio.ether import Ether
from simulators.radio.links import Links
from simulators.radio.propagation import LANCASTER, OULU, OULU_WATER, FreeSpace, LogDistance, OkumuraHata
from simulators.radio.receivers import SX1301, SX1302, Chip, Receiver, concentrator, single_channel
from simulators.radio.rules import MEASURED, PURE_ALOHA, Rules
from simulators.radio.spots import Spot, Walls, on_the_map
from simulators.radio.transmissions import Arrival, Loss, Outcome, Transmission

__all__ = [
    "LANCASTER",
    "MEASURED",
    "OULU",
    "OULU_WATER",
    "PURE_ALOHA",
    "SX1301",
    "SX1302",
    "Arrival",
    "Chip",
    "Ether",
    "FreeSpace",
    "Links",
    "LogDistance",
    "Loss",
    "OkumuraHata",
    "Outcome",
    "Receiver",
    "Restraint",
    "Rules",
    "Spot",
    "Transmission",
    "Walls",
    "concentrator",
    "on_the_map",
    "single_channel",
]
