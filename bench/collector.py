"""A subscriber that is away while the clock runs: the broker keeps every message for it, and it counts them afterwards.

So no subscriber's work is in the figures, and whether all arrived is still known to the last message.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.floors import Message

LIMIT_S = 30.0
SILENCE_S = 1.0  # after which no more is expected


class Collector:
    """A persistent session (MQTT 5) at a broker on this machine."""

    def __init__(self, port: int, topic: str = "brygga/#") -> None:
        self._port = port
        subscribed = threading.Event()
        client = self._client()
        client.on_subscribe = lambda *_: subscribed.set()

        def subscribe() -> None:
            client.subscribe(topic, qos=1)
            _wait(subscribed)

        self._run(client, subscribe, clean=True)

    def collect(self) -> list[Message]:
        """Return all that came since the last time, in the broker's order, repetitions too."""
        came: queue.SimpleQueue[MQTTMessage] = queue.SimpleQueue()
        found: list[Message] = []
        client = self._client()
        client.on_message = lambda _client, _data, message: came.put(message)

        def drain() -> None:
            try:
                while True:
                    found.append(_message(came.get(timeout=SILENCE_S)))
            except queue.Empty:
                return

        self._run(client, drain, clean=False)
        return found

    def _client(self) -> Client:
        return Client(CallbackAPIVersion.VERSION2, client_id="collector", protocol=MQTTProtocolVersion.MQTTv5)

    def _run(self, client: Client, work: Callable[[], None], *, clean: bool) -> None:
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        kept.SessionExpiryInterval = 3600
        connected = threading.Event()
        client.on_connect = lambda *_: connected.set()
        client.connect("127.0.0.1", self._port, clean_start=clean, properties=kept)
        client.loop_start()
        try:
            _wait(connected)
            work()
        finally:
            client.disconnect()
            client.loop_stop()


def _wait(event: threading.Event) -> None:
    if not event.wait(LIMIT_S):
        raise TimeoutError("mosquitto does not answer")


def _message(message: MQTTMessage) -> Message:
    said: Any = message.properties
    return Message(
        topic=message.topic,
        body=bytes(message.payload),
        content_type=getattr(said, "ContentType", ""),
        user_properties=tuple(tuple(pair) for pair in getattr(said, "UserProperty", ())),
    )
