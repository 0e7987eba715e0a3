"""What sources bring, held in memory for whoever records it: bounded, and hearing waits for nobody.

Writing is the work of the command that records, a process of its own: it fetches what came turn after turn through the control
socket. Where it does not come in time, what does not fit is dropped and counted; where it comes no more, its recording is let go.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from gateway.model import Clock, Eui64, Frame, Heard, Instant, Json, LoraRate, Reception
from gateway.sources import Source
from gateway.sources.tap import Tappable, Tapped

# Measured with datagrams of one frame: 3900 of them, 23 s of the busiest concentrator; an answer is 250, 1.4 ms in the agent's loop.
MOST_HELD: Final = 2 << 20  # octets of one recording
MOST_AT_ONCE: Final = 1 << 17  # octets of one answer
BESIDE: Final = 250  # octets that a record needs in memory beside its own
FORGOTTEN_S: Final = 60.0  # whoever has not asked for so long has gone; a question takes up to half of it
MOST_RECORDINGS: Final = 4  # at the same time


class TooMany(Exception):
    """Say that so many recordings are being made that there is no memory for another."""


@dataclass(frozen=True, slots=True)
class Caught:
    """One datagram as it came, or one frame of a radio that speaks otherwise; ``frames`` are in it."""

    at_s: float  # of the monotonic clock
    source: str
    gateway: Eui64
    what: bytes | Frame
    frames: int

    @property
    def octets(self) -> int:
        """Return about what it takes in memory."""
        return BESIDE + len(self.what if isinstance(self.what, bytes) else self.what.phy_payload)


class Reel:
    """What one recording has not fetched yet, the oldest first."""

    def __init__(self, sources: Collection[str], began: Instant) -> None:
        self.sources = frozenset(sources)
        self.began = began
        self.asked_at = began.monotonic
        self.is_running = True
        self.dropped = 0  # records for which there was no room
        self.frames: Counter[str] = Counter()  # by source
        self._caught: deque[Caught] = deque()
        self._octets = 0

    def add(self, caught: Caught) -> None:
        """Hold a record, or count it as dropped."""
        octets = caught.octets
        if self._octets + octets > MOST_HELD:
            self.dropped += 1
            return
        self._octets += octets
        self._caught.append(caught)
        self.frames[caught.source] += caught.frames

    def take(self) -> list[Caught]:
        """Return what came first, as much as one answer holds."""
        taken: list[Caught] = []
        room = MOST_AT_ONCE
        while self._caught and room > 0:
            taken.append(self._caught.popleft())
            room -= taken[-1].octets
            self._octets -= taken[-1].octets
        return taken

    @property
    def is_empty(self) -> bool:
        """Whether all has been fetched."""
        return not self._caught


class Recorder:
    """Listen to sources for recordings; where none is made, it costs one look a frame."""

    def __init__(self, sources: Sequence[Source], clock: Clock) -> None:
        self._sources: Mapping[str, Source] = {one.name: one for one in sources}
        self._clock = clock
        self._reels: dict[str, Reel] = {}
        self._tapped: set[str] = set()

    def begin(self, sources: Collection[str]) -> tuple[str, Reel]:
        """Begin a recording of these sources, and return its name; raises TooMany."""
        now = self._clock()
        self._forget(now)
        if len(self._reels) >= MOST_RECORDINGS:
            raise TooMany
        for name in sources:
            self._tap(name)
        name, reel = str(uuid4()), Reel(sources, now)
        self._reels[name] = reel
        return name, reel

    def find(self, name: str) -> Reel | None:
        """Return a recording that goes on, and let it go on; None where there is none of that name."""
        reel = self._reels.get(name)
        if reel is not None:
            reel.asked_at = self._clock().monotonic
        return reel

    def end(self, name: str) -> None:
        """Let a recording go."""
        self._reels.pop(name, None)

    def is_tapped(self, name: str) -> bool:
        """Tell whether what a source brings is recorded as it came."""
        return isinstance(self._sources[name], Tappable)

    def take(self, heard: Heard) -> None:
        """Take what a source without a tap brings."""
        if self._reels and isinstance(heard, Frame) and heard.best.source not in self._tapped:
            self._catch(heard.heard_at, [_of_frame(heard, heard.best.source)])

    def _tap(self, name: str) -> None:
        source = self._sources[name]
        if isinstance(source, Tappable) and name not in self._tapped:
            self._tapped.add(name)
            source.tap(_SourceTap(self, name))

    def tapped(self, source: str, tapped: Tapped) -> None:
        """Take what a gateway brought to a source."""
        if self._reels:
            self._catch(tapped.at, [*_of_tapped(tapped, source)])

    def _catch(self, at: Instant, some: Sequence[Caught]) -> None:
        self._forget(at)
        for reel in self._reels.values():
            for caught in some:
                if reel.is_running and caught.source in reel.sources:
                    reel.add(caught)

    def _forget(self, now: Instant) -> None:
        gone = [name for name, reel in self._reels.items() if now.monotonic - reel.asked_at > FORGOTTEN_S]
        for name in gone:
            del self._reels[name]


@dataclass(frozen=True, slots=True)
class _SourceTap:
    recorder: Recorder
    source: str

    def take(self, tapped: Tapped) -> None:
        self.recorder.tapped(self.source, tapped)


def _of_tapped(tapped: Tapped, source: str) -> Iterator[Caught]:
    if tapped.datagram:
        yield Caught(tapped.at.monotonic, source, tapped.gateway, tapped.datagram, len(tapped.frames))
        return
    for frame in tapped.frames:
        if frame is not None:
            yield _of_frame(frame, source)


def _of_frame(frame: Frame, source: str) -> Caught:
    return Caught(frame.heard_at.monotonic, source, frame.best.gateway, frame, 1)


# ── as lines of a recording, see gateway/sources/recording/lines.py ──


def lines(caught: Caught, began: Instant) -> Iterator[dict[str, Json]]:
    """Yield what the recording's file says of a record: one line, or of a frame one for each reception."""
    head = {"at_s": round(caught.at_s - began.monotonic, 6), "source": caught.source}
    if isinstance(caught.what, bytes):
        yield {**head, "protocol": "gwmp", "gateway": caught.gateway, "hex": caught.what.hex()}
        return
    for one in caught.what.receptions:
        yield {**head, "protocol": "lorawan", "gateway": one.gateway, "hex": caught.what.phy_payload.hex(), **_how(one)}


def _how(one: Reception) -> dict[str, Json]:
    rate = one.data_rate
    told: dict[str, Json] = {
        "frequency_hz": one.frequency_hz,
        "data_rate": str(rate) if isinstance(rate, LoraRate) else rate.bit_rate,
        "rssi_dbm": one.rssi_dbm,
        "snr_db": one.snr_db,
        "channel": one.channel,
        "antenna": one.antenna or None,
        "gateway_time": None if one.gateway_time is None else one.gateway_time.isoformat(),
    }
    return {name: value for name, value in told.items() if value is not None}
