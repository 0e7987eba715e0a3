"""The source that tells where this box is and what time it is: a GNSS receiver on a serial port that speaks NMEA 0183.

What it tells is believed with care:

* a sentence that is not measured (no fix, estimated, simulated, typed in) tells neither place nor time;
* the time that a sentence names is that of the measurement; the sentence comes some 50 to 500 ms later, and through a busy
  machine or a serial server later still. The instant is that of the first octet of the first sentence of each second, and
  `gateway.clock` counts the least delay of many: a clock that is set by it is late by that much, half a second at most with
  the usual settings, never early;
* UTC is GPS time less the leap seconds, which a receiver that was just switched on may not know: GPS tells them every 12.5
  minutes. For so long after the first fix it tells the place only;
* a date outside the 1024 weeks that begin with this program is one whose week the receiver has forgotten.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import Clock, Fix, Instant, Json, TxRequest, TxResult
from gateway.sources import HearAll
from gateway.sources.nmea import (
    LONGEST_SENTENCE,
    BadSentence,
    BadSentenceReason,
    Said,
    joined,
    read,
)
from gateway.sources.serial_port import Port, open_port
from gateway.sources.serial_port.keeping import Kept, NoAnswer, Patience, State
from gateway.sources.serial_port.lines import Lines
from gateway.sources.settings import GnssSettings

BAUDS: Final = (9600, 4800, 38400, 115200)  # of u-blox to M8; of the standard; of u-blox from M9 on; of some modules
TRY_S: Final = 3.0  # of each speed: a receiver speaks every second
SILENT_S: Final = 10.0  # without a sentence: it was switched off, or its line was cut
LEAP_SECONDS_S: Final = (
    750.0  # IS-GPS-200, section 20.3.3.5: the whole almanac, UTC parameters among it, takes 12.5 minutes
)
TELL_EVERY_S: Final = 10.0  # a receiver tells each second, and a box that stands still needs less
NO_FIX_S: Final = 900.0  # a cold start under a poor sky lasts up to a quarter of an hour


class Gnss:
    """A `Source` of `Fix`es; it has no radio."""

    def __init__(
        self,
        settings: GnssSettings,
        clock: Clock,
        *,
        try_s: float = TRY_S,
        silent_s: float = SILENT_S,
        leap_seconds_s: float = LEAP_SECONDS_S,
        tell_every_s: float = TELL_EVERY_S,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._try_s, self._silent_s = try_s, silent_s
        self._leap_seconds_s, self._tell_every_s = leap_seconds_s, tell_every_s
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._kept = Kept(settings.name, settings.port, clock, self._counts, patience)
        self._baud: int | None = settings.baud  # that was right last
        self._reader = Sentences(self._counts, self._dropped)
        self._first_fix: float | None = None  # since the receiver is there
        self._last_fix: Fix | None = None
        self._last_told = 0.0
        self._said = Said()  # the last second

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    async def listening(self) -> None:
        """Return once the receiver speaks, or is known to be away; the caller sets the limit."""
        await self._kept.settled.wait()

    async def run(self, hear: HearAll) -> None:
        """Tell until cancelled. Raises ConfigError where the port is none, or may not be opened by this user."""

        async def connected() -> None:
            await self._connected(hear)

        await self._kept.again_and_again(connected)

    async def transmit(self, request: TxRequest) -> TxResult:  # noqa: ARG002 - whatever it is
        """Return NOT_CONNECTED: it is no radio."""
        return TxResult.NOT_CONNECTED

    def status(self) -> Mapping[str, Json]:
        """Return the last fix, whether it tells the time, counters, and what is wrong in words."""
        now = self._clock().monotonic
        speaks = self._kept.state is State.LISTENS
        return {
            "listening": f"{self._settings.port} ({self._baud} baud)" if speaks else None,
            "state": str(self._kept.state),
            "port": self._settings.port,
            "baud": self._baud,
            "fix": None if self._last_fix is None else self._fix_status(self._last_fix, now),
            "satellites": self._said.satellites,
            "words": self._words(now),
            "counts": dict(self._counts),
            "dropped": dict(self._dropped),
            "advice": list(self._advice(now)),
        }

    def _fix_status(self, fix: Fix, now: float) -> Mapping[str, Json]:
        place = fix.place
        return {
            "age_s": round(now - fix.heard_at.monotonic, 1),
            "latitude": None if place is None else place.latitude,
            "longitude": None if place is None else place.longitude,
            "altitude_m": None if place is None else place.altitude_m,
            "accuracy_m": fix.accuracy_m,
            "utc": None if fix.utc is None else fix.utc.isoformat(timespec="milliseconds"),
        }

    def _words(self, now: float) -> str:
        if self._kept.state is not State.LISTENS:
            return ""
        if self._first_fix is None or self._last_fix is None:
            return "no fix yet"
        waits_s = self._leap_seconds_s - (now - self._first_fix)
        if waits_s > 0:
            return f"has a place; its time is believed in {waits_s:.0f} s, when it must have heard the leap seconds"
        return "has a place and the time" if self._last_fix.utc is not None else "has a place"

    def _advice(self, now: float) -> Iterator[str]:
        if self._kept.trouble:
            yield self._kept.trouble
            return
        last = self._kept.since if self._last_fix is None else max(self._last_fix.heard_at.monotonic, self._kept.since)
        if self._kept.state is State.LISTENS and now - last > NO_FIX_S:
            seen = "" if self._said.satellites is None else f" ({self._said.satellites} satellites)"
            yield f"no fix for {(now - last) / 60:.0f} min{seen}: does the antenna see the sky?"
        if self._said.has_wrong_date:
            yield (
                f"the receiver says {self._said.day}, which cannot be: it has forgotten the number of the week. Its place is used, its "
                "time is not; new firmware for the receiver, or another one, mends that"
            )

    # ── the receiver ────────────────────────────────────────────────────────────────────────────────────────────

    async def _connected(self, hear: HearAll) -> None:
        """Open the port and tell, for ever. Raises PortLost and NoAnswer."""
        port = await open_port(self._settings.port, self._baud or BAUDS[0])
        try:
            self._first_fix = None  # it may have been switched off
            self._baud = await self._found(port)
            self._kept.begun(f"a GNSS receiver speaks at {self._settings.port}, {self._baud} baud")
            while True:
                for said, at in await self._seconds(port, self._silent_s, f"{self._settings.port} has fallen silent"):
                    await self._take(said, at, hear)
        finally:
            await port.close()

    async def _found(self, port: Port) -> int:
        """Return the speed at which sentences come."""
        bauds = [self._settings.baud] if self._settings.baud else sorted(BAUDS, key=lambda baud: baud != self._baud)
        for baud in bauds:
            await port.set_baud(baud)
            self._reader = Sentences(Counter(), Counter())  # what is noise at a wrong speed is no fault of the line
            if await self._speaks(port):
                self._reader = Sentences(self._counts, self._dropped)
                return baud
        tried = ", ".join(map(str, bauds))
        raise NoAnswer(
            f"{self._settings.port}: no NMEA 0183 comes at {tried} baud; is it a GNSS receiver, and does it speak NMEA? `baud` says "
            "another speed"
        )

    async def _speaks(self, port: Port) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._try_s
        try:
            while not self._reader.good:
                await self._seconds(port, deadline - loop.time(), "")
        except NoAnswer:
            return False
        return True

    async def _seconds(self, port: Port, limit_s: float, silence: str) -> list[tuple[Said, Instant]]:
        """Return the seconds that have ended by what comes next. Raises NoAnswer where no good sentence comes in time."""
        good = self._reader.good
        try:
            async with asyncio.timeout(max(limit_s, 0.0)):
                while True:
                    octets = await port.read()
                    ended = list(self._reader.take(octets, self._clock()))
                    if ended or self._reader.good > good:
                        return ended
        except TimeoutError:
            raise NoAnswer(silence) from None

    async def _take(self, said: Said, at: Instant, hear: HearAll) -> None:
        self._said = said
        if not said.is_fix:
            self._counts["no_fix"] += 1
            return
        self._counts["fixes"] += 1
        if said.has_wrong_date:
            self._dropped["wrong_date"] += 1
        self._first_fix = at.monotonic if self._first_fix is None else self._first_fix
        knows_leap_seconds = at.monotonic - self._first_fix >= self._leap_seconds_s
        fix = Fix(
            source=self.name,
            place=said.place,
            accuracy_m=said.accuracy_m,
            utc=said.utc if knows_leap_seconds else None,
            heard_at=at,
        )
        before, self._last_fix = self._last_fix, fix
        if before is None or at.monotonic - self._last_told >= self._tell_every_s:
            self._last_told = at.monotonic
            await hear(fix)


class Sentences:
    """Octets in, whole seconds out: what all sentences of one moment told, and when the first octet of them came."""

    def __init__(self, counts: Counter[str], dropped: Counter[str]) -> None:
        self.good = 0  # sentences with the right checksum
        self._counts = counts
        self._dropped = dropped
        self._lines = Lines(LONGEST_SENTENCE)
        self._line_begun: Instant | None = None
        self._second: tuple[Said, Instant] | None = None  # that goes on

    def take(self, octets: bytes, at: Instant) -> Iterator[tuple[Said, Instant]]:
        """Take what came at ``at``, and yield each second that has ended: the next one's first sentence is there."""
        begun = self._line_begun if self._lines.has_begun else None
        ended = list(self._lines.take(octets))
        self._line_begun = begun if begun is not None and not ended else at
        for line in ended:
            yield from self._line(line, begun or at)
            begun = None

    def _line(self, line: bytes | None, at: Instant) -> Iterator[tuple[Said, Instant]]:
        if line is None:
            self._dropped[BadSentenceReason.OVERLONG] += 1
            return
        try:
            said = read(line)
        except BadSentence as error:
            self._dropped[error.reason] += 1
            return
        self.good += 1
        self._counts["sentences"] += 1
        if said.at is None:
            return
        if self._second is not None and self._second[0].at == said.at:
            self._second = joined(self._second[0], said), self._second[1]
            return
        if self._second is not None and self._second[0].is_fix is not None:
            yield self._second
        self._second = said, at
