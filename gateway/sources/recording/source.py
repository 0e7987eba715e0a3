"""The source that hears a recording: at its own pace, faster, or as fast as the agent takes it; once, or again and again.

Nothing can be answered: who sent these frames has long stopped listening. So receptions lose the concentrator's time, by which
answers are aimed. What is recorded is heard as if it were new, joins and all: the sessions that come of them are of devices
that never get to know.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from gateway.errors import ConfigError
from gateway.model import Clock, Eui64, Frame, Instant, Json, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.forwarders import Forwarder, Forwarders
from gateway.sources.gwmp import BadDatagram, BadDatagramReason, PullData, PushData, TxAck, parse
from gateway.sources.recording.opening import RecordingFile
from gateway.sources.recording.pace import Pace
from gateway.sources.recording.records import Bad, BadRecordReason, Datagram, Passed, Radioed, Record
from gateway.sources.rxpk import Crc, Received, read_rxpk, read_stat
from gateway.sources.settings import RecordingSettings
from gateway.sources.tally import NoteBroken, nobody_notes
from gateway.sources.under_way import UnderWay

MOST_UNDER_WAY: Final = 256  # frames heard and not yet safe; the others wait in the file
RECORDS_A_TURN: Final = 64  # that a thread reads at once
REST_S: Final = 1.0  # between two rounds: a recording without times would take a processor for ever
DRAIN_LIMIT_S: Final = 1.0
READ_LIMIT_S: Final = 5.0  # for a turn's records from a slow stick, when the source is stopped
TOO_MANY_GATEWAYS: Final = "too_many_gateways"

T = TypeVar("T")


class State(StrEnum):
    """How far it is."""

    OPENS = "opens"
    PLAYS = "plays"
    FINISHED = "finished"


class Recording:
    """A `Source` of what was recorded; when it is finished it hears nothing more, and the agent goes on."""

    def __init__(self, settings: RecordingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._problems: dict[BadRecordReason, str] = {}  # the first of each kind, in words
        self._forwarders = Forwarders()
        self._under_way: UnderWay | None = None
        self._state = State.OPENS
        self._listening = asyncio.Event()
        self.note_broken: NoteBroken = nobody_notes

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    async def listening(self) -> None:
        """Return once the file is open; the caller sets the limit."""
        await self._listening.wait()

    async def run(self, hear: Hear) -> None:
        """Hear the recording, and then nothing until cancelled. Raises ConfigError for a file that is no recording."""
        settings = self._settings
        file = RecordingFile(settings.file, settings.port, f"source {self.name!r}")
        try:
            await _in_thread(file.begin)
            async with asyncio.TaskGroup() as group:
                self._under_way = UnderWay(hear, group, MOST_UNDER_WAY)
                await self._play_all(file, self._under_way)
        finally:
            self._listening.clear()
            file.close()

    async def transmit(self, request: TxRequest) -> TxResult:  # noqa: ARG002 - a source's
        """Send nothing: who sent these frames has long stopped listening."""
        return TxResult.NOT_CONNECTED

    def status(self) -> Mapping[str, Json]:
        """Return how far it is, counters, and the gateways that are in it."""
        dropped = {str(reason): count for reason, count in self._dropped.items()}
        return {
            "listening": None,
            "state": str(self._state),
            "words": self._words(),
            "finished": self._state is State.FINISHED,
            "under_way": 0 if self._under_way is None else len(self._under_way),
            "counts": dict(self._counts),
            "dropped": dropped,
            "advice": [*self._advice()],
            "gateways": self._gateways(),
        }

    # ── the file ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _play_all(self, file: RecordingFile, under_way: UnderWay) -> None:
        self._state = State.PLAYS
        self._listening.set()
        try:
            await self._play_once(file, under_way)
            while self._settings.repeat and await self._begin_again(file):
                await self._play_once(file, under_way)
            await under_way.empty()
            self._state = State.FINISHED
            await asyncio.Event().wait()  # no limit: a source is there until it is cancelled
        finally:
            await under_way.drain(DRAIN_LIMIT_S)

    async def _begin_again(self, file: RecordingFile) -> bool:
        """Return whether there is another round: a file that is gone by now ends no agent."""
        await asyncio.sleep(REST_S)
        try:
            await _in_thread(file.begin)
        except ConfigError as error:
            self._drop(BadRecordReason.BROKEN_OFF, str(error))
            return False
        return True

    async def _play_once(self, file: RecordingFile, under_way: UnderWay) -> None:
        """Hear the file from its beginning to its end."""
        loop = asyncio.get_running_loop()
        pace = Pace(self._settings.speed, loop.time())
        while some := await _in_thread(partial(file.read, RECORDS_A_TURN)):
            for record in some:
                if (wait_s := pace.due(record.at_s) - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                await self._play(record, under_way)
            await asyncio.sleep(0)  # others have their turn, also where nothing waits
        self._counts["rounds"] += 1

    async def _play(self, record: Record, under_way: UnderWay) -> None:
        self._counts["records"] += 1
        for frame in self._frames(record):
            await under_way.give(frame)
            self._counts["frames"] += 1

    # ── what is in it ───────────────────────────────────────────────────────────────────────────────────────────

    def _frames(self, record: Record) -> Iterator[Frame]:
        match record.what:
            case Bad(reason, words):
                self._drop(reason, words)
            case Passed() as passed:
                self._counts[passed] += 1
            case Datagram(octets):
                yield from self._framed(record, self._understood(octets))
            case Radioed(gateway, received):
                forwarder = self._meet(gateway)
                yield from self._framed(record, [] if forwarder is None else [(forwarder, received)])

    def _framed(self, record: Record, heard: Sequence[tuple[Forwarder, Received]]) -> Iterator[Frame]:
        heard_at = self._heard_at(record)
        for forwarder, received in heard:
            if heard_at is None:
                self._drop(BadRecordReason.UNDATED, "")
                continue
            forwarder.frames += 1
            receptions = tuple(replace(one, timestamp_us=None, source=self.name) for one in received.receptions)
            yield Frame(received.phy_payload, receptions, heard_at)

    def _understood(self, octets: bytes) -> Sequence[tuple[Forwarder, Received]]:
        """Return the packets that a datagram carries; what is wrong is counted."""
        try:
            said = parse(octets)
        except BadDatagram as error:
            self._dropped[error.reason] += 1
            return []
        if not isinstance(said, PushData | PullData | TxAck):
            self._counts[Passed.FROM_SERVER] += 1
            return []
        forwarder = self._meet(said.gateway)
        if forwarder is None or not isinstance(said, PushData):
            return []
        self._counts["push_data"] += 1
        heard = [received for rxpk in said.rxpk if (received := self._read(rxpk, forwarder)) is not None]
        if said.stat is not None:
            self._stat(said.stat, forwarder)
        return [(forwarder, received) for received in heard]

    def _read(self, rxpk: Json, forwarder: Forwarder) -> Received | None:
        forwarder.rxpk += 1
        try:
            received = read_rxpk(rxpk, gateway=forwarder.gateway, place=forwarder.place)
        except BadDatagram as error:
            self._dropped[error.reason] += 1
            self.note_broken(forwarder.gateway, forwarder.not_taken(error.reason))
            return None
        if received.crc is not Crc.RIGHT:
            self._dropped[BadDatagramReason.NO_CRC] += 1
            forwarder.not_taken(BadDatagramReason.NO_CRC)
            return None
        return received

    def _stat(self, stat: Json, forwarder: Forwarder) -> None:
        try:
            broken = forwarder.told(read_stat(stat), self._clock().monotonic)
        except BadDatagram as error:
            self._dropped[error.reason] += 1
        else:
            self.note_broken(forwarder.gateway, broken)

    def _meet(self, gateway: Eui64) -> Forwarder | None:
        forwarder = self._forwarders.meet(gateway, (self._settings.file.name, 0), self._clock().monotonic)
        if forwarder is None:
            self._dropped[TOO_MANY_GATEWAYS] += 1
        return forwarder

    def _heard_at(self, record: Record) -> Instant | None:
        """Return now, or the record's own time where that is wanted; None where it has none.

        A recorded time is of a boot of its own: nothing that this box learns of its clock can mend it.
        """
        now, vouched = self._clock(), self._settings.recorded_time
        if vouched is None:
            return now
        if record.utc is None:
            return None
        quality = vouched if record.quality is None else min(record.quality, vouched)
        return Instant(record.utc, now.monotonic, f"recording {self.name}", quality)

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _drop(self, reason: BadRecordReason, words: str) -> None:
        self._dropped[reason] += 1
        if words:
            self._problems.setdefault(reason, words)

    def _words(self) -> str:
        file, frames, dropped = self._settings.file.name, self._counts["frames"], sum(self._dropped.values())
        match self._state:
            case State.OPENS:
                return f"opens {file}"
            case State.PLAYS:
                again = f", round {self._counts['rounds'] + 1}" if self._settings.repeat else ""
                return f"plays {file}: {frames} frames so far{again}"
            case State.FINISHED:
                return f"{file} is finished: {frames} frames, {dropped} dropped"

    def _advice(self) -> Iterator[str]:
        for words in self._problems.values():
            yield f"{self._settings.file.name}, {words}"
        if self._state is State.FINISHED and not self._counts["frames"]:
            yield (
                f"nothing in {self._settings.file.name} could be heard: is it what packet forwarders sent to UDP port "
                f"{self._settings.port}? The key port says which port the server had"
            )
        if self._dropped[BadRecordReason.FRAGMENT] or self._dropped[BadRecordReason.TRUNCATED_PACKET]:
            yield "packets are not whole in the capture: capture again at the agent's side, with tcpdump -s 0"
        if self._dropped[BadRecordReason.UNDATED]:
            yield 'the recording has no dates: with time = "now" it is heard as if it were new'

    def _gateways(self) -> Mapping[str, Json]:
        told = self._forwarders.status(self._clock().monotonic)
        return {gateway: {**one, "address": self._settings.file.name} for gateway, one in told.items()}


async def _in_thread(work: Callable[[], T]) -> T:
    """Return what blocking ``work`` returns; a thread that reads a file is waited for, also by who is cancelled."""
    done = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done], timeout=READ_LIMIT_S)
        raise
