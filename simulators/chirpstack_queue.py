"""The transmit side of a gateway that ChirpStack's Concentratord runs: its just-in-time queue, sans-I/O.

Checks, their order and their numbers are those of Concentratord v4.7. Messages are the ones that `chirpstack-api` has, so that what reads and
writes them here is not what the agent reads and writes them with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed

from gateway.model import DataRate, FskRate, LoraRate
from simulators.concentrator import Transmission, airtime_us

START_US: Final = 1_500  # to start the radio
MARGIN_US: Final = 1_000  # between two packets
JIT_US: Final = 40_000  # so long before its time a packet goes to the radio
AHEAD_US: Final = START_US + MARGIN_US + JIT_US  # what comes later than this before its time is TOO_LATE
EARLIEST_AHEAD_US: Final = 512_000_000
AT_ONCE_US: Final = 2 * JIT_US
CAPACITY: Final = 32
COUNTER: Final = 1 << 32

Item = Any  # a DownlinkFrameItem of chirpstack-api, which has no types


class Unconvertible(Exception):
    """Say that an item cannot be made a packet of: Concentratord then answers with nothing at all."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    transmission: Transmission
    at_once: bool


class JitQueue:
    """A transmitter with its queue; ``frequencies_hz`` are the lowest and highest that it may send on."""

    def __init__(
        self, frequencies_hz: tuple[int, int] = (863_000_000, 870_000_000), *, capacity: int = CAPACITY
    ) -> None:
        self._lowest_hz, self._highest_hz = frequencies_hz
        self._capacity = capacity
        self._queue: list[Transmission] = []

    def offer(self, item: Item, now_us: int) -> tuple[int, Transmission | None]:
        """Take an item, or say why not: its TxAckStatus, and what will be sent; raise Unconvertible as the real one does."""
        self._queue = [queued for queued in self._queue if queued.ends_us > now_us]
        wanted = _wanted(item, now_us)
        if not self._lowest_hz <= wanted.transmission.frequency_hz <= self._highest_hz:
            return gw_pb2.TX_FREQ, None
        if len(self._queue) >= self._capacity:
            return gw_pb2.QUEUE_FULL, None
        sent = self._placed(wanted, now_us)
        if not wanted.at_once and self._collides(sent):
            return gw_pb2.COLLISION_PACKET, None
        ahead_us = sent.starts_us - now_us
        if ahead_us < AHEAD_US:
            return gw_pb2.TOO_LATE, None
        if ahead_us > EARLIEST_AHEAD_US:
            return gw_pb2.TOO_EARLY, None
        self._queue.append(sent)
        return gw_pb2.OK, sent

    def _placed(self, wanted: _Wanted, now_us: int) -> Transmission:
        if not wanted.at_once:
            return wanted.transmission
        sent = _at(wanted.transmission, now_us + AT_ONCE_US)
        for queued in sorted(self._queue, key=lambda one: one.starts_us):
            if not self._collides(sent):
                break
            sent = _at(wanted.transmission, queued.ends_us + START_US + JIT_US + MARGIN_US)
        return sent

    def _collides(self, one: Transmission) -> bool:
        apart = START_US + JIT_US + MARGIN_US
        return any(
            one.starts_us <= queued.ends_us + apart and queued.starts_us <= one.ends_us + apart
            for queued in self._queue
        )


def _wanted(item: Item, now_us: int) -> _Wanted:
    """Read an item in v4's fields, or in those that v3 had."""
    is_v4 = item.HasField("tx_info")
    if not is_v4 and not item.HasField("tx_info_legacy"):
        raise Unconvertible("tx_info must not be blank")
    info = item.tx_info if is_v4 else item.tx_info_legacy
    starts_us, at_once = _timing(info, now_us, is_v4=is_v4)
    data_rate, inverted = _modulation(info.modulation if is_v4 else info, suffix="" if is_v4 else "_modulation_info")
    sent = Transmission(
        phy_payload=item.phy_payload,
        frequency_hz=info.frequency,
        data_rate=data_rate,
        power_dbm=info.power,
        starts_us=starts_us,
        airtime_us=airtime_us(len(item.phy_payload), data_rate, crc=False),
        inverted=inverted,
    )
    return _Wanted(sent, at_once)


def _timing(info: Any, now_us: int, *, is_v4: bool) -> tuple[int, bool]:
    kind = info.timing.WhichOneof("parameters") if is_v4 else info.WhichOneof("timing_info")
    if kind in {"immediately", "immediately_timing_info"}:
        return now_us, True
    if kind not in {"delay", "delay_timing_info"}:
        raise Unconvertible("no timing, or one by GPS, and there is no GPS")
    if len(info.context) != 4:
        raise Unconvertible("context must be exactly 4 bytes")
    delay = (info.timing.delay if is_v4 else info.delay_timing_info).delay
    count = int.from_bytes(info.context, "big") + delay.seconds * 1_000_000 + delay.nanos // 1000
    return now_us + (count - now_us) % COUNTER, False  # what is past is most of a wrap ahead


def _modulation(told: Any, *, suffix: str) -> tuple[DataRate, bool]:
    kind = told.WhichOneof("modulation_info" if suffix else "parameters")
    match (kind or "").removesuffix(suffix) if suffix else kind:
        case "lora":
            lora = told.lora_modulation_info if suffix else told.lora
            if lora.spreading_factor not in range(5, 13) or lora.bandwidth not in {125_000, 250_000, 500_000}:
                raise Unconvertible("unexpected spreading factor or bandwidth")
            return LoraRate(lora.spreading_factor, lora.bandwidth), lora.polarization_inversion
        case "fsk":
            return FskRate((told.fsk_modulation_info if suffix else told.fsk).datarate), False
        case _:
            raise Unconvertible("no modulation")


def _at(one: Transmission, starts_us: int) -> Transmission:
    return Transmission(
        phy_payload=one.phy_payload,
        frequency_hz=one.frequency_hz,
        data_rate=one.data_rate,
        power_dbm=one.power_dbm,
        starts_us=starts_us,
        airtime_us=one.airtime_us,
        inverted=one.inverted,
    )
