"""MQTT: each request is a publication at QoS 1, settled by its PUBACK and by nothing else.

The connection is opened by the first `send` or `receive`, and by the next one after it was lost: whoever calls knows how
long to wait between two tries. A broker with a ``listen_topic`` is subscribed to at each opening. A loss while idle is noticed and shown at once. With a ``status_topic`` the broker therefore
holds "offline" (the last will) from a loss until the next uplink, and "online" from then on.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.errors import Unreachable
from gateway.model import Answer, Clock, Json, Request, Verdict
from gateway.transports import Take, tls
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.link import Link
from gateway.transports.reasons import ABOUT_A_MESSAGE, NO_SUBSCRIBERS, puback

CLOSE_LIMIT_S: Final = 3.0  # for the last status and the good-bye together
LOSSES: Final = 3  # so many within LOSS_SPAN_S are more than bad luck
LOSS_SPAN_S: Final = 300.0

CANNOT_REFUSE: Final = "MQTT 3.1.1 cannot say no: a message that the broker drops (rights, quota) looks delivered"
INSECURE: Final = "TLS without verification: whoever is on the line can read and answer in the broker's place"
IN_THE_CLEAR: Final = "the password goes over the line in the clear: mqtts:// hides it"


class Mqtt:
    """A broker as a transport. Raises ConfigError at once when a TLS file is wrong."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._tls = tls.context(broker.tls) if broker.endpoint.secure else None
        self._turn = asyncio.Lock()
        self._link: Link | None = None
        self._connected_at: float | None = None  # monotonic
        self._trouble: tuple[str, float] | None = None  # the last one: words, monotonic
        self._one_by_one = False  # the broker hung up over a message, and it is not known which
        self._status_refused = ""
        self._subscribe_refused = ""
        self._losses: deque[float] = deque(maxlen=LOSSES)  # monotonic
        self._connects = 0
        self._counts: Counter[str] = Counter()

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Publish all and return what each PUBACK said; see `Transport.send`.

        When it is cancelled, the connection is cut: what was on its way is unclear.
        """
        if not requests:
            return []
        async with self._turn:  # whoever has it is limited: answers come, or are given up
            link = await self._open_link()
            window = 1 if self._one_by_one else link.window
            answers = await link.publish(requests, window, retain=self._broker.keeps_last)
            answers = self._blame(link, answers)
        self._counts.update(answer.verdict.value for answer in answers)
        self._counts["no_subscribers"] += sum(answer.status == NO_SUBSCRIBERS for answer in answers)
        return answers

    async def receive(self, take: Take) -> None:
        """Give what the platform says to ``take`` until the connection is lost; see `Listener.receive`."""
        async with self._turn:  # as in `send`
            link = await self._open_link()
        if link.inbox is None:
            raise RuntimeError("a broker without a listen_topic has nothing to say")
        self._subscribe_refused = f"commands: {link.inbox.refused}" if link.inbox.refused else ""
        while (message := await link.inbox.next()) is not None:
            await take(message)
            link.acknowledge(message)
            self._counts["received"] += 1
        raise Unreachable(f"{self._broker.endpoint}: {link.ended}")

    async def close(self) -> None:
        """Say "offline" and good-bye, within three seconds."""
        link, self._link = self._link, None
        if link is None:
            return
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                if self._broker.status_topic is not None and link.ended is None and not self._turn.locked():
                    await link.publish([self._status(b"offline")], 1, retain=True)
                await link.close()
        except TimeoutError:
            link.cut("closed")

    def status(self) -> Mapping[str, Json]:
        """Return the connection as it is now, and the last trouble with it."""
        now = self._clock().monotonic
        link = self._link if self._link is not None and self._link.ended is None else None
        trouble, since = self._trouble or (None, 0.0)
        return {
            "protocol": f"MQTT {self._broker.version}",
            "url": str(self._broker.endpoint),
            "proxy": None if self._broker.proxy is None else str(self._broker.proxy),
            "client_id": self._broker.client_id,
            "connected": link is not None,
            "connected_s": None if link is None or self._connected_at is None else round(now - self._connected_at, 1),
            "connects": self._connects,
            "window": None if link is None else link.window,
            "largest_packet": None if link is None else link.largest_packet,
            "last_error": trouble,
            "last_error_s": None if trouble is None else round(now - since, 1),
            "notes": self._notes(),
            "counts": dict(self._counts),
        }

    # ── the connection ──

    async def _open_link(self) -> Link:
        if self._link is not None and self._link.ended is None and not self._link.outlived:
            return self._link
        if self._link is not None and self._link.ended is None:
            await self._link.close()
        link = Link(self._broker, self._lost, self._broker.password_at(self._clock().utc))
        try:
            await link.open(self._tls)
            self._link, self._connected_at = link, self._clock().monotonic
            self._connects += 1
            await self._say_online(link)
        except Unreachable as error:
            self._note(str(error))
            raise
        return link

    async def _say_online(self, link: Link) -> None:
        if self._broker.status_topic is None:
            return
        (answer,) = await link.publish([self._status(b"online")], 1, retain=True)
        if answer.verdict in {Verdict.UNCLEAR, Verdict.LATER} and link.ended is not None:
            raise Unreachable(f"{self._broker.endpoint}: {link.ended}")
        self._status_refused = "" if answer.verdict is Verdict.TAKEN else f"status_topic: {answer.detail}"

    def _status(self, word: bytes) -> Request:
        return Request(target=self._broker.status_topic or "", body=word, content_type="text/plain")

    def _lost(self, why: str) -> None:
        self._losses.append(self._clock().monotonic)
        self._note(why)

    def _unstable(self) -> bool:
        return len(self._losses) == LOSSES and self._clock().monotonic - self._losses[0] < LOSS_SPAN_S

    def _note(self, trouble: str) -> None:
        self._trouble = (trouble, self._clock().monotonic)

    # ── a broker that hangs up instead of answering ──

    def _blame(self, link: Link, answers: list[Answer]) -> list[Answer]:
        """Find the message that the broker hung up over: of many in flight nobody can tell, so then one at a time."""
        unclear = [place for place, answer in enumerate(answers) if answer.verdict is Verdict.UNCLEAR]
        if link.ended_reason not in ABOUT_A_MESSAGE or not unclear:
            self._one_by_one = self._one_by_one and link.ended is not None
            return answers
        self._one_by_one = True
        if len(unclear) == 1:
            answers[unclear[0]] = puback(link.ended_reason)
        return answers

    def _notes(self) -> list[str]:
        notes = []
        if self._broker.version is MqttVersion.V3_1_1:
            notes.append(CANNOT_REFUSE)
        if self._broker.endpoint.secure and self._broker.tls.insecure:
            notes.append(INSECURE)
        if self._broker.password is not None and not self._broker.endpoint.secure:
            notes.append(IN_THE_CLEAR)
        if self._one_by_one:
            notes.append("the broker closed the connection over a message: one at a time until it is found")
        if self._unstable():  # not every broker says 0x8E (mosquitto 2.0.11 just hangs up)
            notes.append(
                f"lost {LOSSES} times within {LOSS_SPAN_S:g} s: does another client use client_id {self._broker.client_id!r}?"
            )
        if self._status_refused:
            notes.append(self._status_refused)
        if self._subscribe_refused:
            notes.append(self._subscribe_refused)
        return notes
