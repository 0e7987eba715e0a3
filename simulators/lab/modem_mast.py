"""A gateway that is a LoRa modem on a serial line: one channel, one data rate, and it cannot answer. The line is within the process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self
from unittest.mock import patch

from gateway.model import Eui64, LoraRate
from gateway.sources.serial_modem import source
from gateway.sources.serial_port import Lost, PortLost
from gateway.sources.serial_port.arrivals import Arrivals
from simulators.lab.gateways import Given
from simulators.packet_forwarder import Signal
from simulators.serial_modem import OnAir, Rn2483Modem
from simulators.simulation.loop import LIFE

FAMILY: Final = "rn2483"
ANSWERS_S: Final = 0.01  # a command and its answer on the line
UNPLUGGED: Final = "{port} was unplugged"


class ModemMast:
    """One modem, and the port that it is plugged into."""

    def __init__(self, gateway: Eui64) -> None:
        self.port = f"/dev/lab-modem-{gateway}"
        self.modem = Rn2483Modem()
        self.is_on = True
        self._line: _Line | None = None

    @property
    def counter_start_us(self) -> int:
        """Return 0: it has no counter."""
        return 0

    def turn(self, *, on: bool) -> None:
        """Plug it in, or pull it out."""
        self.is_on = on
        self.modem.switched_on()
        if self._line is not None and not on:
            self._line.arrivals.end(UNPLUGGED.format(port=self.port))

    def push_one(self, signal: Signal, ended_us: int, given: Given) -> None:  # noqa: ARG002 - a modem tells no time
        """Say on the line what was heard, where somebody has told the modem to listen."""
        assert isinstance(signal.data_rate, LoraRate)
        said = self.modem.hear(
            OnAir(
                phy_payload=signal.phy_payload,
                frequency_hz=signal.frequency_hz,
                spreading_factor=signal.data_rate.spreading_factor,
                bandwidth_hz=signal.data_rate.bandwidth_hz,
                rssi_dbm=round(signal.rssi_dbm),
                snr_db=round(signal.snr_db or 0.0),
            )
        )
        if said and self._line is not None and self._line.is_there:
            self._line.arrivals.put(said)
            given()

    def opened(self) -> _Line:
        """Return the line as a process opens it; PortLost while it is not plugged in."""
        if not self.is_on:
            raise PortLost(Lost.GONE, UNPLUGGED.format(port=self.port))
        self._line = _Line(self.modem)
        return self._line

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        self.is_on = False


class _Line:
    """An open serial port; see `gateway.sources.serial_port.Port`."""

    def __init__(self, modem: Rn2483Modem) -> None:
        self.arrivals = Arrivals()
        self._modem = modem
        self._owner: Any = LIFE.get()
        self._is_open = True

    @property
    def is_there(self) -> bool:
        """Tell whether somebody may read it."""
        return self._is_open and (self._owner is None or not self._owner.is_over)

    async def read(self) -> bytes:
        """Return what has come, as soon as anything has. No limit: the caller sets it."""
        return await self.arrivals.read()

    def write(self, octets: bytes) -> None:
        """Have the modem answer."""
        if said := self._modem.take(octets):
            asyncio.get_running_loop().call_later(ANSWERS_S, self.arrivals.put, said)

    async def set_baud(self, _: int) -> None:
        """Throw away what was not read."""
        self.arrivals.clear()

    async def close(self) -> None:
        """Let go of the port."""
        self._is_open = False


@contextmanager
def ports_of(masts: Mapping[str, ModemMast]) -> Iterator[None]:
    """Have the agent's sources meet these modems where they would open a device."""

    async def opened(port: str, _: int) -> _Line:
        return masts[port].opened()

    with patch.object(source, "open_port", opened):
        yield
