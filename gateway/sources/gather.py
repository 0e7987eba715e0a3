"""Make one frame of its copies: two channels, two antennas, two gateways, two sources heard the same PHYPayload.

The first copy opens a window; who brought it waits, tells the frame with all copies when the window closes, and all who
brought a copy return when that one frame is safe. What the same PHYPayload means later:

* up to 0.9 s after the first copy it is a copy that came slowly (a gateway on a mobile network): its bringer waits
  for the same frame, which is not told again. No device repeats itself that soon: it listens first, until RECEIVE_DELAY1
  (1 s or more) has passed;
* after that it is the device's honest retransmission, and a frame again: the network answers it again;
* a gateway that brings more than fifteen transmissions of one PHYPayload, without ten seconds of quiet, is faulty (a
  forwarder that repeats the same frame for ever, TheThingsNetwork/lorawan-stack#4095): what more it brings is counted and
  dropped, and other gateways' copies still pass. Fifteen is how often a device sends one frame at most (NbTrans,
  LoRaWAN 1.0.4, section 5.2; a confirmed frame of 1.0.3 eight times).

Ages are taken from the frames' own instants, so that no clock is read here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.model import Eui64, Frame, Json, Reception
from gateway.sources import Hear
from gateway.sources.pause import Pause

SLOW_COPY_S: Final = 0.9  # below RECEIVE_DELAY1, 1 s, with room for a late reading of the socket
QUIET_S: Final = 10.0
MOST_TRANSMISSIONS: Final = 15
MOST_COPIES: Final = 64  # of one frame: 16 gateways on 4 channels each; a hostile forwarder can invent more
MOST_REMEMBERED: Final = 4096  # PHYPayloads; 171 frames/s is what one concentrator can hear, and 10 s are remembered


class GatherCount(StrEnum):
    """What is counted."""

    FRAMES = "frames"  # told to the next room
    COPIES = "copies"  # joined a frame
    SLOW_COPIES = "slow_copies"  # came after their frame was told
    REPEATED_FOR_EVER = "repeated_for_ever"  # dropped: the gateway is faulty


def best_first(receptions: Iterable[Reception]) -> tuple[Reception, ...]:
    """Return receptions by SNR, then RSSI, the best first; one without SNR (FSK) comes after those with."""
    return tuple(sorted(receptions, key=_strength, reverse=True))


def gateways(frame: Frame) -> frozenset[Eui64]:
    """Return the gateways that heard a frame, each once, however many of its channels and antennas did."""
    return frozenset(reception.gateway for reception in frame.receptions)


def merged(frame: Frame, copy: Frame) -> Frame:
    """Return one frame of two copies: the earlier instant, and of each gateway, antenna and channel the best."""
    kept: dict[tuple[object, ...], Reception] = {}
    for reception in best_first((*frame.receptions, *copy.receptions)):
        kept.setdefault((reception.gateway, reception.antenna, reception.channel, reception.frequency_hz), reception)
    heard_at = min(frame.heard_at, copy.heard_at, key=lambda instant: instant.monotonic)
    return Frame(frame.phy_payload, tuple(kept.values())[:MOST_COPIES], heard_at)


def _strength(reception: Reception) -> tuple[float, float]:
    return (-1000.0 if reception.snr_db is None else reception.snr_db, reception.rssi_dbm)


class Gather:
    """A `Hear` that gathers copies for ``window_s`` before it hands the frame to ``hear``; 0 hands on each at once.

    It owns no task: who brings the first copy leads, and pauses through the window. When a leader is
    cancelled, the next who waits leads.
    """

    def __init__(self, hear: Hear, window_s: float = 0.2) -> None:
        self._hear = hear
        self._window = Pause(window_s) if window_s else None
        self._remembered: dict[bytes, _Gathering] = {}  # by PHYPayload, the longest unheard first
        self._counts: Counter[GatherCount] = Counter()

    async def __call__(self, frame: Frame) -> None:
        """Return when the frame that this is, or is a copy of, is safe; raise what telling it raised."""
        if self._window is None:
            self._counts[GatherCount.FRAMES] += 1
            await self._hear(frame)
            return
        gathering = self._join(frame)
        while gathering is not None and not gathering.told:
            if gathering.outcome is None:
                await self._lead(gathering, self._window)
            else:
                await asyncio.shield(gathering.outcome)

    def status(self) -> Mapping[str, Json]:
        """Return the counts since start, and how many PHYPayloads are remembered."""
        return {**{str(count): self._counts[count] for count in GatherCount}, "remembered": len(self._remembered)}

    def _join(self, frame: Frame) -> _Gathering | None:
        """Return the gathering that ``frame`` belongs to; None when its gateway repeats it for ever."""
        now = frame.heard_at.monotonic
        known = self._remembered.pop(frame.phy_payload, None)
        if known is None:
            self._forget(now)
        elif known.open and known.is_copy(now):
            self._counts[GatherCount.COPIES] += 1
            known.take(frame)
        elif known.is_copy(now):
            self._counts[GatherCount.SLOW_COPIES] += 1
        elif known.transmissions_of(frame.best.gateway, now) > MOST_TRANSMISSIONS:
            self._counts[GatherCount.REPEATED_FOR_EVER] += 1
            self._remember(known, frame)
            return None
        else:
            known = _Gathering(frame, known.transmissions)
        return self._remember(known or _Gathering(frame, {frame.best.gateway: (1, now)}), frame)

    def _remember(self, gathering: _Gathering, frame: Frame) -> _Gathering:
        gathering.last_heard = frame.heard_at.monotonic
        self._remembered[frame.phy_payload] = gathering
        return gathering

    def _forget(self, now: float) -> None:
        """Make room for one more; what waits for a forgotten gathering still gets its outcome."""
        while self._remembered:
            payload, oldest = next(iter(self._remembered.items()))
            if len(self._remembered) < MOST_REMEMBERED and now - oldest.last_heard <= QUIET_S:
                break
            del self._remembered[payload]

    async def _lead(self, gathering: _Gathering, window: Pause) -> None:
        """Wait for copies, tell the frame, and let those who wait know how it went."""
        outcome = gathering.outcome = asyncio.get_running_loop().create_future()
        gathering.open = True
        try:
            await window.wait()
            gathering.open = False
            self._counts[GatherCount.FRAMES] += 1
            assert gathering.frame is not None
            await self._hear(gathering.frame)
        except asyncio.CancelledError:
            gathering.open, gathering.outcome = False, None
            outcome.set_result(None)
            raise
        except BaseException as error:
            self._drop(gathering)  # the next copy may fare better
            outcome.set_exception(error)
            outcome.exception()  # asyncio would log it as never seen where nobody else waits
            raise
        gathering.told, gathering.frame, gathering.outcome = True, None, None
        outcome.set_result(None)

    def _drop(self, gathering: _Gathering) -> None:
        assert gathering.frame is not None
        payload = gathering.frame.phy_payload
        if self._remembered.get(payload) is gathering:
            del self._remembered[payload]


@dataclass(slots=True)
class _Gathering:
    """One transmission of a PHYPayload, while its copies come in and for some time after."""

    frame: Frame | None  # None once it is told: ten seconds of a busy radio's frames would be 2 MB
    transmissions: dict[Eui64, tuple[int, float]]  # of this PHYPayload by each gateway: how many, and when the last
    first_heard: float = 0.0
    last_heard: float = 0.0
    open: bool = False
    told: bool = False
    outcome: asyncio.Future[None] | None = None  # None: nobody leads

    def __post_init__(self) -> None:
        assert self.frame is not None
        self.first_heard = self.frame.heard_at.monotonic

    def take(self, copy: Frame) -> None:
        """Make one frame of this and a copy of it."""
        assert self.frame is not None
        self.frame = merged(self.frame, copy)
        self.first_heard = self.frame.heard_at.monotonic

    def is_copy(self, now: float) -> bool:
        """Tell whether what is heard now is of this transmission: no device repeats itself so soon.

        A window that a stalled machine closes late is no reason to take the device's next try, with its own time, for a copy.
        """
        return now - self.first_heard < SLOW_COPY_S

    def transmissions_of(self, gateway: Eui64, now: float) -> int:
        """Count one more transmission that ``gateway`` brings; ten quiet seconds start the count again."""
        count, last = self.transmissions.get(gateway, (0, now))
        count = 1 if now - last > QUIET_S else count + 1
        self.transmissions[gateway] = (count, now)
        return count
