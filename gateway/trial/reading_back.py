"""Reading a trial back: the platform is asked, or a subscription of our own shows that its broker passed the message on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import Unreachable
from gateway.formats import Format, Known, ReadsBack
from gateway.model import Answer, Clock, Item, Json, Request, Verdict
from gateway.transports import Transport
from gateway.transports.broker import Broker
from gateway.transports.link import Link
from gateway.trial.advice import advice
from gateway.trial.preview import preview
from gateway.trial.steps import Step, wrong

STEP: Final = "reading back"
OF_AN_EAR: Final = (
    "-ear"  # behind the client_id: a client of its own, for a broker may not send a client's own messages to it
)
ECHO_LIMIT_S: Final = 5.0  # for a message that the broker has acknowledged already
LOOK_THERE: Final = "look there whether it arrived"
WHY_NOT: Final[Mapping[str, str]] = {
    "AwsIot": "AWS IoT Core is not asked: its policy for a thing as a rule allows publishing alone, and it hangs up over more",
    "AzureIot": "Azure IoT Hub gives a device nothing back of what it sent",
    "Diwise": "diwise's iot-agent has no door that tells what came in",
    "ThingsBoard": "a device's access token at ThingsBoard may write, and not read; its telemetry is for people who log in",
    "Yggio": "Yggio's doors for measurements tell nothing back; its REST wants a person's login",
}  # by the format's class


@dataclass(slots=True)
class Ear:
    """A subscription to what a trial says; ``deaf`` tells in words why there is none."""

    messages: Mapping[str, bytes]  # by topic
    link: Link | None = None
    deaf: str = ""

    async def heard(self) -> Step:
        """Wait for one of the messages, and tell what came of it."""
        topics = ", ".join(self.messages)
        if self.link is None or self.link.inbox is None:
            return Step(STEP, True, f"whether the broker passes it on cannot be heard ({self.deaf}): {LOOK_THERE}")
        try:
            async with asyncio.timeout(ECHO_LIMIT_S):
                while (message := await self.link.inbox.next()) is not None:
                    if self.messages.get(message.topic) == message.body and not message.is_retained:
                        words = f"the broker passed it on: a subscription to {message.topic} heard it; what the platform makes of it it does not tell"
                        return Step(STEP, True, words)
        except TimeoutError:
            words = f"the broker took it, and a subscription to {topics} heard nothing in {ECHO_LIMIT_S:g} s: this user may not read there, or a rule drops it; {LOOK_THERE}"
            return Step(STEP, True, words)
        return Step(STEP, True, f"the broker closed the connection that listened ({self.link.ended}): {LOOK_THERE}")


@asynccontextmanager
async def listening(
    platform: Broker, format_: Format, item: Item, made: Callable[[], ssl.SSLContext] | None, clock: Clock
) -> AsyncIterator[Ear]:
    """Subscribe to the topics that ``format_`` says ``item`` in, for as long as the context lasts; nothing stays behind at the broker."""
    said = preview(format_, item, {}).requests
    ear = Ear({said[-1].target: said[-1].body} if said else {})  # the last one is the measurement
    ear.deaf = _why_deaf(platform, format_, ear)
    if not ear.deaf:
        await _open(platform, ear, made, clock)
    try:
        yield ear
    finally:
        if ear.link is not None:
            await ear.link.close()


def _why_deaf(platform: Broker, format_: Format, ear: Ear) -> str:
    if type(format_).__name__ in WHY_NOT:
        return WHY_NOT[type(format_).__name__]
    if isinstance(format_, Known) and format_.identity(platform.endpoint.host).client_id is not None:
        return "this platform knows one client by one name"
    return "" if ear.messages else "this format says nothing of it"


async def _open(platform: Broker, ear: Ear, made: Callable[[], ssl.SSLContext] | None, clock: Clock) -> None:
    [topic] = ear.messages
    listener = replace(
        platform, client_id=platform.client_id + OF_AN_EAR, status_topic=None, listen_topic=topic, keeps_session=False
    )
    link = Link(listener, lambda _: None, listener.password_at(clock().utc))
    try:
        await link.open(None if made is None else made())
    except Unreachable as error:
        ear.deaf = str(error)
        return
    refused = "" if link.inbox is None else link.inbox.refused
    if refused:
        ear.deaf = refused
        await link.close()
    else:
        ear.link = link


async def asked(format_: Format, transport: Transport, item: Item, memory: Mapping[str, Json]) -> Step:
    """Ask the platform for what it was told, where its format knows how."""
    request = format_.read_back(item, memory) if isinstance(format_, ReadsBack) else None
    if request is None:
        why = WHY_NOT.get(type(format_).__name__, "this platform cannot be asked here")
        return Step(STEP, True, f"{why}: {LOOK_THERE}")
    try:
        (answer,) = await transport.send([request])
    except Unreachable as error:
        kind, what = advice(str(error))
        return Step(STEP, False, str(error), what, kind)
    return _found(answer, request, item)


def _found(answer: Answer, request: Request, item: Item) -> Step:
    if answer.verdict is not Verdict.TAKEN:
        words = f"{request.target}: {answer.detail}"
        return Step(STEP, True, f"it was taken, and this credential may not read it back ({words})")
    if str(item.uplink.id).encode() in answer.body:
        return Step(STEP, True, f"it is there: {request.target}")
    words = f"{request.target} is there, and without this observation"
    return wrong(STEP, words, "overwritten")
