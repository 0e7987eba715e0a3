"""A gateway that ChirpStack's software runs: a Concentratord on real ZeroMQ sockets, an MQTT Forwarder on a real broker.

Both have a concentrator of their own with its own counter, and answer as the real programs do, faults included: a Concentratord of v4.5 or later
that is asked in two parts ends its command loop, one that cannot make a packet of an order answers with nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Final, Self

import zmq
import zmq.asyncio
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.transports.wire import Wire, WiredClient
from simulators.chirpstack_radio import Message, Radio
from simulators.packet_forwarder import Signal

CONNECT_LIMIT_S: Final = 5.0
SUBSCRIPTION: Final = b"\x01"  # to everything, as XPUB (which is PUB that tells of subscriptions) says it


class SimulatedConcentratord:
    """A Concentratord: `async with SimulatedConcentratord(radio, event_url, command_url) as concentratord`.

    ``two_parts``: a release before v4.5. While ``answering`` is cleared it takes one command more and answers it when that is set again.
    """

    def __init__(self, radio: Radio, event_url: str, command_url: str, *, two_parts: bool = False) -> None:
        self.radio = radio
        self.commands: list[list[bytes]] = []
        self._has_subscriber = False
        self.answering = asyncio.Event()
        self.answering.set()
        self._urls = event_url, command_url
        self._two_parts = two_parts

    async def __aenter__(self) -> Self:
        """Bind both sockets and begin to answer."""
        self._context = zmq.asyncio.Context()
        self._events, self._answers = self._context.socket(zmq.XPUB), self._context.socket(zmq.REP)
        self._events.bind(self._urls[0])
        self._answers.bind(self._urls[1])
        self._task = asyncio.create_task(self._answer(), name="concentratord")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop as if killed: nothing that waits is sent."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._context.destroy(linger=0)
        self.radio.close()

    async def send(self, *signals: Signal) -> None:
        """Publish what the radio heard."""
        for signal in signals:
            await self.publish(b"up", self.radio.hear(signal))

    async def tell(self, place: tuple[float, float, float] | None = None) -> None:
        """Publish statistics."""
        await self.publish(b"stats", self.radio.stats(place))

    async def publish(self, word: bytes, message: Message) -> None:
        """Publish a message in this release's shape."""
        if self._two_parts:
            await self.publish_parts(word, message.SerializeToString())
        else:
            name = {b"up": "uplink_frame", b"stats": "gateway_stats", b"mesh": "mesh"}[word]
            await self.publish_parts(gw_pb2.Event(**{name: message}).SerializeToString())

    async def publish_parts(self, *parts: bytes) -> None:
        """Publish any octets, once somebody has subscribed: what is published before that is lost without a word."""
        if not self._has_subscriber:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                while await self._events.recv() != SUBSCRIPTION:
                    continue
            self._has_subscriber = True
        await self._events.send_multipart(parts)

    async def _answer(self) -> None:
        while True:
            if self._two_parts:
                parts = await self._answers.recv_multipart()
            else:  # it reads one part; with another one waiting it cannot answer, and its loop ends
                parts = [await self._answers.recv()]
            self.commands.append(parts)
            await self.answering.wait()  # no limit: until it is stopped
            await self._answers.send(self._reply_in_two_parts(parts) if self._two_parts else self.reply(parts[0]))

    def reply(self, command: bytes) -> bytes:
        """Return what it answers to a command in one part."""
        try:
            said = gw_pb2.Command.FromString(command)
        except DecodeError:
            return b""
        match said.WhichOneof("command"):
            case "get_gateway_id":
                return bytes(gw_pb2.GetGatewayIdResponse(gateway_id=self.radio.gateway).SerializeToString())
            case "send_downlink_frame":
                return self._acknowledged(said.send_downlink_frame)
            case _:
                return b""

    def _reply_in_two_parts(self, parts: list[bytes]) -> bytes:
        match parts:
            case [b"gateway_id", _]:
                return bytes.fromhex(self.radio.gateway)
            case [b"down", body]:
                return self._acknowledged(gw_pb2.DownlinkFrame.FromString(body))
            case _:
                return b""

    def _acknowledged(self, frame: Message) -> bytes:
        ack = self.radio.order(frame)
        return b"" if ack is None else bytes(ack.SerializeToString())


class SimulatedForwarder:
    """An MQTT Forwarder: `async with SimulatedForwarder(radio, port) as forwarder`; its last will says that it is offline."""

    def __init__(
        self, radio: Radio, port: int, *, prefix: str = "eu868", is_json: bool = False, answers: bool = True
    ) -> None:
        self.radio = radio
        self.orders: list[bytes] = []
        self.expiries_s: list[int | None] = []  # for how long the broker would have kept each; None: for ever
        self._port = port
        self._root = f"{prefix}/gateway/{radio.gateway}" if prefix else f"gateway/{radio.gateway}"
        self._is_json = is_json
        self._answers = answers
        self._ready = asyncio.Event()
        self._client = WiredClient(
            CallbackAPIVersion.VERSION2,
            client_id=radio.gateway,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.on_socket_register_write = lambda *_: None
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.will_set(f"{self._root}/state/conn", self._state("OFFLINE"), retain=True)
        self._wire = self._client.wire = Wire(self._came, lambda _: None)

    async def __aenter__(self) -> Self:
        """Connect, subscribe to commands, say that it is online."""
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await asyncio.get_running_loop().create_connection(lambda: self._wire, "127.0.0.1", self._port)
            self._client.connect("127.0.0.1", self._port, 60)
            self._client.flush()
            await self._ready.wait()
        self.publish("state/conn", self._state("ONLINE"), retain=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Lose the connection: the broker tells the last will."""
        self._wire.abort()
        await self._wire.closed.wait()  # no limit: it is aborted
        self.radio.close()

    def send(self, *signals: Signal) -> None:
        """Publish what the radio heard, at QoS 0 as the real one."""
        for signal in signals:
            self.publish("event/up", self._written(self.radio.hear(signal)))

    def tell(self, place: tuple[float, float, float] | None = None) -> None:
        """Publish statistics."""
        self.publish("event/stats", self._written(self.radio.stats(place)))

    def publish(self, kind: str, body: bytes, *, retain: bool = False) -> None:
        """Publish any octets under this gateway's topics."""
        self._client.publish(f"{self._root}/{kind}", body, retain=retain)
        self._client.flush()

    def _on_connect(self, *_: Any) -> None:
        self._client.subscribe(f"{self._root}/command/+")

    def _on_message(self, _client: Any, _: Any, message: MQTTMessage) -> None:
        self.orders.append(bytes(message.payload))
        self.expiries_s.append(getattr(message.properties, "MessageExpiryInterval", None))
        if self._answers and message.topic.endswith("/down"):
            # Not from within paho's call-back: it holds the lock that publishing takes.
            asyncio.get_running_loop().call_soon(partial(self._obey, bytes(message.payload)))

    def _obey(self, body: bytes) -> None:
        frame = gw_pb2.DownlinkFrame()
        if self._is_json:
            json_format.Parse(body, frame)
        else:
            frame.ParseFromString(body)
        ack = self.radio.order(frame)
        if ack is not None and self._wire.connected:
            self.publish("event/ack", self._written(ack))

    def _came(self) -> None:
        self._client.pump()
        self._client.flush()

    def _state(self, state: str) -> bytes:
        return self._written(gw_pb2.ConnState(gateway_id=self.radio.gateway, state=state))

    def _written(self, message: Message) -> bytes:
        return (
            json_format.MessageToJson(message, indent=None).encode()
            if self._is_json
            else bytes(message.SerializeToString())
        )
