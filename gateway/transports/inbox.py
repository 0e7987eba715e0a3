"""What a broker sends us over one connection: subscribed once, given on one at a time, acknowledged when it is safe.

An acknowledgement (PUBACK) is a promise: it goes out after whoever takes the message has it on disk. What was not
acknowledged when the connection ends, the broker sends again over the next one, for the session outlives both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.transports import Message
from gateway.transports.broker import Broker, any_of
from gateway.transports.reasons import subscribe_words

QOS: Final = 1
HELD_ABOVE: Final = 1000  # messages that wait: what is sent at QoS 0, or by MQTT 3.1.1, has no Receive Maximum
SESSION_S: Final = 7 * 86_400  # so long the broker keeps what comes while this gateway is away


class Inbox:
    """The messages of one connection."""

    def __init__(self, topics: Sequence[str], client: Client, *, v5: bool) -> None:
        """``topics`` are filters, wildcards allowed; the client must be one that acknowledges by hand."""
        self._topics = tuple(topics)
        self._is_ours = any_of(self._topics)
        self._client = client
        self._v5 = v5
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._answered = asyncio.Event()
        self._is_over = False
        self.hold: Callable[[bool], None] = lambda _: None  # told whether nothing more is to be read for now
        self._is_held = False
        self._is_taken = False  # somebody takes messages: before, holding them back could keep back what he waits for
        self.refused = ""  # why the broker does not let us subscribe, in words
        self.best_effort = False  # it grants QoS 0 only: what comes while we are away is lost
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe

    def subscribe(self) -> None:
        """Ask for the messages; again on each connection, which changes nothing where the session still knows."""
        # Of what is retained only what is new to this session, and marked as such; nothing of our own.
        options = SubscribeOptions(qos=QOS, noLocal=True, retainAsPublished=True, retainHandling=1)
        if self._v5:
            self._client.subscribe([(topic, options) for topic in self._topics])
        else:
            self._client.subscribe([(topic, QOS) for topic in self._topics])

    async def subscribed(self) -> None:
        """Return when the broker has answered, or the connection has ended; the caller limits the wait."""
        await self._answered.wait()

    async def next(self) -> Message | None:
        """Return the next message; None when the connection has ended.

        Has no limit: most days nobody commands anything.
        """
        self._is_taken = True
        message = await self._messages.get()
        while self._is_over and message is not None and message.number:  # it comes again, in its order
            message = await self._messages.get()
        if self._is_held and self._messages.qsize() <= HELD_ABOVE // 2:
            self._is_held = False
            self.hold(False)
        return message

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message is safe; the caller flushes. Of one at QoS 0 nothing is told."""
        if message.number:
            self._client.ack(message.number, QOS)

    def end(self) -> None:
        """Let whoever waits go: nothing more will come."""
        self._is_over = True
        self._answered.set()
        self._messages.put_nowait(None)

    # ── what paho calls ──

    def _on_message(self, _client: Client, _: Any, message: MQTTMessage) -> None:
        came = Message(
            topic=message.topic,
            body=bytes(message.payload),
            number=message.mid if message.qos else 0,
            is_retained=message.retain,
            is_repeated=message.dup,
        )
        if self._is_ours(came.topic):
            self._messages.put_nowait(came)
            if not self._is_held and self._messages.qsize() > HELD_ABOVE and self._is_taken:
                self._is_held = True
                self.hold(True)
        else:  # a subscription of an older configuration, which the session still knows
            self.acknowledge(came)

    def _on_subscribe(
        self, _client: Client, _: Any, _mid: int, reasons: Sequence[ReasonCode], properties: Properties | None
    ) -> None:
        failed = next((one for one in reasons if one.is_failure), None)
        if failed is not None:
            self.refused = subscribe_words(failed.value, str(getattr(properties, "ReasonString", "")))
        self.best_effort = any(one.value == 0 for one in reasons)
        self._answered.set()


def session_properties(broker: Broker) -> Properties:
    """Return what CONNECT says of a session that outlives its connections (MQTT 5.0, section 3.1.2.11)."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.SessionExpiryInterval = SESSION_S
    properties.ReceiveMaximum = broker.sent_ahead
    properties.MaximumPacketSize = broker.largest_packet
    return properties
