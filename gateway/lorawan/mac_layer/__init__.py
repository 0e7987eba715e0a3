"""The MAC layer of one session: what a device has said it uses, what it was asked, and what it should be asked next.

Pure: each uplink makes a new `MacState`, and often a new `Session`, for what a device answers changes where it listens
and what it sends. A request is part of the state before it is on air, so that its answer finds it after a restart, too.

    heard(…)      a proved uplink's commands → new session and state, answers, what is owed
    requests(…)   state and what the network wants → groups of commands that go together
"""

from gateway.lorawan.mac_layer.hearing import heard
from gateway.lorawan.mac_layer.state import DeviceStatus, MacState, begin, rejoined, to_rejoin
from gateway.lorawan.mac_layer.under_way import Circumstances, Heard
from gateway.lorawan.mac_layer.wanted import Group, Wanted, requests

__all__ = [
    "Circumstances",
    "DeviceStatus",
    "Group",
    "Heard",
    "MacState",
    "Wanted",
    "begin",
    "heard",
    "rejoined",
    "requests",
    "to_rejoin",
]
