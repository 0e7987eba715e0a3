"""The transmit side of a concentrator: the just-in-time queue of Semtech's forwarders, sans-I/O.

Checks and answers are those that the real `lora_pkt_fwd` v4.0.1 (SX1301) and v2.1.0 (SX1302) gave when they were run
without a radio. Times are microseconds of a counter that never wraps here; on the wire it has 32 bits.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from gateway.model import DataRate, FskRate, Json, LoraRate

EARLIEST_AHEAD_US: Final = (
    512_000_000  # asked for longer ahead: TOO_EARLY; a moment in the past wraps and is too early as well
)
QUEUE_LENGTH: Final = 32  # packets; beyond, the forwarders say COLLISION_PACKET
APART_US: Final = 2_500  # 1.5 ms to start the radio, 1 ms of margin, around each packet


@dataclass(frozen=True, slots=True)
class ConcentratorModel:
    """What differs between the generations."""

    start_delay_us: int  # a request that comes later than this before its time is TOO_LATE
    warns_of_power: bool  # TX_ACK says which power was used instead


SX1301: Final = ConcentratorModel(start_delay_us=32_500, warns_of_power=False)
SX1302: Final = ConcentratorModel(start_delay_us=42_500, warns_of_power=True)
POWERS_DBM: Final = (12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27)  # the look-up table's steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """A packet that the radio sends."""

    phy_payload: bytes
    frequency_hz: int
    data_rate: DataRate
    power_dbm: int
    starts_us: int
    airtime_us: int
    inverted: bool = False  # the polarity of LoRa downlinks; devices hear no other, gateways do not hear them

    @property
    def ends_us(self) -> int:
        """Return when the last symbol is sent."""
        return self.starts_us + self.airtime_us


@dataclass(frozen=True, slots=True)
class Decision:
    """What the queue did with a request; no ``error``: ``transmission`` will be sent."""

    transmission: Transmission | None = None
    error: str | None = None
    warning: str | None = None


class UnreadableRequest(Exception):
    """Say that a txpk lacks what it needs: the real forwarders send no TX_ACK then."""


class Concentrator:
    """A transmitter with its queue; ``frequencies_hz`` are the lowest and highest that it may send on."""

    def __init__(
        self, model: ConcentratorModel = SX1302, frequencies_hz: tuple[int, int] = (863_000_000, 870_000_000)
    ) -> None:
        self._model = model
        self._lowest_hz, self._highest_hz = frequencies_hz
        self._queue: list[Transmission] = []

    def offer(self, txpk: Json, now_us: int) -> Decision:
        """Take a txpk into the queue or say why not; raise UnreadableRequest for one that gets no answer."""
        self._queue = [queued for queued in self._queue if queued.ends_us > now_us]
        wanted = _read(txpk, now_us)
        if isinstance(wanted, Decision):
            return wanted
        if not self._lowest_hz <= wanted.frequency_hz <= self._highest_hz:
            return Decision(error="TX_FREQ")
        power_dbm = max((step for step in POWERS_DBM if step <= wanted.power_dbm), default=POWERS_DBM[0])
        warning = "TX_POWER" if self._model.warns_of_power and power_dbm != wanted.power_dbm else None
        starts_us = self._at_once(wanted, now_us) if txpk.get("imme") is True else wanted.starts_us
        error = self._refusal(starts_us, wanted.airtime_us, now_us)
        if error is not None:
            return Decision(error=error)
        transmission = Transmission(
            phy_payload=wanted.phy_payload,
            frequency_hz=wanted.frequency_hz,
            data_rate=wanted.data_rate,
            power_dbm=power_dbm,
            starts_us=starts_us,
            airtime_us=wanted.airtime_us,
            inverted=wanted.inverted,
        )
        self._queue.append(transmission)
        return Decision(transmission, warning=warning)

    def _refusal(self, starts_us: int, airtime_us: int, now_us: int) -> str | None:
        ahead_us = starts_us - now_us
        if ahead_us < self._model.start_delay_us:
            return "TOO_LATE"
        if ahead_us > EARLIEST_AHEAD_US:
            return "TOO_EARLY"
        if len(self._queue) >= QUEUE_LENGTH or self._collides(starts_us, airtime_us):
            return "COLLISION_PACKET"
        return None

    def _collides(self, starts_us: int, airtime_us: int) -> bool:
        ends_us = starts_us + airtime_us
        return any(
            starts_us < queued.ends_us + APART_US and queued.starts_us < ends_us + APART_US for queued in self._queue
        )

    def _at_once(self, wanted: Transmission, now_us: int) -> int:
        """Return the first moment that is free (class C)."""
        starts_us = now_us + self._model.start_delay_us
        for queued in sorted(self._queue, key=lambda queued: queued.starts_us):
            if starts_us + wanted.airtime_us + APART_US > queued.starts_us:
                starts_us = max(starts_us, queued.ends_us + APART_US)
        return starts_us


def _read(txpk: Json, now_us: int) -> Transmission | Decision:
    try:
        if "tmms" in txpk and "imme" not in txpk:
            return Decision(error="GPS_UNLOCKED")  # GPS time is asked for, and there is no GPS
        starts_us = now_us if txpk.get("imme") is True else now_us + ((int(txpk["tmst"]) - now_us) & 0xFFFF_FFFF)
        data_rate = _data_rate(txpk)
        phy_payload = b64decode(txpk["data"] + "==")
        return Transmission(
            phy_payload=phy_payload,
            frequency_hz=round(txpk["freq"] * 1e6),
            data_rate=data_rate,
            power_dbm=int(txpk.get("powe", 14)),
            starts_us=starts_us,
            airtime_us=airtime_us(len(phy_payload), data_rate, crc=not txpk.get("ncrc")),
            inverted=txpk.get("ipol") is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableRequest from error


def _data_rate(txpk: dict[str, Json]) -> DataRate:
    if txpk["modu"] == "FSK":
        return FskRate(int(txpk["datr"]))
    found = re.fullmatch(r"SF(\d+)BW(\d+)", txpk["datr"])
    if found is None or txpk["modu"] != "LORA" or not re.fullmatch(r"4/[5-8]", txpk["codr"]):
        raise ValueError(txpk["datr"])
    return LoraRate(int(found[1]), int(found[2]) * 1000)


def airtime_us(size: int, data_rate: DataRate, *, crc: bool = True) -> int:
    """Return how long ``size`` octets occupy the channel: coding rate 4/5, preamble of 8 (LoRa: Semtech AN1200.13, section 4)."""
    if isinstance(data_rate, FskRate):  # preamble 5, sync word 3, length 1, CRC 2 octets
        return round((5 + 3 + 1 + size + (2 if crc else 0)) * 8e6 / data_rate.bit_rate)
    spreading_factor = data_rate.spreading_factor
    symbol_us = (1 << spreading_factor) * 1e6 / data_rate.bandwidth_hz
    slow = 2 if symbol_us > 16_000 else 0  # low data rate optimisation
    bits = 8 * size - 4 * spreading_factor + 28 + (16 if crc else 0)
    symbols = 8 + max(math.ceil(bits / (4 * (spreading_factor - slow))) * 5, 0)
    return round((8 + 4.25 + symbols) * symbol_us)
