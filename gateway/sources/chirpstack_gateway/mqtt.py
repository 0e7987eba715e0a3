"""The source behind a broker: what ChirpStack's MQTT Forwarder and Gateway Bridge publish of their gateways, and their downlinks.

What is published while there is no connection is lost, and on purpose: a frame out of a broker's store comes too late to be answered,
and nobody could say when it was heard. So the broker keeps no session of ours.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from gateway.model import Clock, Eui64, Frame, Json, TxRequest, TxResult, Verdict
from gateway.sources import Hear
from gateway.sources.chirpstack_gateway import protobuf, words
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.order import read_number, read_result, worth_s, write_order
from gateway.sources.chirpstack_gateway.orders import Orders
from gateway.sources.chirpstack_gateway.reading import Crc, named_gateway, read_online, read_stats, read_uplink
from gateway.sources.chirpstack_gateway.stations import Station, Stations
from gateway.sources.chirpstack_gateway.topics import Kind, Topics
from gateway.sources.recent import Recent
from gateway.sources.settings import ChirpstackMqttSettings
from gateway.sources.tally import NoteBroken, nobody_notes
from gateway.sources.tap import Tap, Tapped
from gateway.transports import Message
from gateway.transports.reasons import NO_SUBSCRIBERS
from gateway.transports.subscription import Subscription

ANSWER_LIMIT_S: Final = 2.0  # a gateway answers at once; a slow mobile network needs most of a second
MOST_UNDER_WAY: Final = 4096  # messages taken and not yet safe: 20 s of the busiest concentrator while the disk stalls
DRAIN_LIMIT_S: Final = 1.0  # for frames under way when the source is stopped: a gathering's window and a commit
QUIET_S: Final = 120.0  # gateways tell their statistics every 30 s: after this long without a word the topics are wrong
PROTOBUF_OF: Final = {
    Kind.UP: "UplinkFrame",
    Kind.STATS: "GatewayStats",
    Kind.ACK: "DownlinkTxAck",
    Kind.CONNECTION: "ConnState",
}


class Dropped(StrEnum):
    """Why something was dropped that was well formed; BadEventReason names what was not."""

    TOPIC = "topic"  # under our filters, and none of a gateway's
    NOT_ALLOWED = "not_allowed"  # a gateway that is not on the list
    TOO_MANY_GATEWAYS = "too_many_gateways"
    RETAINED = "retained"  # an event that the broker kept: nobody knows how old it is
    LATE_ACK = "late_ack"  # answers an order that nobody waits for: another server's, or one that was given up


class ChirpstackMqtt:
    """A `Source` for gateways behind a broker; none named: all under the prefix may speak."""

    def __init__(
        self, settings: ChirpstackMqttSettings, clock: Clock, *, answer_limit_s: float = ANSWER_LIMIT_S
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._answer_limit_s = answer_limit_s
        self._topics = Topics(settings.prefix)
        self._subscription = Subscription(
            settings.broker, self._topics.filters(settings.gateways), most_under_way=MOST_UNDER_WAY
        )
        self._counts: Counter[str] = Counter()
        self._dropped = Recent(clock)
        self._stations = Stations()
        self._orders = Orders()
        self._taps: list[Tap] = []
        self.note_broken: NoteBroken = nobody_notes
        self._hearing: set[asyncio.Task[None]] = set()
        self._heard_at = clock().monotonic  # when anything came last

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    def tap(self, tap: Tap) -> None:
        """Tell ``tap`` from now on what each gateway brings, before anything of it is judged."""
        self._taps.append(tap)

    async def listening(self) -> str:
        """Return the broker's address, once it is subscribed to; the caller sets the limit."""
        await self._subscription.connected()
        return str(self._settings.broker.endpoint)

    async def run(self, hear: Hear) -> None:
        """Hear until cancelled, whether the broker is there or not; then give frames under way a second to get safe."""
        async with asyncio.TaskGroup() as group:

            async def take(message: Message) -> None:
                frame = self._understood(message)
                if frame is not None:
                    await self._safe(group.create_task(_heard(hear, frame), name="hear a frame"))

            subscription = group.create_task(self._subscription.run(take), name=f"subscription of {self.name}")
            try:
                await asyncio.wait((subscription,))  # no limit: a source listens until it is cancelled
            finally:
                subscription.cancel()
                if self._hearing:
                    await asyncio.wait(self._hearing, timeout=DRAIN_LIMIT_S)

    async def transmit(self, request: TxRequest) -> TxResult:
        """Order a gateway to send, and return what it says within two seconds."""
        try:
            async with asyncio.timeout(self._answer_limit_s):
                result = await self._ask(request)
        except TimeoutError:
            result = TxResult.NO_ANSWER
        self._counts[f"transmit_{result}"] += 1
        return result

    def status(self) -> Mapping[str, Json]:
        """Return the connection, counters, each gateway's state, and what is wrong in words."""
        return {
            "listening": str(self._settings.broker.endpoint) if self._is_connected() else None,
            "broker": self._subscription.status(),
            "under_way": len(self._hearing),
            "counts": dict(self._counts),
            "dropped": {str(reason): count for reason, count in self._dropped.items()},
            "advice": [*self._advice()],
            "gateways": self._stations.status(self._clock().monotonic),
        }

    # ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _understood(self, message: Message) -> Frame | None:
        """Take what a gateway says; return the frame, if it is one."""
        found = self._topics.read(message.topic)
        if found is None:
            self._dropped[Dropped.TOPIC] += 1
            return None
        gateway, kind = found
        if self._settings.gateways and gateway not in self._settings.gateways:
            self._dropped[Dropped.NOT_ALLOWED] += 1
            return None
        if message.is_retained and kind is not Kind.CONNECTION:
            self._dropped[Dropped.RETAINED] += 1
            return None
        self._counts[kind.name.lower()] += 1
        try:
            return self._said(gateway, kind, message.body)
        except BadEvent as error:
            self._dropped[error.reason] += 1
            if (station := self._stations.get(gateway)) is not None:
                self.note_broken(gateway, station.not_taken(error.reason))
            return None

    def _said(self, gateway: Eui64, kind: Kind, body: bytes) -> Frame | None:
        said = _read(kind, body)
        if kind is not Kind.UP and named_gateway(said) not in {None, gateway}:
            raise BadEvent(BadEventReason.GATEWAY)
        now = self._clock()
        station = self._stations.meet(gateway, now.monotonic)
        if station is None:
            self._dropped[Dropped.TOO_MANY_GATEWAYS] += 1
            return None
        self._heard_at = now.monotonic
        if kind is not Kind.CONNECTION:
            station.spoke()
        match kind:
            case Kind.UP:
                return self._up(station, said, is_json=words.is_json(body))
            case Kind.STATS:
                self.note_broken(gateway, station.told(read_stats(said), now.monotonic))
            case Kind.ACK:
                self._acknowledged(gateway, said)
            case Kind.CONNECTION:
                station.is_online = read_online(said)
        return None

    def _up(self, station: Station, said: Mapping[str, Json], *, is_json: bool) -> Frame | None:
        heard = read_uplink(said, gateway=station.gateway, source=self.name, place=station.place)
        station.heard(heard, is_json=is_json)
        frame = Frame(heard.phy_payload, (heard.reception,), self._clock())
        for tap in self._taps:
            tap.take(Tapped(gateway=station.gateway, at=frame.heard_at, frames=(frame,)))
        if heard.crc is not Crc.RIGHT:
            raise BadEvent(BadEventReason.NO_CRC)
        self._counts["frames"] += 1
        return frame

    async def _safe(self, hearing: asyncio.Task[None]) -> None:
        """Return when a frame is safe. A connection that ends does not end the hearing of it."""
        self._hearing.add(hearing)
        hearing.add_done_callback(self._hearing.discard)
        await asyncio.shield(hearing)

    # ── down ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, request: TxRequest) -> TxResult:
        station = self._stations.get(request.gateway)
        if station is None or not station.can_transmit:
            return TxResult.NOT_CONNECTED
        with self._orders.one(request.gateway) as (number, answer):
            # A forwarder that keeps its session gets what was ordered while it was away: on air, long after its time, in class C.
            published = await self._subscription.publish(
                self._topics.down(request.gateway),
                write_order(request, number, station.dialect),
                expires_s=worth_s(request),
            )
            if published.verdict in {Verdict.LATER, Verdict.REFUSED} or published.status == NO_SUBSCRIBERS:
                self._counts[f"publish_{published.status or published.verdict}"] += 1
                return TxResult.NOT_CONNECTED  # nobody has it: another gateway may be asked
            return await answer

    def _acknowledged(self, gateway: Eui64, said: Mapping[str, Json]) -> None:
        if not self._orders.answered(gateway, read_number(said), read_result(said)):
            self._dropped[Dropped.LATE_ACK] += 1

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _is_connected(self) -> bool:
        return bool(self._subscription.status()["connected"])

    def _advice(self) -> Iterator[str]:
        broker = self._subscription.status()
        if not broker["connected"]:
            yield f"no connection to the broker: {broker['last_error'] or 'not tried yet'}"
        elif self._clock().monotonic - self._heard_at > QUIET_S:
            yield (
                f"nothing has come under {self._topics.root}… for {QUIET_S:g} s, and gateways tell their statistics every 30 s: "
                "is `prefix` the `topic_prefix` of the gateways' forwarder, and do they reach this broker?"
            )
        yield from broker["notes"]
        yield from _dropped_in_words(self._dropped.lately())
        for station in self._stations:
            yield from station.advice()


async def _heard(hear: Hear, frame: Frame) -> None:
    await hear(frame)


def _read(kind: Kind, body: bytes) -> dict[str, Json]:
    if not body:
        raise BadEvent(BadEventReason.EMPTY)
    return words.read(body) if words.is_json(body) else protobuf.read(PROTOBUF_OF[kind], body)


DROPPED_IN_WORDS: Final = {
    Dropped.NOT_ALLOWED: "messages came from gateways that are not in `gateways`: name them there if they are yours",
    Dropped.TOO_MANY_GATEWAYS: "messages came from more gateways than are kept apart; name yours in `gateways`",
    BadEventReason.PROTOBUF: "messages are neither protobuf nor JSON: does another program publish under this prefix?",
    BadEventReason.LR_FHSS: "frames are LR-FHSS, which is not understood yet; they are dropped",
    BadEventReason.GATEWAY: "messages name another gateway than their topic: two gateways with one configuration?",
}


def _dropped_in_words(dropped: Mapping[str, int]) -> Iterator[str]:
    for reason, meaning in DROPPED_IN_WORDS.items():
        if count := dropped.get(reason, 0):
            yield f"in the last hour {count} {meaning}"
