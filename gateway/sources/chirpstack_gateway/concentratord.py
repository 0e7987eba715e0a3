"""The source on ChirpStack Concentratord: its events are heard, its command socket sends.

Two shapes of its messages are about. From v4.5 on an event and a command are each one part, a `gw.Event` and a `gw.Command`; before, each had two:
a word ("up", "stats", "down", "gateway_id") and the message itself. Which one a Concentratord takes is asked in the newer shape first:
an older one answers that with nothing, but a newer one that is asked in two parts ends.

PUB keeps nothing for who is away: what the radio hears between two connections is lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

import zmq.asyncio

from gateway.model import Clock, Eui64, Frame, Json, Place, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.chirpstack_gateway import protobuf
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.order import Dialect, order, read_result, write_order
from gateway.sources.chirpstack_gateway.reading import Crc, named_gateway, read_stats, read_uplink
from gateway.sources.chirpstack_gateway.scalars import eui
from gateway.sources.chirpstack_gateway.sockets import Commands, Events, NoReply, NotTaken, is_local, trouble
from gateway.sources.chirpstack_gateway.stations import Stations
from gateway.sources.recent import REMEMBERED_S, Recent
from gateway.sources.settings import ConcentratordSettings
from gateway.sources.tally import NoteBroken, nobody_notes
from gateway.sources.tap import Tap, Tapped
from gateway.sources.under_way import UnderWay
from gateway.transports.jitter import pause_s

ANSWER_LIMIT_S: Final = (
    1.0  # it answers within a turn of its loop, 0.1 s; a busy box needs longer, RX2 comes 1 s after RX1
)
MOST_UNDER_WAY: Final = 4096  # frames heard and not yet safe: 20 s of the busiest concentrator while the disk stalls
DRAIN_LIMIT_S: Final = 1.0  # for frames under way when the source is stopped: a gathering's window and a commit
QUIET_S: Final = 120.0  # it tells its statistics every 30 s
LONGEST_PAUSE_S: Final = 10.0  # between two questions who it is


class Shape(StrEnum):
    """How a Concentratord's messages are put into ZeroMQ's."""

    ONE_PART = "one part (v4.5 and later)"
    TWO_PARTS = "two parts (before v4.5)"


class Dropped(StrEnum):
    """Why something was dropped that was well formed; BadEventReason names what was not."""

    OVERFLOW = "overflow"  # a frame, while too many others wait for the disk
    TOPIC = "topic"  # an event whose word we do not know
    MESH = "mesh"  # about relays of a Gateway Mesh; their uplinks come as any other
    TOO_MANY_GATEWAYS = "too_many_gateways"


class Concentratord:
    """A `Source` on one Concentratord, which is one gateway."""

    def __init__(
        self, settings: ConcentratordSettings, clock: Clock, *, answer_limit_s: float = ANSWER_LIMIT_S
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._answer_limit_s = answer_limit_s
        self._counts: Counter[str] = Counter()
        self._dropped = Recent(clock)
        self._stations = Stations()
        self._taps: list[Tap] = []
        self.note_broken: NoteBroken = nobody_notes
        self._commands: Commands | None = None
        self._under_way: UnderWay | None = None
        self._connected = asyncio.Event()
        self._is_new = asyncio.Event()  # the connection: who is at its other end has to be asked
        self._shape: Shape | None = None  # None: it has not said who it is since it was connected
        self._gateway: Eui64 | None = None
        self._place: Place | None = None
        self._lost_at: float | None = None
        self._number = 0
        self._heard_at = clock().monotonic

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    def tap(self, tap: Tap) -> None:
        """Tell ``tap`` from now on what the gateway brings, before anything of it is judged."""
        self._taps.append(tap)

    async def listening(self) -> str:
        """Return the address of its events, once it is connected to; the caller sets the limit."""
        await self._connected.wait()
        return self._settings.event_url

    async def run(self, hear: Hear) -> None:
        """Hear until cancelled, whether it is there or not; then give frames under way a second to get safe.

        Raises ConfigError for an address that cannot be.
        """
        context = zmq.asyncio.Context()
        try:
            events = Events(context, self._settings.event_url, f"source {self.name!r}")
            self._commands = Commands(context, self._settings.command_url, self._answer_limit_s)
            async with asyncio.TaskGroup() as group:
                self._under_way = UnderWay(hear, group, MOST_UNDER_WAY)
                tasks = [
                    group.create_task(self._listen(events), name=f"events of {self.name}"),
                    group.create_task(events.watch(self._changed), name=f"connection of {self.name}"),
                    group.create_task(self._identify(self._commands), name=f"identity of {self.name}"),
                ]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)  # no limit: until it is cancelled
                finally:
                    for task in tasks:
                        task.cancel()
                    await self._under_way.drain(DRAIN_LIMIT_S)
        finally:
            self._connected.clear()
            if self._commands is not None:  # downlinks may wait for their turn: the network ends after its sources
                self._commands.end()
            self._commands = None
            context.destroy(linger=0)

    async def transmit(self, request: TxRequest) -> TxResult:
        """Order it to send, and return what it says; one after the other, within three seconds each."""
        try:
            result = await self._ask(request)
        except NotTaken:
            result = TxResult.NOT_CONNECTED
        except (NoReply, BadEvent):  # a reply that cannot be read may mean anything
            result = TxResult.NO_ANSWER
        self._counts[f"transmit_{result}"] += 1
        return result

    def status(self) -> Mapping[str, Json]:
        """Return the connection, counters, the gateway's state, and what is wrong in words."""
        return {
            "listening": self._settings.event_url if self._connected.is_set() else None,
            "state": "listens" if self._connected.is_set() else "away",
            "gateway": self._gateway,
            "speaks": None if self._shape is None else str(self._shape),
            "under_way": 0 if self._under_way is None else len(self._under_way),
            "counts": dict(self._counts),
            "dropped": {str(reason): count for reason, count in self._dropped.items()},
            "advice": [*self._advice()],
            "gateways": self._stations.status(self._clock().monotonic),
        }

    # ── the connection ──────────────────────────────────────────────────────────────────────────────────────────

    def _changed(self, is_connected: bool) -> None:  # noqa: FBT001 - of a call-back
        self._shape = None  # it may be another release, or another gateway, than before
        if is_connected:
            self._counts["connects"] += 1
            self._heard_at = self._clock().monotonic
            self._connected.set()
            self._is_new.set()
        else:
            self._counts["lost"] += 1
            self._lost_at = self._clock().monotonic
            self._connected.clear()

    async def _identify(self, commands: Commands) -> None:
        """Ask who it is at each connection, until it answers."""
        while True:
            await self._is_new.wait()
            self._is_new.clear()
            tries = 0
            while self._connected.is_set() and self._shape is None:
                try:
                    self._gateway, self._shape = await _who(commands)
                except (NotTaken, NoReply, BadEvent):
                    self._counts["unanswered"] += 1
                    tries += 1
                    await asyncio.sleep(pause_s(tries, LONGEST_PAUSE_S))

    # ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _listen(self, events: Events) -> None:
        while True:
            parts = await events.next()
            self._counts["events"] += 1
            try:
                self._understand(parts)
            except BadEvent as error:
                self._bad(error.reason)

    def _understand(self, parts: Sequence[bytes]) -> None:
        self._heard_at = self._clock().monotonic
        match parts:
            case [body]:
                event = protobuf.read("Event", body)
            case [b"up", body]:
                event = {"uplink_frame": protobuf.read("UplinkFrame", body)}
            case [b"stats", body]:
                event = {"gateway_stats": protobuf.read("GatewayStats", body)}
            case [_, _]:
                self._dropped[Dropped.TOPIC] += 1
                return
            case _:
                raise BadEvent(BadEventReason.SHAPE)
        self._take(event)

    def _bad(self, reason: BadEventReason) -> None:
        self._dropped[reason] += 1
        if self._gateway is not None and (station := self._stations.get(self._gateway)) is not None:
            self.note_broken(station.gateway, station.not_taken(reason))

    def _take(self, event: Mapping[str, Json]) -> None:
        match event:
            case {"uplink_frame": said}:
                self._up(said)
            case {"gateway_stats": said}:
                self._told(said)
            case {"mesh": _}:
                self._dropped[Dropped.MESH] += 1
            case _:
                raise BadEvent(BadEventReason.EMPTY)

    def _up(self, said: Mapping[str, Json]) -> None:
        now = self._clock()
        is_ours = is_local(self._settings.event_url)
        heard = read_uplink(said, gateway=None, source=self.name, place=self._place, is_ours=is_ours)
        station = self._stations.meet(heard.reception.gateway, now.monotonic)
        if station is None:
            self._dropped[Dropped.TOO_MANY_GATEWAYS] += 1
            return
        station.heard(heard, is_json=False)
        frame = Frame(heard.phy_payload, (heard.reception,), now)
        for tap in self._taps:
            tap.take(Tapped(gateway=station.gateway, at=now, frames=(frame,)))
        if heard.crc is not Crc.RIGHT:
            raise BadEvent(BadEventReason.NO_CRC)
        assert self._under_way is not None
        if self._under_way.tell(frame):
            self._counts["frames"] += 1
        else:
            self._dropped[Dropped.OVERFLOW] += 1

    def _told(self, said: Mapping[str, Json]) -> None:
        self._counts["stats"] += 1
        gateway, now = named_gateway(said) or self._gateway, self._clock().monotonic
        if gateway is None:
            raise BadEvent(BadEventReason.GATEWAY)
        station = self._stations.meet(gateway, now)
        if station is not None:
            self.note_broken(gateway, station.told(read_stats(said), now))
            self._place = station.place

    # ── down ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, request: TxRequest) -> TxResult:
        if self._commands is None or self._shape is None or request.gateway != self._gateway:
            return TxResult.NOT_CONNECTED
        self._number = self._number % 0xFFFF + 1
        if self._shape is Shape.ONE_PART:
            parts = [protobuf.write("Command", {"send_downlink_frame": order(request, self._number)})]
        else:
            station = self._stations.get(request.gateway)
            dialect = Dialect() if station is None else station.dialect
            parts = [b"down", write_order(request, self._number, dialect)]
        reply = await self._commands.ask(*parts)
        if not reply:  # what it cannot read it answers with nothing, and says why in its log
            return TxResult.INTERNAL_ERROR
        return read_result(protobuf.read("DownlinkTxAck", reply))

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _advice(self) -> Iterator[str]:
        if not self._connected.is_set():
            yield f"no connection to Concentratord: {trouble(self._settings.event_url, 'event_bind')}"
        elif self._shape is None and self._counts["unanswered"]:
            where = trouble(self._settings.command_url, "command_bind")
            yield f"it is heard and answers no commands, so nothing can be sent: {where}"
        elif self._clock().monotonic - self._heard_at > QUIET_S:
            yield f"it is connected and has said nothing for {QUIET_S:g} s, not even its statistics: is its radio running?"
        if self._lost_at is not None and self._clock().monotonic - self._lost_at < REMEMBERED_S:
            yield "the connection was lost within the last hour; what the radio heard until it was back is lost, too"
        if lost := self._dropped.lately().get(Dropped.OVERFLOW, 0):
            yield f"in the last hour {lost} frames were lost because the disk was too slow"
        for station in self._stations:
            yield from station.advice()


async def _who(commands: Commands) -> tuple[Eui64, Shape]:
    """Ask a Concentratord for its EUI, and learn which shape it understands; raises as `Commands.ask`, and BadEvent."""
    reply, shape = await commands.ask(protobuf.write("Command", {"get_gateway_id": {}})), Shape.ONE_PART
    if reply:
        gateway = eui(protobuf.read("GetGatewayIdResponse", reply).get("gateway_id"))
    else:
        gateway, shape = eui(await commands.ask(b"gateway_id", b"")), Shape.TWO_PARTS
    if gateway is None:
        raise BadEvent(BadEventReason.GATEWAY)
    return gateway, shape
