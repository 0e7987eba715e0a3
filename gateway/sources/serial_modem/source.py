"""The source: finds out which modem is at the port, has it listen on its channel, and hands on what it hears."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import Clock, Frame, Instant, Json, LoraRate, Reception, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.recent import Recent
from gateway.sources.serial_modem import words
from gateway.sources.serial_modem.driver import Channel, Driver, Packet
from gateway.sources.serial_modem.eui import derived_eui
from gateway.sources.serial_modem.families import FAMILIES, to_try
from gateway.sources.serial_modem.rn2483 import NOISE_DBM
from gateway.sources.serial_modem.session import SILENT_S, Session
from gateway.sources.serial_port import Port, open_port
from gateway.sources.serial_port.keeping import Kept, NoAnswer, Patience, State
from gateway.sources.settings import SerialModemSettings
from gateway.sources.under_way import UnderWay

MOST_UNDER_WAY: Final = 256  # frames heard and not yet safe; one channel brings 20 a second at most
DRAIN_LIMIT_S: Final = 1.0


class SerialModem:
    """A `Source` with one modem."""

    def __init__(
        self,
        settings: SerialModemSettings,
        clock: Clock,
        *,
        silent_s: float = SILENT_S,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._settings = settings
        self._channel = Channel(settings.frequency_hz, LoraRate(settings.spreading_factor, settings.bandwidth_hz))
        self._gateway = settings.gateway or derived_eui(settings.name)
        self._clock = clock
        self._silent_s = silent_s
        self._counts = Recent(clock)
        self._dropped: Counter[str] = Counter()
        self._kept = Kept(settings.name, settings.port, clock, self._counts, patience)
        self._driver: Driver | None = None  # of the modem that was found last
        self._firmware = ""
        self._last_frame: float | None = None
        self._under_way: UnderWay | None = None

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    async def listening(self) -> None:
        """Return once the modem listens, or is known to be away; the caller sets the limit."""
        await self._kept.settled.wait()

    async def run(self, hear: Hear) -> None:
        """Hear until cancelled. Raises ConfigError where the port is none, or may not be opened by this user."""
        async with asyncio.TaskGroup() as group:
            self._under_way = UnderWay(hear, group, MOST_UNDER_WAY)
            try:
                await self._kept.again_and_again(self._connected)
            finally:
                await self._under_way.drain(DRAIN_LIMIT_S)

    async def transmit(self, request: TxRequest) -> TxResult:  # noqa: ARG002 - whatever it is
        """Return NOT_CONNECTED: these modems tell no time that an answer could be aimed by."""
        self._counts[f"transmit_{TxResult.NOT_CONNECTED}"] += 1
        return TxResult.NOT_CONNECTED

    def status(self) -> Mapping[str, Json]:
        """Return the modem, what it hears and cannot do, counters, and what is wrong in words."""
        now = self._clock().monotonic
        last = None if self._last_frame is None else round(now - self._last_frame, 1)
        listens = self._kept.state is State.LISTENS
        return {
            "listening": f"{self._settings.port} ({self._firmware})" if listens else None,
            "state": str(self._kept.state),
            "port": self._settings.port,
            "modem": {"family": None if self._driver is None else self._driver.family, "firmware": self._firmware},
            "hears": words.hears(self._channel),
            "words": f"{words.channel_words(self._channel)} only, no answers" if listens else "",
            "gateway": self._gateway,
            "last_frame_s": last,
            "under_way": 0 if self._under_way is None else len(self._under_way),
            "counts": dict(self._counts),
            "dropped": dict(self._dropped),
            "advice": list(self._advice(now)),
        }

    def _advice(self, now: float) -> Iterator[str]:
        if self._kept.trouble:
            yield self._kept.trouble
        yield from words.unanswered(self._counts.lately())
        heard_nothing_s = now - (
            self._kept.since if self._last_frame is None else max(self._last_frame, self._kept.since)
        )
        if self._kept.state is State.LISTENS and heard_nothing_s > words.NOTHING_HEARD_S:
            yield words.silence(self._channel, heard_nothing_s)
            yield from () if self._driver is None else self._driver.caveats

    # ── the modem ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _connected(self) -> None:
        """Open the port and listen, for ever. Raises PortLost and NoAnswer."""
        settings = self._settings
        port = await open_port(settings.port, settings.baud or FAMILIES[self._families()[0]].baud)
        try:
            driver, firmware = await self._found(port)
            session = Session(
                port, driver, self._clock, counts=self._counts, dropped=self._dropped, silent_s=self._silent_s
            )
            await session.set_up(self._channel)
            self._begun(driver, firmware)
            await session.listen(self._channel, self._tell)
        finally:
            await port.close()

    async def _found(self, port: Port) -> tuple[Driver, str]:
        for family in self._families():
            driver = FAMILIES[family]()
            await port.set_baud(self._settings.baud or driver.baud)
            # What others' commands make a modem say is no fault of the line.
            session = Session(port, driver, self._clock, counts=Counter(), dropped=Counter())
            if (firmware := await session.identify()) is not None:
                return driver, firmware
        raise NoAnswer(words.nobody_answers(self._settings.port, self._settings.modem, self._settings.baud))

    def _families(self) -> list[str]:
        return list(to_try(self._settings.modem, "" if self._driver is None else self._driver.family))

    def _begun(self, driver: Driver, firmware: str) -> None:
        self._driver, self._firmware = driver, firmware
        self._kept.begun(f"{firmware} at {self._settings.port} listens on {words.channel_words(self._channel)}")

    # ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, packet: Packet, at: Instant) -> None:
        self._last_frame = at.monotonic
        if packet.rssi_dbm is None:
            self._counts["unmeasured"] += 1  # the modem did not say how strong: the frame counts, as a weak one
        reception = Reception(
            gateway=self._gateway,
            frequency_hz=self._channel.frequency_hz,
            data_rate=self._channel.data_rate,
            rssi_dbm=NOISE_DBM if packet.rssi_dbm is None else packet.rssi_dbm,
            snr_db=packet.snr_db,
            source=self.name,
            is_here=True,
        )
        assert self._under_way is not None
        if self._under_way.tell(Frame(packet.phy_payload, (reception,), at)):
            self._counts["frames"] += 1
            self._counts.update(words.wants_of(packet.phy_payload))
        else:
            self._dropped["overflow"] += 1
