"""The air of a site: who hears what. Frames that meet on a channel and spreading factor, and gateways that send, lose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.lorawan.airtime import required_snr_db
from gateway.model import DataRate, Eui64
from simulators.site.roof import Roof

CAPTURE_DB: Final = (
    6.0  # by so much the stronger of two frames survives (Bor et al., "Do LoRa Low-Power Wide-Area Networks Scale?")
)
FADING_DB: Final = 0.5  # standard deviation between two frames on one path
BEST_SNR_DB: Final = 12.0  # what a concentrator says at most
NOISE_DBM: Final = -117.0  # of 125 kHz, with 6 dB of the receiver's own


@dataclass(slots=True, kw_only=True, eq=False)
class Packet:
    """An uplink on the air."""

    phy_payload: bytes
    frequency_hz: int
    data_rate: DataRate
    snr_db: Mapping[Eui64, float]  # by gateway
    begins_s: float
    met: list[Packet] = field(default_factory=list)  # what it overlapped with

    def survives(self, gateway: Eui64) -> bool:
        """Tell whether a gateway can tell it from noise and from the others."""
        floor_db = required_snr_db(self.data_rate)
        snr_db = self.snr_db[gateway]
        if floor_db is None or snr_db < floor_db:
            return False
        return all(snr_db - other.snr_db[gateway] >= CAPTURE_DB for other in self.met)


class Ether:
    """All that is on the air."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed}/ether")
        self._ongoing: list[Packet] = []

    def begin(
        self, phy_payload: bytes, frequency_hz: int, data_rate: DataRate, snr_db: Mapping[Eui64, float], now: float
    ) -> Packet:
        """Put a frame on the air; ``snr_db`` is that of a quiet day."""
        packet = Packet(
            phy_payload=phy_payload,
            frequency_hz=frequency_hz,
            data_rate=data_rate,
            snr_db={gateway: snr + self._random.gauss(0.0, FADING_DB) for gateway, snr in snr_db.items()},
            begins_s=now,
        )
        for other in self._ongoing:
            if (other.frequency_hz, other.data_rate) == (frequency_hz, data_rate):
                other.met.append(packet)
                packet.met.append(other)
        self._ongoing.append(packet)
        return packet

    def end(self, packet: Packet, roofs: Mapping[Eui64, Roof], now: float) -> Mapping[Eui64, float]:
        """Take a frame off the air, and return the SNR at each gateway that heard it."""
        self._ongoing.remove(packet)
        length_us = round((now - packet.begins_s) * 1e6)
        return {
            name: round(min(packet.snr_db[name], BEST_SNR_DB), 1)
            for name, roof in roofs.items()
            if packet.survives(name) and not roof.sent_in_the_last(length_us)
        }
