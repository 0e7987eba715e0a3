"""One connection to a broker, from CONNECT to its end, and the publications under way on it.

A connection that ended is never used again, and its paho client goes with it: nothing unanswered is left inside paho
to be sent once more behind our back.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.errors import Hindrance, Unreachable
from gateway.model import Answer, Request, Verdict
from gateway.transports import Message, network
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.greeting import QOS, greet, inbox_of, new_client
from gateway.transports.proxy import connect
from gateway.transports.publication import PackedProperties, PropertyCache, packet_octets, too_large, unsendable
from gateway.transports.reasons import DATED, TAKEN, connect_words, disconnect_words, hindrance_of, puback
from gateway.transports.secret import Secret
from gateway.transports.wire import Wire

LARGEST_RECEIVE_MAXIMUM: Final = 0xFFFF  # where a broker names none (MQTT 5.0, section 3.2.2.3.3)
CLOSE_LIMIT_S: Final = 2.0  # to send what is left; after that the connection is cut
WANTS_TLS: Final = "does that port speak TLS (mqtts://)?"


@dataclass(slots=True)
class _Sending:
    """The requests of one `publish`, and how far they are."""

    requests: Sequence[Request]
    window: int
    retain: bool
    answers: list[Answer | None]
    done: asyncio.Future[None]
    moved_at: float  # of the loop's clock: when an answer came last
    next: int = 0  # the first request that paho has not got
    waiting: dict[int, int] = field(default_factory=dict)  # packet identifier: place in requests


class Link:
    """A connection: `open` it, `publish` one batch after another, `close` it."""

    def __init__(self, broker: Broker, lost: Callable[[str], None], password: Secret | None = None) -> None:
        """``lost`` is told why, in words, when the connection ends and nobody asked for it."""
        self._broker = broker
        self._tell_lost = lost
        self._loop = asyncio.get_running_loop()
        self._greeted = asyncio.Event()
        self._properties = PropertyCache() if broker.version is MqttVersion.V5 else None
        self._sending: _Sending | None = None
        self._tick_timer: asyncio.TimerHandle | None = None
        self._renew_timer: asyncio.TimerHandle | None = None
        self._wire = Wire(self._came, self._lost)
        self._client = new_client(broker, password)
        self._client.wire = self._wire
        self._client.acknowledged = self._settle
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._on_disconnect
        self.inbox = inbox_of(broker, self._client)
        self.is_new_session = True  # the broker knew of no earlier connection: what came in between is gone
        self.ended: str | None = None  # why, in words; None while it lasts
        self.ended_reason: int | None = None  # of the broker's DISCONNECT
        self._hindrance = Hindrance.ANSWER  # of the greeting
        self.outlived = False  # the password of this connection is about to run out
        self.window = broker.window
        self.largest_packet: int | None = None  # octets, as the broker said

    async def open(self, tls: ssl.SSLContext | None, *, waits_for_subscription: bool = True) -> None:
        """Connect and wait for the CONNACK; Unreachable says why there is none, and then nothing is left open.

        A link with an inbox is also subscribed then, or its inbox says why not: what goes out does not wait for that right.
        """
        where, is_open = self._broker.endpoint, False
        try:
            async with asyncio.timeout(self._broker.connect_limit_s):
                await connect(lambda: self._wire, where, tls, self._broker.proxy)
                greet(self._client, self._broker)
                self._client.flush()
                await self._greeted.wait()
                if self.inbox is not None and self.ended is None:
                    self.inbox.subscribe()
                    self._client.flush()
                    if waits_for_subscription:
                        await self.inbox.subscribed()
            is_open = True
        except OSError as error:  # a TimeoutError is one
            silent = self._wire.connected and isinstance(error, TimeoutError)
            words = self._silent() if silent else self._words(error)
            raise Unreachable(f"{where}: {words}", network.hindrance(error)) from error
        finally:
            if not is_open:
                self.cut("given up")
        if self.ended is not None:
            raise Unreachable(f"{where}: {self.ended}", self._hindrance)
        self._tick()
        if self._broker.shared_access is not None:
            self._renew_timer = self._loop.call_later(self._broker.shared_access.renewed_after_s, self._outlive)

    def acknowledge(self, *messages: Message) -> None:
        """Tell the broker that messages of the inbox are safe; on a link that has ended they come again."""
        if self.inbox is not None and self.ended is None:
            for message in messages:
                self.inbox.acknowledge(message)
            self._client.flush()

    async def publish(self, requests: Sequence[Request], window: int, *, retain: bool = False) -> list[Answer]:
        """Publish all, at most ``window`` unanswered at a time, and return an answer for each.

        Returns when all are answered, when the connection ends, or when no PUBACK comes any more (and then ends it).
        """
        sending = _Sending(
            requests=requests,
            window=min(window, self.window),
            retain=retain,
            answers=[None] * len(requests),
            done=self._loop.create_future(),
            moved_at=self._loop.time(),
        )
        self._sending = sending
        try:
            self._fill(sending)
            self._client.flush()
            await self._answered(sending)
        finally:
            self._sending = None
            if sending.waiting:  # given up, or cancelled: a late PUBACK must meet nobody
                self._end("a publication was given up")
        return self._judged(sending)

    async def close(self) -> None:
        """Say good-bye; the broker then keeps the last will to itself."""
        if self.ended is None:
            self._stop_waiting("closed")
            self._client.disconnect()
            self._client.flush()
        if self._wire.connected:
            try:
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await self._wire.closed.wait()
            except TimeoutError:
                self._wire.abort()

    # ── a batch ──

    def _fill(self, sending: _Sending) -> None:
        """Hand requests to paho until the window is full, and never more: paho keeps no queue of ours."""
        requests, waiting, publish = sending.requests, sending.waiting, self._client.publish
        while sending.next < len(requests) and len(waiting) < sending.window:
            request = requests[sending.next]
            try:
                properties = self._properties.of(request) if self._properties is not None else None
                if (refusal := self._refusal(request, properties)) is None:
                    sent = publish(request.target, request.body, QOS, sending.retain, properties)
                    waiting[sent.mid] = sending.next
            except ValueError as error:
                refusal = unsendable(str(error))
            sending.answers[sending.next] = refusal
            sending.next += 1
        if not waiting and sending.next == len(requests):
            _resolve(sending.done)

    def _refusal(self, request: Request, properties: PackedProperties | None) -> Answer | None:
        if not request.target or "\0" in request.target:
            return unsendable(f"{request.target!r} is no topic")
        if self.largest_packet is None:
            return None
        octets = packet_octets(request, properties)
        return too_large(octets, self.largest_packet) if octets > self.largest_packet else None

    def _settle(self, mid: int, reason: int, said: str = "") -> None:
        if self._sending is None or (place := self._sending.waiting.pop(mid, None)) is None:
            return
        self._sending.answers[place] = TAKEN if reason == 0 else puback(reason, said)

    async def _answered(self, sending: _Sending) -> None:
        limit = self._broker.answer_limit_s
        while not sending.done.done():
            quiet_s = self._loop.time() - sending.moved_at
            if quiet_s >= limit:
                self._end(f"no PUBACK within {limit:g} s")
                return
            await asyncio.wait((sending.done,), timeout=limit - quiet_s)

    def _judged(self, sending: _Sending) -> list[Answer]:
        unclear = Answer(verdict=Verdict.UNCLEAR, status=0, detail=f"sent, and no PUBACK: {self.ended}")
        later = Answer.unsent(str(self.ended))
        open_places = frozenset(sending.waiting.values())
        return [answer or (unclear if place in open_places else later) for place, answer in enumerate(sending.answers)]

    # ── what happens on the connection ──

    def _came(self) -> None:
        sending = self._sending
        before = len(sending.waiting) if sending is not None else 0
        self._client.pump()
        if (
            octets := self._client.coming
        ) > self._broker.largest_packet:  # MQTT 3.1.1 cannot tell a broker what is too much
            self._end(f"it sends {octets} octets in one message, and at most {self._broker.largest_packet} are taken")
        if sending is not None and self.ended is None and len(sending.waiting) != before:
            sending.moved_at = self._loop.time()
            self._fill(sending)
        self._client.flush()

    def _lost(self, error: OSError | None) -> None:
        self._hindrance = network.hindrance(error) if error else Hindrance.CUT
        self._end(self._words(error))

    def _words(self, error: OSError | None) -> str:
        words = network.in_words(error) if error else network.CLOSED
        if words != network.CLOSED or self._greeted.is_set():
            return words
        return f"{words}: does that port speak TLS?" if self._broker.endpoint.secure else f"{words}: {WANTS_TLS}"

    def _silent(self) -> str:
        if self._greeted.is_set():
            return "connected, and the broker does not answer a subscription"
        return "connected, and no CONNACK came: is that port a broker's?"

    def _tick(self) -> None:
        """Let paho ping, and see whether the last ping was answered."""
        self._client.loop_misc()
        self._client.flush()
        if self.ended is None and self._client.keepalive:
            self._tick_timer = self._loop.call_later(self._client.keepalive / 4, self._tick)

    def _outlive(self) -> None:
        """Let the connection go before its password runs out: at once while it is idle, else when the batch is answered."""
        self.outlived = True
        if self._sending is None and self.ended is None:
            self._stop_waiting("closed to be opened again with a new token")
            self._client.disconnect()
            self._client.flush()

    def cut(self, why: str) -> None:
        """Cut the connection without good-bye; the broker then sends the last will."""
        self._stop_waiting(why)
        self._wire.abort()

    def _end(self, why: str) -> None:
        if self.ended is not None:  # paho says so at an orderly end, too, before the last octets have left
            return
        if self._greeted.is_set():
            self._tell_lost(why)
        self.cut(why)

    def _stop_waiting(self, why: str) -> None:
        if self.ended is None:
            self.ended = why
        for timer in filter(None, (self._tick_timer, self._renew_timer)):
            timer.cancel()
        self._greeted.set()
        if self.inbox is not None:
            self.inbox.end()
        if self._sending is not None:
            _resolve(self._sending.done)

    # ── what paho calls ──

    def _on_connect(
        self, _client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            dated = DATED if self._broker.shared_access is not None else ""
            self._hindrance = hindrance_of(reason.value)
            self._end(connect_words(reason.value, _said(properties)) + dated)
        elif getattr(properties, "MaximumQoS", 2) < QOS:
            self._end("the broker takes QoS 0 only: it would acknowledge nothing")
        else:
            self.window = min(self.window, getattr(properties, "ReceiveMaximum", LARGEST_RECEIVE_MAXIMUM))
            self.largest_packet = getattr(properties, "MaximumPacketSize", None)
            self.is_new_session = not flags.session_present
            self._greeted.set()

    def _on_publish(self, _client: Client, _: Any, mid: int, reason: ReasonCode, properties: Properties | None) -> None:
        self._settle(mid, reason.value, _said(properties))

    def _on_disconnect(
        self, _client: Client, _: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.ended_reason = reason.value
            self._end(disconnect_words(reason.value, _said(properties)))
        elif not self._greeted.is_set():
            self._end(f"its answer to CONNECT is none of MQTT {self._broker.version}: is that port a broker's?")
        else:
            self._end(f"the connection was given up: {reason}")


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _said(properties: Properties | None) -> str:
    return str(getattr(properties, "ReasonString", ""))
