"""Uplinks as `gateway.codecs` is asked for them: each new, of a device with a decoder, heard now."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from uuid import UUID

from decoders.contract import Payload
from gateway.clock import SystemClock
from gateway.codecs import Heard
from gateway.model import Device, Eui64, Uplink

FIRST_EUI = 0x70B3D57ED0BE0000

clock = SystemClock()


class Uplinks:
    """Makes uplinks, no two of the same identity: codecs remember outcomes by it."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def of(self, payload: Payload, decoder: str, device: int = 0) -> Heard:
        """Return ``payload`` as the next uplink of the ``device``-th device, which has ``decoder``."""
        number = next(self._numbers)
        owner = Device(dev_eui=Eui64(f"{FIRST_EUI + device:016x}"), decoder=decoder)
        uplink = Uplink(
            id=UUID(int=number),
            dev_eui=owner.dev_eui,
            activation="bench",
            f_cnt=number,
            f_port=payload.f_port,
            payload=payload.data,
            confirmed=False,
            adr=False,
            receptions=(),
            heard_at=clock(),
        )
        return uplink, owner
