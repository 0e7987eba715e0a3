"""What goes into the ether, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.model import DataRate, Eui64
from simulators.radio.spots import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """A frame that a device sends: who, when, how and from where. ``number`` is its own, and decides between equal times."""

    number: int
    sender: str
    spot: Spot
    begins_us: int
    airtime_us: int
    frequency_hz: int
    data_rate: DataRate
    power_dbm: float  # EIRP
    phy_payload: bytes = b""

    @property
    def ends_us(self) -> int:
        """Return when its last symbol is sent."""
        return self.begins_us + self.airtime_us


class Loss(StrEnum):
    """Why a gateway did not get a frame; the further down, the nearer it was."""

    OUT_OF_REACH = "out_of_reach"  # even at the slowest data rate
    NOT_LISTENING = "not_listening"  # no receiver on that channel for that data rate
    TOO_WEAK = "too_weak"  # below the sensitivity
    GATEWAY_SENDING = "gateway_sending"
    NO_DEMODULATOR = "no_demodulator"  # all were taken when its preamble came
    DROWNED = "drowned"  # by frames of other spreading factors, which are not quite orthogonal
    COLLIDED = "collided"  # with frames as strong as itself
    CAPTURED = "captured"  # a frame that is stronger by the capture threshold took the demodulator


NEARNESS = {loss: rank for rank, loss in enumerate(Loss)}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame at a gateway, as its concentrator tells of it: whole dBm, quarters of a dB, its counter at the end of the frame."""

    gateway: Eui64
    rssi_dbm: int
    snr_db: float
    timestamp_us: int  # 32 bits


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transmission: whoever got it, and why the others in reach did not."""

    transmission: Transmission
    arrivals: tuple[Arrival, ...]
    losses: Mapping[Eui64, Loss]

    @property
    def loss(self) -> Loss | None:
        """Return why nobody got it, by the gateway that was nearest to getting it; None where somebody did."""
        if self.arrivals:
            return None
        return max(self.losses.values(), key=NEARNESS.__getitem__, default=Loss.OUT_OF_REACH)
