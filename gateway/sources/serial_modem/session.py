"""The conversation with a modem over an open port: asked, answered, listened to, asked again when it is silent for long."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model import Clock, Instant
from gateway.sources.serial_modem.driver import (
    Answer,
    Bad,
    BadReason,
    Channel,
    Driver,
    Event,
    Exchange,
    Packet,
    Said,
)
from gateway.sources.serial_port import Port, PortLost
from gateway.sources.serial_port.keeping import NoAnswer

TRIES: Final = 3  # of a command: noise on the line takes single ones
BUSY_S: Final = 0.2  # before a busy modem is asked again
SILENT_S: Final = 30.0  # a modem that said nothing for so long is asked whether it still listens
DOUBT_S: Final = (
    1.0  # the same after something that was not understood: it may have been the line that a frame ended with
)
LONGEST_WORDS: Final = 80  # of an answer that is shown
MOST_ASIDE: Final = (
    256  # said while something else was asked; a modem says one or two, what never stops says any number
)

Tell = Callable[[Packet, Instant], None]


class Refused(NoAnswer):
    """Say that a modem answers no."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, and when."""

    said: Said
    at: Instant


class Session:
    """A modem behind an open port; what it says is counted in ``counts`` and ``dropped``."""

    def __init__(
        self,
        port: Port,
        driver: Driver,
        clock: Clock,
        *,
        counts: Counter[str],
        dropped: Counter[str],
        silent_s: float = SILENT_S,
    ) -> None:
        self._port = port
        self._driver = driver
        self._clock = clock
        self._counts = counts
        self._dropped = dropped
        self._silent_s = silent_s
        self._waiting: deque[Heard] = deque()  # said, and not looked at yet
        self._aside: deque[Heard] = deque()  # said while something else was asked

    async def identify(self) -> str | None:
        """Return the firmware's name and version; None where no modem of this family answers."""
        try:
            for exchange in self._driver.wake:
                await self._ask(exchange)
            answer = await self._ask(self._driver.identity)
        except NoAnswer:
            return None
        return None if answer is None else self._driver.firmware(answer)

    async def set_up(self, channel: Channel) -> None:
        """Have it receive on ``channel``. Raises NoAnswer."""
        try:
            for exchange in self._driver.settings(channel):
                await self._ask(exchange)
        except Refused as error:
            raise NoAnswer(f"{error}: has this modem, with this firmware, that frequency and data rate?") from error
        # What it said of a restart was this one's, or is found out by the next check.
        for heap in (self._waiting, self._aside):
            kept = [one for one in heap if one.said is not Event.RESTARTED]
            heap.clear()
            heap.extend(kept)

    async def listen(self, channel: Channel, tell: Tell) -> None:
        """Tell each packet of a modem that is set up, for ever. Raises NoAnswer when it answers no more, PortLost when it is gone."""
        patience = self._silent_s
        while True:
            heard = await self._next(patience)
            patience = self._silent_s
            match None if heard is None else heard.said:
                case None:
                    await self._check(channel)
                case Packet() as packet:
                    assert heard is not None
                    await self._told(packet, heard.at, tell)
                case Event.RADIO_ERROR:
                    self._counts["radio_err"] += 1
                    await self._ask_all(self._driver.after(Event.RADIO_ERROR))
                case Event.RESTARTED:
                    self._counts["restarted"] += 1
                    await self.set_up(channel)
                case Bad(reason):
                    self._dropped[reason] += 1
                    patience = min(DOUBT_S, self._silent_s)
                case Answer():
                    self._dropped[BadReason.NOT_UNDERSTOOD] += 1
                    patience = min(DOUBT_S, self._silent_s)

    async def _check(self, channel: Channel) -> None:
        """Ask whether it still receives; where it has stopped by itself, it may have forgotten all else."""
        self._counts["checked"] += 1
        try:
            answer = await self._ask(self._driver.check())
        except Refused:
            answer = None
        was_idle = answer is None or self._driver.was_idle(answer)
        if was_idle and not any(isinstance(one.said, Packet) or one.said is Event.RADIO_ERROR for one in self._aside):
            await self.set_up(channel)
            self._counts["set_up_again"] += 1

    async def _told(self, packet: Packet, at: Instant, tell: Tell) -> None:
        """Tell a packet, also where the modem goes before it has said how strong it was."""
        try:
            measured = await self._measured(packet)
        except (NoAnswer, PortLost):
            tell(packet, at)
            raise
        tell(measured, at)

    async def _measured(self, packet: Packet) -> Packet:
        return self._driver.measured(packet, await self._ask_all(self._driver.after(packet)))

    async def _ask_all(self, exchanges: Sequence[Exchange]) -> Sequence[bytes | None]:
        return [await self._ask(exchange) for exchange in exchanges]

    async def _ask(self, exchange: Exchange) -> bytes | None:
        """Return the answer; None where an optional one did not come. Raises NoAnswer, also as Refused."""
        for _ in range(1 if exchange.optional else TRIES):
            self._put_aside()
            self._port.write(exchange.send)
            try:
                answer = await self._answer(exchange)
            except Refused:
                if exchange.optional:
                    return None
                raise
            if answer is not None:
                return answer
        if exchange.optional:
            return None
        raise NoAnswer(f"the modem does not answer {shown(exchange.send)}")

    async def _answer(self, exchange: Exchange) -> bytes | None:
        """Wait for one answer; None when it did not come in time, or the modem is busy."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + exchange.limit_s
        found: bytes | None = None
        while (heard := await self._next(deadline - loop.time(), aside=False)) is not None:
            if not isinstance(heard.said, Answer):
                self._keep(heard)
                continue
            octets = heard.said.octets
            if found is not None:
                if exchange.then is not None and exchange.then.fullmatch(octets):
                    return found
            elif exchange.wanted.fullmatch(octets):
                if exchange.then is None:
                    return octets
                found = octets
            elif self._driver.busy.fullmatch(octets):
                self._counts["busy"] += 1
                await asyncio.sleep(BUSY_S)
                return None
            elif self._driver.refusal.fullmatch(octets):
                raise Refused(f"the modem answers {shown(octets)} to {shown(exchange.send)}")
            elif octets == exchange.send.strip():
                self._counts["echoed"] += 1
            else:
                self._dropped[BadReason.NOT_UNDERSTOOD] += 1
        return None

    def _put_aside(self) -> None:
        """Keep what waits, but for answers: they are to what was asked before."""
        for one in self._waiting:
            if not isinstance(one.said, Answer):
                self._keep(one)
        self._waiting.clear()

    def _keep(self, heard: Heard) -> None:
        if len(self._aside) < MOST_ASIDE:
            self._aside.append(heard)
        else:
            self._dropped["flood"] += 1

    async def _next(self, limit_s: float, *, aside: bool = True) -> Heard | None:
        """Return what is said next; None when nothing is within ``limit_s``."""
        if aside and self._aside:
            return self._aside.popleft()
        if limit_s <= 0:  # also where more is there already: it may never stop
            return None
        try:
            async with asyncio.timeout(limit_s):
                while not self._waiting:
                    octets = await self._port.read()
                    at = self._clock()
                    self._waiting.extend(Heard(said, at) for said in self._driver.take(octets))
        except TimeoutError:
            return None
        return self._waiting.popleft()


def shown(octets: bytes) -> str:
    """Return a command or an answer as people read it: text, or hex digits."""
    text = octets.strip(b"\r\n")
    if text.isascii() and text.decode("ascii").isprintable():
        return repr(text.decode("ascii")[:LONGEST_WORDS])
    return octets.hex(" ")[:LONGEST_WORDS]
