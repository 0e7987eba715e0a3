"""What a broker has for us, taken for ever: many messages at once, each acknowledged when it is safe.

A message is acknowledged (PUBACK) when whoever takes it has returned, and in the order in which the messages came
(MQTT-4.6.0-2). Until then the broker keeps it, and sends it again over the next connection: nothing is lost by a crash, and a
message may come twice. While we are away the broker keeps what is published at QoS 1, as long and as much as its owner lets it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import Unreachable
from gateway.model import Answer, Json, Request, Verdict
from gateway.transports import Message, Take, tls
from gateway.transports.broker import Broker
from gateway.transports.jitter import pause_s
from gateway.transports.link import Link
from gateway.transports.mqtt import IN_THE_CLEAR, INSECURE

logger = logging.getLogger(__name__)

LARGEST_PACKET: Final = 1 << 18  # octets; what a server's codec makes of a payload has tens of thousands at most
LONGEST_PAUSE_S: Final = 60.0  # between two tries: a broker that comes back is met within a minute
STEADY_S: Final = 60.0  # a connection that lasted so long was none of a row of failures

AWAY: Final = "the broker gave us QoS 0 only: what it has for us while this box is away is lost"
FORGOTTEN: Final = "the broker did not keep our session: what was published while this box was away is lost"


@dataclass(slots=True)
class _Came:
    """A message, and whether it is safe."""

    message: Message
    is_safe: bool = False


_Asked = tuple[Request, asyncio.Future[Answer]]


class Subscription:
    """A broker that is listened to. Raises ConfigError at once when a TLS file is wrong."""

    def __init__(self, broker: Broker, topics: Sequence[str], *, most_under_way: int) -> None:
        """``topics`` are filters; at most ``most_under_way`` messages are taken and not acknowledged, and sent ahead by the broker."""
        self._broker = replace(
            broker, listen_topics=tuple(topics), sent_ahead=most_under_way, largest_packet=LARGEST_PACKET
        )
        self._tls = tls.context(broker.tls) if broker.endpoint.secure else None
        self._room = asyncio.Semaphore(most_under_way)
        self._under_way = 0
        self._outgoing: asyncio.Queue[_Asked | None] = asyncio.Queue()  # None: the connection has ended
        self._link: Link | None = None
        self._connected = asyncio.Event()
        self._connected_at = 0.0  # of the loop's clock, as the next one
        self._trouble: tuple[str, float] | None = None
        self._counts: Counter[str] = Counter()

    async def run(self, take: Take) -> None:
        """Give each message to ``take``, until cancelled; a broker that is away is `status` and another try."""
        failures = 0
        try:
            async with asyncio.TaskGroup() as taking:
                while True:
                    began = asyncio.get_running_loop().time()
                    try:
                        await self._listen(take, taking)
                    except Unreachable as error:
                        self._note(str(error))
                        failures = 1 if asyncio.get_running_loop().time() - began >= STEADY_S else failures + 1
                    await asyncio.sleep(pause_s(failures, LONGEST_PAUSE_S))
        finally:
            await self._leave()

    async def publish(self, topic: str, body: bytes, *, expires_s: int | None = None) -> Answer:
        """Publish at QoS 1 and return what the PUBACK said; without a connection nothing is sent, and the answer is LATER.

        An MQTT 5 broker keeps it for ``expires_s`` for who is away, and not longer.
        """
        if self._link is None or self._link.ended is not None:
            return Answer.unsent(f"{self._broker.endpoint}: no connection")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = Request(target=topic, body=body, content_type="", expires_s=expires_s)
        self._outgoing.put_nowait((request, answer))
        return await answer  # no limit of its own: a link answers within its own, or ends

    async def connected(self) -> None:
        """Return when there is a connection, and the subscription is answered; the caller sets the limit."""
        await self._connected.wait()

    def status(self) -> Mapping[str, Json]:
        """Return the connection as it is now, the last trouble with it, and what is wrong in words (``notes``)."""
        link = self._link if self._link is not None and self._link.ended is None else None
        trouble, since = self._trouble or (None, 0.0)
        return {
            "protocol": f"MQTT {self._broker.version}",
            "url": str(self._broker.endpoint),
            "proxy": None if self._broker.proxy is None else str(self._broker.proxy),
            "client_id": self._broker.client_id,
            "topics": list(self._broker.topics),
            "connected": link is not None,
            "connected_s": None if link is None else _age(self._connected_at),
            "last_error": trouble,
            "last_error_s": None if trouble is None else _age(since),
            "under_way": self._under_way,
            "notes": self._notes(link),
            "counts": dict(self._counts),
        }

    # ── a connection ──

    async def _listen(self, take: Take, taking: asyncio.TaskGroup) -> None:
        """Take what comes over one connection; ends by Unreachable. What is under way then gets safe, and comes again."""
        link = Link(self._broker, lambda _: None, self._broker.password)  # why it ended is told below
        await link.open(self._tls, waits_for_subscription=False)
        self._begin(link)
        telling = taking.create_task(self._tell(link), name=f"publish to {self._broker.endpoint}")
        confirming = taking.create_task(self._confirm(link), name=f"subscribe at {self._broker.endpoint}")
        try:
            await self._take_all(link, take, taking)
        finally:
            confirming.cancel()
            self._connected.clear()
        self._outgoing.put_nowait(None)
        await telling  # not cancelled: the link knows which publications may have arrived, and has ended
        raise Unreachable(f"{self._broker.endpoint}: {link.ended}")

    def _begin(self, link: Link) -> None:
        self._link, self._connected_at = link, asyncio.get_running_loop().time()
        if self._counts["connects"] and link.is_new_session and self._broker.has_session:
            self._counts["forgotten"] += 1
            logger.warning("%s: %s", self._broker.endpoint, FORGOTTEN)
        self._counts["connects"] += 1

    async def _confirm(self, link: Link) -> None:
        """Wait for the answer to the subscription. A broker may send before it all that it has kept (mosquitto 2.0.11, in thousands)."""
        assert link.inbox is not None
        received = -1
        while received != self._counts["received"]:
            received = self._counts["received"]
            try:
                async with asyncio.timeout(self._broker.connect_limit_s):
                    await link.inbox.subscribed()
            except TimeoutError:
                continue
            self._connected.set()
            return
        link.cut("connected, and the broker does not answer a subscription")

    async def _take_all(self, link: Link, take: Take, taking: asyncio.TaskGroup) -> None:
        assert link.inbox is not None
        unacknowledged: deque[_Came] = deque()
        while (message := await link.inbox.next()) is not None:
            await self._room.acquire()  # no limit: the broker keeps what there is no room for
            came = _Came(message)
            unacknowledged.append(came)
            self._under_way += 1
            self._counts["received"] += 1
            self._counts["repeated"] += message.is_repeated
            self._connected.set()  # what comes was subscribed to
            taking.create_task(self._take(link, came, take, unacknowledged), name="take a message")

    async def _take(self, link: Link, came: _Came, take: Take, unacknowledged: deque[_Came]) -> None:
        await take(came.message)
        came.is_safe = True
        safe = []
        while unacknowledged and unacknowledged[0].is_safe:
            safe.append(unacknowledged.popleft().message)
            self._under_way -= 1
            self._room.release()  # not before: what is safe and not acknowledged comes again, and no more than there is room for
        link.acknowledge(*safe)

    async def _tell(self, link: Link) -> None:
        """Publish what is to be published, as much at once as there is."""
        asked: list[_Asked] = []
        try:
            while link.ended is None and (first := await self._outgoing.get()) is not None:
                asked = [first, *self._waiting()]
                answers = await link.publish([request for request, _ in asked], link.window)
                for (_, waiting), answer in zip(asked, answers, strict=True):
                    _resolve(waiting, answer)
                    self._counts[f"published_{answer.verdict}"] += 1
        finally:
            for _, waiting in asked:  # open where the agent stops: what may have arrived is not to be sent again
                _resolve(waiting, Answer(verdict=Verdict.UNCLEAR, status=0, detail="the agent stops"))
            for _, waiting in self._waiting():
                _resolve(waiting, Answer.unsent(f"{self._broker.endpoint}: {link.ended or 'the agent stops'}"))

    def _waiting(self) -> list[_Asked]:
        """Return all that is to be published; nothing of it waits any more."""
        some = [self._outgoing.get_nowait() for _ in range(self._outgoing.qsize())]
        return [one for one in some if one is not None]

    async def _leave(self) -> None:
        if self._link is None:
            return
        # In a task of its own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
        async with asyncio.TaskGroup() as leaving:
            leaving.create_task(self._link.close(), name=f"leaving {self._broker.endpoint}")

    # ── words ──

    def _note(self, trouble: str) -> None:
        if self._trouble is None or self._trouble[0] != trouble:
            logger.warning("%s", trouble)
        self._trouble = (trouble, asyncio.get_running_loop().time())

    def _notes(self, link: Link | None) -> list[str]:
        broker, inbox = self._broker, None if link is None else link.inbox
        notes = {
            INSECURE: broker.endpoint.secure and broker.tls.insecure,
            IN_THE_CLEAR: broker.password is not None and not broker.endpoint.secure,
            AWAY: inbox is not None and inbox.best_effort,
            FORGOTTEN: self._counts["forgotten"] > 0,
        }
        refused = [f"{', '.join(broker.topics)}: {inbox.refused}"] if inbox is not None and inbox.refused else []
        return [*refused, *(words for words, is_so in notes.items() if is_so)]


def _resolve(waiting: asyncio.Future[Answer], answer: Answer) -> None:
    if not waiting.done():  # else whoever asked has gone
        waiting.set_result(answer)


def _age(since: float) -> float:
    return round(asyncio.get_running_loop().time() - since, 1)
