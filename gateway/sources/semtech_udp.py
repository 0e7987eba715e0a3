"""The source that packet forwarders speak to: Semtech's UDP protocol (GWMP), several gateways at once.

A forwarder sends each datagram once and waits for its PUSH_ACK, so that goes out before anything else is done. The
protocol proves nothing: whoever reaches the port can claim any EUI. So bind to the loopback interface unless forwarders
run elsewhere, and name the gateways that may speak.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.model import Clock, Eui64, Frame, Instant, Json, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.forwarders import Forwarder, Forwarders
from gateway.sources.gwmp import (
    BadDatagram,
    BadDatagramReason,
    PullData,
    PushData,
    TxAck,
    acknowledgement,
    parse,
    sender,
)
from gateway.sources.orders import Orders
from gateway.sources.recent import Recent
from gateway.sources.rxpk import Crc, Received, read_rxpk, read_stat
from gateway.sources.semtech_advice import advice
from gateway.sources.tally import NoteBroken, nobody_notes
from gateway.sources.tap import Tap, Tapped
from gateway.sources.txpk import write_txpk
from gateway.sources.udp import (
    Address,
    Listener,
    bind_udp,
    granted_receive_buffer_bytes,
    in_words,
    is_loopback,
    kernel_drops,
)
from gateway.sources.under_way import UnderWay

RECEIVE_BUFFER_BYTES: Final = 4 << 20  # 6500 small datagrams: half a minute of the busiest concentrator
ANSWER_LIMIT_S: Final = 2.0  # a forwarder answers a PULL_RESP at once; a slow mobile network needs most of a second
MOST_UNDER_WAY: Final = 4096  # frames heard and not yet safe: 20 s of the busiest concentrator while the disk stalls
SHOWN: Final = (
    100  # gateways in the status, those heard last, where anybody can invent one; it goes to each page every 2 s
)
DRAIN_LIMIT_S: Final = 1.0  # for frames under way when the source is stopped: a gathering's window and a commit


class Dropped(StrEnum):
    """Why something was dropped that was well formed; BadDatagramReason names what was not."""

    NOT_ALLOWED = "not_allowed"  # a gateway that is not on the list
    TOO_MANY_GATEWAYS = "too_many_gateways"
    NOT_FOR_SERVERS = "not_for_servers"  # a type that only a server sends
    OVERFLOW = "overflow"  # a frame, while too many others wait for the disk
    LATE_TX_ACK = "late_tx_ack"  # answers a PULL_RESP that nobody waits for
    ACK_NOT_SENT = "ack_not_sent"  # the network did not take our acknowledgement
    UNKNOWN_TX_ERROR = "unknown_tx_error"  # a TX_ACK with an error that the protocol does not have
    NETWORK_ERROR = "network_error"  # the kernel reported one (ICMP)


class SemtechUdp:
    """A `Source` for packet forwarders.

    ``gateways`` are those that may speak; none named: all may. ``crc`` are the `stat` values of packets to hear:
    a packet without CRC is normally another gateway's downlink.
    """

    def __init__(
        self,
        name: str,
        *,
        host: str,
        port: int,
        clock: Clock,
        gateways: frozenset[Eui64] = frozenset(),
        crc: frozenset[Crc] = frozenset({Crc.RIGHT}),
        receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES,
        answer_limit_s: float = ANSWER_LIMIT_S,
        most_under_way: int = MOST_UNDER_WAY,
    ) -> None:
        self._name = name
        self._host, self._port = host, port
        self._clock = clock
        self._gateways = gateways
        self._crc = crc
        self._receive_buffer_bytes = receive_buffer_bytes
        self._most_under_way = most_under_way
        self._counts: Counter[str] = Counter()
        self._dropped = Recent(clock)
        self._forwarders = Forwarders()
        self._orders = Orders(answer_limit_s)
        self._taps: list[Tap] = []
        self.note_broken: NoteBroken = nobody_notes
        self._listener: Listener | None = None
        self._under_way: UnderWay | None = None
        self._listening = asyncio.Event()

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._name

    async def listening(self) -> tuple[str, int]:
        """Return the host and port that are listened on, once they are; the caller sets the limit."""
        await self._listening.wait()
        assert self._listener is not None
        return self._listener.address[:2]

    async def run(self, hear: Hear) -> None:
        """Hear until cancelled; then give the frames that forwarders were acknowledged for a second to get safe.

        Raises ConfigError when the port cannot be had.
        """
        bound = await bind_udp(f"source {self._name!r}", self._host, self._port, self._receive_buffer_bytes)
        async with asyncio.TaskGroup() as group:
            self._under_way = UnderWay(hear, group, self._most_under_way)
            _, listener = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: Listener(bound, self._take, self._network_error), sock=bound
            )
            self._listener = listener
            self._listening.set()
            try:
                await listener.closed.wait()  # no limit: a source listens until it is cancelled
            finally:
                self._listening.clear()
                self._listener = None
                await listener.close()
                await self._under_way.drain(DRAIN_LIMIT_S)
            if listener.error is not None:
                raise listener.error

    def tap(self, tap: Tap) -> None:
        """Tell ``tap`` from now on what each gateway brings, before anything of it is judged."""
        self._taps.append(tap)

    def is_there(self, gateway: Eui64) -> bool:
        """Tell whether a gateway's keep-alives come."""
        forwarder = self._forwarders.get(gateway)
        return forwarder is not None and forwarder.downlink_address(self._clock().monotonic) is not None

    async def transmit(self, request: TxRequest) -> TxResult:
        """Ask the gateway to send, and return what it says within ``answer_limit_s``."""
        said = await self._ask(request.gateway, write_txpk(request))
        result = said if isinstance(said, TxResult) else self._understood(said)
        self._counts[f"transmit_{result}"] += 1
        return result

    async def pass_on(self, gateway: Eui64, txpk: Json) -> TxAck | TxResult:
        """Have a gateway send a network server's txpk as it stands; return what it says within ``answer_limit_s``."""
        said = await self._ask(gateway, txpk)
        self._counts[f"pass_on_{said if isinstance(said, TxResult) else self._understood(said)}"] += 1
        return said

    def status(self) -> Mapping[str, Json]:
        """Return counters, the receive buffer, each gateway's state, and what is wrong in words."""
        listener = self._listener
        buffer = None if listener is None else self._buffer_status(listener.socket)
        dropped = {str(reason): count for reason, count in self._dropped.items()}
        gateways = self._forwarders.status(self._clock().monotonic)
        # Those that source.gateways names are all shown: nobody can invent one.
        shown = gateways if self._gateways else {eui: gateways[eui] for eui in self._forwarders.heard_last(SHOWN)}
        return {
            "listening": None if listener is None else in_words(listener.address),
            "receive_buffer": buffer,
            "under_way": 0 if self._under_way is None else len(self._under_way),
            "counts": dict(self._counts),
            "dropped": dropped,
            "advice": advice(gateways, self._dropped.lately(), buffer),
            "gateways_known": len(gateways),
            "gateways": shown,
        }

    def _buffer_status(self, bound: socket.socket) -> Mapping[str, Json]:
        granted = granted_receive_buffer_bytes(bound)
        more = "raise net.core.rmem_max: systemd/90-brygga.conf" if granted < self._receive_buffer_bytes else None
        return {
            "asked_bytes": self._receive_buffer_bytes,
            "granted_bytes": granted,
            "dropped_by_kernel": kernel_drops(bound),
            "advice": more,
        }

    # ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, datagram: bytes, address: Address) -> None:
        self._counts["datagrams"] += 1
        gateway = sender(datagram)
        if self._gateways and gateway is not None and gateway not in self._gateways:
            self._dropped[Dropped.NOT_ALLOWED] += 1
            return
        answer = acknowledgement(datagram)
        if answer is not None and not self._send(answer, address):
            self._dropped[Dropped.ACK_NOT_SENT] += 1
        try:
            self._understand(datagram, address, self._clock())
        except BadDatagram as error:
            self._dropped[error.reason] += 1

    def _understand(self, datagram: bytes, address: Address, now: Instant) -> None:
        said = parse(datagram)
        if not isinstance(said, PushData | PullData | TxAck):
            self._dropped[Dropped.NOT_FOR_SERVERS] += 1
            return
        forwarder = self._forwarders.meet(said.gateway, address, now.monotonic)
        if forwarder is None:
            self._dropped[Dropped.TOO_MANY_GATEWAYS] += 1
            return
        forwarder.version = said.version
        match said:
            case PushData():
                self._push(said, forwarder, now, datagram)
            case PullData():
                self._counts["pull_data"] += 1
                forwarder.pulled(address, now.monotonic)
                self._tell_taps(Tapped(gateway=said.gateway, at=now, datagram=datagram))
            case TxAck():
                self._counts["tx_ack"] += 1
                self._answered(said)

    def _push(self, said: PushData, forwarder: Forwarder, now: Instant, datagram: bytes) -> None:
        self._counts["push_data"] += 1
        if said.version == 1:
            self._counts["push_data_version_1"] += 1
        heard = [self._read(rxpk, forwarder) for rxpk in said.rxpk]
        frames = [None if one is None else Frame(one.phy_payload, one.receptions, now) for one in heard]
        self._tell_taps(Tapped(gateway=said.gateway, at=now, frames=tuple(frames), datagram=datagram, said=said))
        for received, frame in zip(heard, frames, strict=True):
            if received is not None and frame is not None:
                self._tell(received, frame, forwarder)
        if said.stat is not None:
            self._counts["stat"] += 1
            self.note_broken(said.gateway, forwarder.told(read_stat(said.stat), now.monotonic))

    def _read(self, rxpk: Json, forwarder: Forwarder) -> Received | None:
        forwarder.rxpk += 1
        is_ours = is_loopback(forwarder.address)
        try:
            return read_rxpk(rxpk, gateway=forwarder.gateway, source=self._name, place=forwarder.place, is_ours=is_ours)
        except BadDatagram as error:
            self._dropped[error.reason] += 1
            self.note_broken(forwarder.gateway, forwarder.not_taken(error.reason))
            return None

    def _tell(self, received: Received, frame: Frame, forwarder: Forwarder) -> None:
        if received.crc not in self._crc:
            self._dropped[BadDatagramReason.NO_CRC] += 1
            forwarder.not_taken(BadDatagramReason.NO_CRC)
            return
        assert self._under_way is not None
        if self._under_way.tell(frame):
            self._counts["frames"] += 1
            forwarder.frames += 1
        else:
            self._dropped[Dropped.OVERFLOW] += 1

    def _tell_taps(self, tapped: Tapped) -> None:
        for tap in self._taps:
            tap.take(tapped)

    # ── down ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, gateway: Eui64, txpk: Json) -> TxAck | TxResult:
        forwarder = self._forwarders.get(gateway)
        address = None if forwarder is None else forwarder.downlink_address(self._clock().monotonic)
        if forwarder is None or address is None:
            return TxResult.NOT_CONNECTED
        return await self._orders.give(gateway, forwarder.version, txpk, lambda datagram: self._send(datagram, address))

    def _answered(self, said: TxAck) -> None:
        if not self._orders.answered(said):
            self._dropped[Dropped.LATE_TX_ACK] += 1

    def _understood(self, said: TxAck) -> TxResult:
        if said.result is None:
            self._dropped[Dropped.UNKNOWN_TX_ERROR] += 1
        return said.result or TxResult.NO_ANSWER

    def _send(self, datagram: bytes, address: Address) -> bool:
        return self._listener is not None and self._listener.send(datagram, address)

    def _network_error(self) -> None:
        self._dropped[Dropped.NETWORK_ERROR] += 1
