"""Leisure: what can wait does not fill a transmitter's hour, and does not make it deaf when much is said.

A network asks its devices for things that none of them needs now: more channels, other windows, the battery. LoRaWAN lets it ask in any
downlink (LoRaWAN 1.0.4, section 5), and where ten thousand devices are heard for the first time, each asked in one of its own, the gateways
would send all that the law allows, be deaf meanwhile, and have nothing left for acknowledgements and commands. So a downlink that carries
nothing but such requests goes only where few of them went in the last minute, and where the hour has enough left; else they wait for another
uplink, or go along with a downlink that is due anyway.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final, Self

from gateway.lorawan.duty_cycle import DutyCycle, allowance
from gateway.lorawan.mac_commands import DevStatusReq, LinkADRReq, MacCommand
from gateway.lorawan.phy import LONGEST_F_OPTS, Direction
from gateway.lorawan.region import JOIN_ACCEPT_DELAY1, RX2_AFTER_RX1, Region, airtime
from gateway.model import DataRate, Reception
from gateway.network.air_record import Transmitter

MINUTE: Final = timedelta(minutes=1)
AHEAD: Final = JOIN_ACCEPT_DELAY1 + RX2_AFTER_RX1  # the latest that an answer is booked before it is sent
OCTETS: Final = 12 + LONGEST_F_OPTS  # MHDR, FHDR and MIC around as many commands as have room


@dataclass(frozen=True, slots=True)
class Share:
    """How much there may be already where something that can wait is sent."""

    of_minute: float  # on air with such things: so much of what its devices say a gateway misses for them
    of_hour: float  # of what the law allows, with whatever; the rest is kept for what is worth more


class Worth(Enum):
    """What requests are worth."""

    THRIFT = Share(of_minute=0.1, of_hour=0.9)  # another data rate: it saves more air than it takes
    SETTINGS = Share(of_minute=0.02, of_hour=0.5)  # channels, which leave more room for all
    NEWS = Share(of_minute=0.01, of_hour=0.25)  # the battery

    @classmethod
    def of(cls, kinds: AbstractSet[type[MacCommand]]) -> Self:
        """Return what a downlink of these commands is worth."""
        if LinkADRReq in kinds:
            return cls(cls.THRIFT)
        return cls(cls.NEWS if kinds == {DevStatusReq} else cls.SETTINGS)


class Leisure:
    """Asked before each downlink that nobody waits for; ``now`` is the time that ledgers count in."""

    def __init__(
        self,
        region: Region,
        ledgers: Mapping[Transmitter, DutyCycle],
        now: Callable[[], timedelta],
        *,
        lawful: bool = True,
    ) -> None:
        """``lawful`` False: no hour is limited, but who sends is deaf there, too."""
        self._region = region
        self._ledgers = ledgers
        self._now = now
        self._lawful = lawful
        self._granted: defaultdict[Transmitter, deque[tuple[timedelta, timedelta]]] = defaultdict(
            deque
        )  # when, how long

    def grant(self, reception: Reception, frequency_hz: int | None, rate: DataRate, worth: Worth) -> bool:
        """Tell whether the gateway of ``reception`` may send what can wait, and count it where it may."""
        now, transmitter = self._now(), (reception.source, reception.gateway)
        granted = self._granted[transmitter]
        while granted and granted[0][0] <= now - MINUTE:
            granted.popleft()
        if sum((length for _, length in granted), timedelta()) > MINUTE * worth.value.of_minute:
            return False
        if not self._has_left(transmitter, frequency_hz, now + AHEAD, worth.value.of_hour):
            return False
        granted.append((now, airtime(OCTETS, rate, Direction.DOWNLINK)))
        return True

    def _has_left(self, transmitter: Transmitter, frequency_hz: int | None, at: timedelta, share: float) -> bool:
        ledger = self._ledgers.get(transmitter)
        band = None if frequency_hz is None else self._region.sub_band(frequency_hz)
        limit = None if band is None or not self._lawful else allowance(band)
        return ledger is None or band is None or limit is None or ledger.spent(band, at) <= limit * share
