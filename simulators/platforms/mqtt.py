"""A city's platform behind a broker: a subscriber that checks what it gets, and the broker of the demo.

The real mosquitto is in `simulators.platforms.mosquitto`, a broker that misbehaves on demand in `scripted_broker`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.transports.wire import Wire, WiredClient
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.ports import free_tcp_port

__all__ = ["EmbeddedBroker", "Mosquitto", "MosquittoSettings", "Received", "Subscriber", "well_formed"]

CONNECT_LIMIT_S: Final = 5.0
RETRY_PAUSE_S: Final = 0.2
SESSION_S: Final = 3600  # a broker with persistence keeps what comes while the subscriber is away


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as it came."""

    topic: str
    payload: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # user properties
    retained: bool = False


Check = Callable[[Received], str]
"""Return what is wrong with a message, "" for nothing."""


def well_formed(received: Received) -> str:
    """Check that the payload is what its content type says."""
    kind = received.content_type.split(";")[0].strip()
    try:
        if kind.endswith(("json", "+json")):
            json.loads(received.payload)
        elif kind.endswith(("cbor", "+cbor")):
            cbor2.loads(received.payload)
    except (ValueError, cbor2.CBORDecodeError) as error:
        return f"{received.topic}: no {kind}: {error}"
    return ""


class Subscriber:
    """Subscribe for as long as `run` lasts, connect again after each loss, and keep what comes."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        topics: Sequence[str] = ("#",),
        check: Check = well_formed,
        login: tuple[str, str] | None = None,
        mqtt5: bool = True,
        client_id: str = "city",
    ) -> None:
        self._host = host
        self._port = port
        self._topics = topics
        self._check = check
        self._login = login
        self._mqtt5 = mqtt5
        self._client_id = client_id
        self._lost = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self.subscribed = asyncio.Event()  # set while the broker would send us something
        self.received: list[Received] = []
        self.problems: list[str] = []

    async def run(self) -> None:
        """Listen until cancelled; a broker that is away is asked again and again."""
        while True:
            with contextlib.suppress(OSError):  # away: that is what it is asked again for
                await self._listen()
            await asyncio.sleep(RETRY_PAUSE_S)

    async def wait_for(self, count: int, limit_s: float) -> Sequence[Received]:
        """Return what came as soon as it is ``count`` messages; TimeoutError after ``limit_s``."""
        if len(self.received) < count:
            there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((count, there))
            async with asyncio.timeout(limit_s):
                await there
        return self.received

    def repeated(self) -> int:
        """Return how many messages were the same as one before (topic and payload)."""
        seen = Counter((one.topic, one.payload) for one in self.received)
        return sum(seen.values()) - len(seen)

    async def _listen(self) -> None:
        self._lost.clear()
        client = self._client()
        wire = client.wire = Wire(lambda: self._came(client), lambda _: self._lost.set())
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await asyncio.get_running_loop().create_connection(lambda: wire, self._host, self._port)
                client.connect(self._host, self._port, 0, **self._session())
                client.flush()
                await self.subscribed.wait()
            await self._lost.wait()  # no limit: a simulated city listens for as long as it is there
        finally:
            self.subscribed.clear()
            wire.abort()

    def _client(self) -> WiredClient:
        client = WiredClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=None if self._mqtt5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if self._mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.on_socket_register_write = lambda *_: None
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self.subscribed.set()
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        if self._login is not None:
            client.username_pw_set(*self._login)
        return client

    def _session(self) -> dict[str, Any]:
        if not self._mqtt5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.SessionExpiryInterval = SESSION_S
        return {"clean_start": False, "properties": properties}

    def _came(self, client: WiredClient) -> None:
        client.pump()
        client.flush()

    def _on_connect(
        self, client: Client, _: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.problems.append(f"the broker did not let the subscriber in: {reason}")
            return
        for topic in self._topics:
            client.subscribe(topic, qos=1)

    def _on_disconnect(
        self, _client: Client, _: Any, _flags: DisconnectFlags, _reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._lost.set()

    def _on_message(self, _client: Client, _: Any, message: MQTTMessage) -> None:
        properties = message.properties
        received = Received(
            topic=message.topic,
            payload=bytes(message.payload),
            content_type=getattr(properties, "ContentType", ""),
            headers=dict(getattr(properties, "UserProperty", [])),
            retained=message.retain,
        )
        self.received.append(received)
        if complaint := self._check(received):
            self.problems.append(complaint)
        for count, there in self._waiting:
            if len(self.received) >= count and not there.done():
                there.set_result(None)


class EmbeddedBroker:
    """A broker in this process, for the demo: amqtt, which speaks MQTT 3.1.1 and no MQTT 5."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_tcp_port()
        self._broker: Any = None

    async def start(self) -> None:
        """Listen; the port stays the same from start to start."""
        # The demo's own package: an agent on a gateway has none of it.
        from amqtt.broker import Broker  # type: ignore[import-untyped]  # it ships without types

        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}}
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        self._broker = Broker({"listeners": listeners, "plugins": plugins})
        await self._broker.start()

    async def stop(self) -> None:
        """Close the port and all connections."""
        broker, self._broker = self._broker, None
        if broker is not None:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await broker.shutdown()
