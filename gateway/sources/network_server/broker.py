"""The source behind a network server's broker: its events come in, acknowledged when they are safe; downlinks go out.

What a server publishes at QoS 1 its broker keeps while this box is away, and sends again what was not acknowledged. What comes at
QoS 0 (The Things Stack has nothing else, ChirpStack is set up so) is lost then, and that is said.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol
from uuid import UUID

from gateway.machine import fingerprint
from gateway.model import Answer, Clock, Downlink, FromServer, Json, TxRequest, TxResult, Verdict
from gateway.sources import HearAll
from gateway.sources.network_server import chirpstack, the_things_stack
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason, in_words
from gateway.sources.network_server.reading import COUNTED_AS, Circumstances
from gateway.sources.recent import Recent
from gateway.sources.settings import ChirpstackSettings, ServerBrokerSettings, TheThingsStackSettings
from gateway.transports import Message
from gateway.transports.broker import Broker
from gateway.transports.reasons import NO_SUBSCRIBERS
from gateway.transports.subscription import Subscription

MOST_UNDER_WAY: Final = (
    40  # messages taken and not yet safe; the journal knows as many of one device when they come again
)
QUIET_S: Final = 600.0  # after so long without any message since the connection the topics may be wrong

QOS_0: Final = (
    "the server publishes at QoS 0: what it tells while this box is away is lost. In ChirpStack it is `qos = 1` in its "
    "[integration.mqtt]; The Things Stack has nothing else over MQTT"
)
NO_ADDRESS: Final = Answer(
    verdict=Verdict.REFUSED, status=0, detail="the server did not say to which of its applications the device belongs"
)
NOBODY: Final = (
    "nobody is subscribed to the server's command topic: does the server run, and may this user publish there?"
)


class Dialect(Protocol):
    """A server's topics and words."""

    @property
    def topics(self) -> Sequence[str]:
        """Return the filters to subscribe to."""
        ...

    def read(self, message: Message, about: Circumstances) -> FromServer | None:
        """Return what a message tells; raise BadEvent and nothing else."""
        ...

    def write_down(self, address: str, downlink: Downlink, reference: UUID) -> tuple[str, bytes]:
        """Return the topic and the body of a downlink."""
        ...


class ChirpStackWords:
    """ChirpStack v4's."""

    def __init__(self, settings: ChirpstackSettings) -> None:
        self._is_json = settings.is_json
        if not self._is_json:
            from gateway.sources.network_server import chirpstack_protobuf  # noqa: F401 - what it lacks is told at the start
        self.topics = chirpstack.topics(settings.application)

    def read(self, message: Message, about: Circumstances) -> FromServer | None:
        """Return what a message tells; raise BadEvent and nothing else."""
        _, event = chirpstack.read_topic(message.topic)
        return chirpstack.read(event, message.body, about, may_be_protobuf=not self._is_json)

    def write_down(self, address: str, downlink: Downlink, reference: UUID) -> tuple[str, bytes]:
        """Return the topic and the body of a downlink."""
        return chirpstack.write_down(address, downlink, reference, is_json=self._is_json)


class TheThingsStackWords:
    """The Things Stack v3's."""

    def __init__(self, settings: TheThingsStackSettings) -> None:
        self.topics = the_things_stack.topics(settings.application)

    def read(self, message: Message, about: Circumstances) -> FromServer | None:
        """Return what a message tells; raise BadEvent and nothing else."""
        return the_things_stack.read(message.body, about, the_things_stack.read_topic(message.topic))

    def write_down(self, address: str, downlink: Downlink, reference: UUID) -> tuple[str, bytes]:
        """Return the topic and the body of a downlink."""
        return the_things_stack.write_down(address, downlink, reference)


class BehindABroker:
    """A `Source` for a network server's events over MQTT, and `Commands` for its downlinks."""

    def __init__(self, settings: ServerBrokerSettings, clock: Clock, words: Dialect) -> None:
        self._settings = settings
        self._clock = clock
        self._words = words
        self._subscription = Subscription(named(settings), words.topics, most_under_way=MOST_UNDER_WAY)
        self._counts: Counter[str] = Counter()
        self._dropped = Recent(clock)
        self._at_qos_0 = False

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    async def listening(self) -> str:
        """Return the broker's address, once it is subscribed to; the caller sets the limit."""
        await self._subscription.connected()
        return str(self._settings.broker.endpoint)

    async def run(self, hear: HearAll) -> None:
        """Hear until cancelled, whether the broker is there or not."""

        async def take(message: Message) -> None:
            told = self._understood(message)
            if told is not None:
                await hear(told)

        await self._subscription.run(take)

    async def transmit(self, request: TxRequest) -> TxResult:  # noqa: ARG002 - there is no radio
        """Say that there is no radio: a server in front takes downlinks, and chooses the window."""
        return TxResult.NOT_CONNECTED

    async def command(self, address: str, downlink: Downlink, reference: UUID) -> Answer:
        """Hand a downlink to the server."""
        if not address:
            return NO_ADDRESS
        topic, body = self._words.write_down(address, downlink, reference)
        answer = await self._subscription.publish(topic, body)
        if answer.status == NO_SUBSCRIBERS:
            answer = replace(answer, verdict=Verdict.LATER, detail=NOBODY)
            self._counts["downlinks_for_nobody"] += 1
        self._counts["downlinks_handed"] += answer.verdict is Verdict.TAKEN
        return answer

    def status(self) -> Mapping[str, Json]:
        """Return the connection, counters, and what is wrong in words."""
        broker = self._subscription.status()
        return {
            "listening": str(self._settings.broker.endpoint) if broker["connected"] else None,
            "broker": broker,
            "counts": dict(self._counts),
            "dropped": dict(self._dropped),
            "advice": [*self._advice(broker)],
        }

    def _understood(self, message: Message) -> FromServer | None:
        self._counts["messages"] += 1
        self._at_qos_0 |= not message.number
        about = Circumstances(self.name, self._clock(), self._settings.decode)
        if message.is_retained:
            self._dropped[BadEventReason.RETAINED] += 1
            return None
        try:
            told = self._words.read(message, about)
        except BadEvent as bad:
            self._dropped[bad.reason] += 1
            return None
        self._counts["passed_over" if told is None else COUNTED_AS[type(told)]] += 1
        return told

    def _advice(self, broker: Mapping[str, Json]) -> Iterator[str]:
        if not broker["connected"]:
            yield f"no connection to the broker: {broker['last_error'] or 'not tried yet'}"
        elif not self._counts["messages"] and broker["connected_s"] > QUIET_S:
            yield (
                f"connected for {broker['connected_s']:.0f} s, and nothing has come by {', '.join(self._words.topics)}: "
                "is `application` right, does the server publish to this broker, and may this user read there?"
            )
        yield from broker["notes"]
        if self._at_qos_0:
            yield QOS_0
        yield from in_words(self._dropped.lately())
        if self._counts["downlinks_for_nobody"]:
            yield NOBODY


def chirpstack_behind(settings: ChirpstackSettings, clock: Clock) -> BehindABroker:
    """Return the source for a ChirpStack."""
    return BehindABroker(settings, clock, ChirpStackWords(settings))


def the_things_stack_behind(settings: TheThingsStackSettings, clock: Clock) -> BehindABroker:
    """Return the source for a Things Stack."""
    return BehindABroker(settings, clock, TheThingsStackWords(settings))


def named(settings: ServerBrokerSettings) -> Broker:
    """Return the broker with a client id that stays the same over restarts and that no other box has: the broker's session is by it."""
    if settings.client_id is not None:
        return replace(settings.broker, client_id=settings.client_id)
    machine = fingerprint() or f"{uuid.getnode():012x}"
    source = re.sub(r"[^0-9A-Za-z_-]", "-", settings.name)
    return replace(settings.broker, client_id=f"brygga-{machine[:8]}-{source}")
