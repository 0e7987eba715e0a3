"""A gateway with a Basics Station: its WebSocket on the network within the process, its radio's time the sky's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Final, Self

from aiohttp import ClientError

from gateway.model import Eui64, Json
from simulators.basics_station import BadRouterConfig, BasicsStation, Refused
from simulators.concentrator import Decision
from simulators.packet_forwarder import Deliver, Signal
from simulators.station_radio import Placed, StationRadio

AGAIN_S: Final = 5.0  # between two tries to find its LNS
NOT_PLACED: Final = "not placed"
HANGS: Final = (ClientError, OSError, Refused, BadRouterConfig, RuntimeError, ValueError)

Decided = Callable[[Decision], None]


class _Noting(StationRadio):
    """A station's radio whose decisions are told."""

    def __init__(self, inner: StationRadio, decided: Decided) -> None:
        self._inner = inner
        self._decided = decided

    def offer(self, message: Mapping[str, Json], *, answers_us: int | None, now_us: int) -> Placed | None:
        placed = self._inner.offer(message, answers_us=answers_us, now_us=now_us)
        self._decided(Decision(error=NOT_PLACED) if placed is None else Decision(placed.transmission))
        return placed


class Station(BasicsStation):
    """One gateway; ``now_us`` is the sky's time. It looks for its LNS again whenever it has lost it."""

    def __init__(
        self, gateway: Eui64, *, port: int, seed: int, sky_us: Callable[[], int], deliver: Deliver, decided: Decided
    ) -> None:
        super().__init__(gateway, f"ws://127.0.0.1:{port}", deliver=deliver, seed=seed)
        self.is_on = True
        self._sky_us = sky_us
        self._decided = decided
        self._heard_us: int | None = None  # when what is told now was heard, by its own clock
        self._is_ready = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin to look for the LNS."""
        self._seeking = asyncio.create_task(self._seek(), name=f"station {self.gateway} seeks")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        self.is_on = False
        self._seeking.cancel()
        await asyncio.wait([self._seeking, *self._tasks])

    def turn(self, *, on: bool) -> None:
        """Give it power, or take it."""
        self.is_on = on
        if not on and self._is_ready:
            self._begin(self.disconnect())

    @property
    def counter_start_us(self) -> int:
        """Return what its clock said at the beginning of the scenario."""
        return super().now_us - self._sky_us()

    @property
    def now_us(self) -> int:
        """The microseconds of this radio's session; of what it has just heard when that ended."""
        heard_us, self._heard_us = self._heard_us, None
        return super().now_us if heard_us is None else heard_us

    def push_one(self, signal: Signal, ended_us: int, given: Callable[[], None]) -> None:
        """Tell what was heard at ``ended_us`` of the sky; ``given`` is called when an agent was told."""
        if self.is_on and self._is_ready:
            self._begin(self._tell(signal, ended_us + self.counter_start_us, given))

    # ── its LNS ──

    async def _seek(self) -> None:
        while True:
            if self.is_on:
                with contextlib.suppress(*HANGS):
                    await self._stay()
            self._is_ready = False
            await asyncio.sleep(AGAIN_S)

    async def _stay(self) -> None:
        """Connect, and return when the connection is lost."""
        await BasicsStation.__aenter__(self)
        try:
            self._is_ready = True
            await asyncio.wait([self._reading])  # no limit: a station stays as long as it is let
        finally:
            self._is_ready = False
            await self._close()

    async def _close(self) -> None:
        with contextlib.suppress(*HANGS):
            await self.disconnect()
        await self._http.close()

    def _configure(self, config: Mapping[str, Json]) -> None:
        super()._configure(config)
        self._radio = _Noting(self._radio, self._decided)

    async def _tell(self, signal: Signal, heard_us: int, given: Callable[[], None]) -> None:
        self._heard_us = heard_us
        self.told.clear()  # of days
        with contextlib.suppress(*HANGS):
            if await self.hear(signal) is not None:
                given()
        self._heard_us = None

    def _begin(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.create_task(work, name=f"station {self.gateway} tells")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
