"""A device that is heard now and then while something else is measured."""

from __future__ import annotations

import socket
import time
from itertools import cycle

from bench.fleet import Fleet, datagrams
from gateway.model import uplink_id


class Live:
    """Sends the next uplink of the fleet, the devices in turn, and remembers when."""

    def __init__(self, port: int, fleet: Fleet) -> None:
        self._members = cycle(fleet.members)
        self._activations = {one.session.dev_eui: one.session.activation for one in fleet.sessions()}
        self._to = ("127.0.0.1", port)
        self.sent: dict[str, float] = {}  # monotonic time by uplink id

    @property
    def count(self) -> int:
        """How many were sent."""
        return len(self.sent)

    def send(self) -> None:
        """Send one."""
        member = next(self._members)
        device = member.end_device
        uplink = uplink_id(device.dev_eui, self._activations[device.dev_eui], device.f_cnt_up)
        payload = member.payloads[device.f_cnt_up % len(member.payloads)]
        (datagram,) = datagrams([device.uplink(payload.f_port, payload.data)])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radio:
            self.sent[str(uplink)] = time.monotonic()
            radio.sendto(datagram, self._to)
