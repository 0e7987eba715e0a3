"""The radio of a gateway that ChirpStack's software runs: a concentrator with its own counter, in ChirpStack's messages.

They are the ones that `chirpstack-api` has, so that the agent's reading and writing meets other people's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed

from gateway.model import Eui64, FskRate
from simulators.chirpstack_queue import JitQueue, Unconvertible
from simulators.concentrator import Transmission
from simulators.packet_forwarder import Signal

CRC: Final = {1: gw_pb2.CRC_OK, 0: gw_pb2.NO_CRC, -1: gw_pb2.BAD_CRC}

Deliver = Callable[[Transmission], None]
Message = Any  # of chirpstack-api, which has no types


class Radio:
    """A concentrator: what it hears becomes an UplinkFrame, what it is ordered it sends. ``speed`` as of `PacketForwarder`."""

    def __init__(
        self,
        gateway: Eui64,
        *,
        deliver: Deliver = lambda _: None,
        queue: JitQueue | None = None,
        speed: float = 1.0,
        counter_start_us: int = 0,
        v3: bool = False,
    ) -> None:
        self.gateway = gateway
        self.counts: Counter[str] = Counter()
        self.sent: list[Transmission] = []  # what it was told and took, in the order of that
        self._deliver = deliver
        self._queue = queue or JitQueue()
        self._speed = speed
        self._counter_start_us = counter_start_us
        self._v3 = v3
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._timers: set[asyncio.TimerHandle] = set()
        self._uplinks = 0

    def now_us(self) -> int:
        """Return the counter as if it did not wrap."""
        return self._counter_start_us + int((self._loop.time() - self._started) * self._speed * 1e6)

    def hear(self, signal: Signal) -> Message:
        """Return the UplinkFrame of a packet."""
        self._uplinks += 1
        counter = self.now_us() if signal.timestamp_us is None else signal.timestamp_us
        context = (counter & 0xFFFF_FFFF).to_bytes(4, "big")
        frame = gw_pb2.UplinkFrame(phy_payload=signal.phy_payload)
        (self._describe_v3 if self._v3 else self._describe)(frame, signal, context)
        return frame

    def order(self, frame: Message) -> Message | None:
        """Take a DownlinkFrame: its first possible item; return the DownlinkTxAck, None where the real one has no answer."""
        ack = gw_pb2.DownlinkTxAck(downlink_id=frame.downlink_id, downlink_id_legacy=frame.downlink_id_legacy)
        if self._v3:
            ack.gateway_id_legacy = bytes.fromhex(self.gateway)
        else:
            ack.gateway_id = self.gateway
        statuses = [gw_pb2.IGNORED] * len(frame.items)
        for place, item in enumerate(frame.items):
            try:
                statuses[place], sent = self._queue.offer(item, self.now_us())
            except Unconvertible as error:
                self.counts[f"unconvertible: {error}"] += 1
                return None
            self.counts[gw_pb2.TxAckStatus.Name(statuses[place])] += 1
            if sent is not None:
                self._schedule(sent)
                break
        ack.items.extend(gw_pb2.DownlinkTxAckItem(status=status) for status in statuses)
        return ack

    def stats(self, place: tuple[float, float, float] | None = None) -> Message:
        """Return a GatewayStats."""
        stats = gw_pb2.GatewayStats(
            rx_packets_received=self._uplinks, rx_packets_received_ok=self._uplinks, tx_packets_emitted=len(self.sent)
        )
        stats.time.GetCurrentTime()
        if self._v3:
            stats.gateway_id_legacy = bytes.fromhex(self.gateway)
        else:
            stats.gateway_id = self.gateway
        if place is not None:
            stats.location.latitude, stats.location.longitude, stats.location.altitude = place
        return stats

    def close(self) -> None:
        """Fall silent."""
        for timer in self._timers:
            timer.cancel()

    def _schedule(self, sent: Transmission) -> None:
        self.sent.append(sent)
        ends_in_s = (sent.ends_us - self.now_us()) / 1e6 / self._speed

        def end() -> None:
            self._timers.discard(timer)
            self._deliver(sent)

        timer = self._loop.call_later(ends_in_s, end)
        self._timers.add(timer)

    def _describe(self, frame: Message, signal: Signal, context: bytes) -> None:
        tx, rx = frame.tx_info, frame.rx_info
        tx.frequency = signal.frequency_hz
        if isinstance(signal.data_rate, FskRate):
            tx.modulation.fsk.datarate = signal.data_rate.bit_rate
        else:
            lora = tx.modulation.lora
            lora.bandwidth, lora.spreading_factor = signal.data_rate.bandwidth_hz, signal.data_rate.spreading_factor
            lora.code_rate = gw_pb2.CR_4_5
        rx.gateway_id, rx.uplink_id, rx.context = self.gateway, self._uplinks, context
        rx.rssi, rx.snr, rx.channel, rx.antenna = (
            round(signal.rssi_dbm),
            signal.snr_db or 0.0,
            signal.channel,
            signal.antenna,
        )
        rx.crc_status = CRC[signal.crc]
        if signal.gateway_time is not None:
            rx.gw_time.FromDatetime(signal.gateway_time)

    def _describe_v3(self, frame: Message, signal: Signal, context: bytes) -> None:
        tx, rx = frame.tx_info_legacy, frame.rx_info_legacy
        tx.frequency = signal.frequency_hz
        assert not isinstance(signal.data_rate, FskRate)
        lora = tx.lora_modulation_info
        lora.bandwidth, lora.spreading_factor = signal.data_rate.bandwidth_hz, signal.data_rate.spreading_factor
        lora.code_rate_legacy = "4/5"
        rx.gateway_id, rx.context, rx.uplink_id = bytes.fromhex(self.gateway), context, bytes(16)
        rx.rssi, rx.lora_snr, rx.channel = round(signal.rssi_dbm), signal.snr_db or 0.0, signal.channel
        rx.crc_status = CRC[signal.crc]
