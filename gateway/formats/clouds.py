"""What the clouds' formats share: another format's messages, in the cloud's own topics and within its limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.formats import Conversation, Format
from gateway.formats.json_event import JsonEvent
from gateway.formats.parts import OneByOne, Said, standing_alone
from gateway.formats.patience import UNKNOWN_PLATFORM
from gateway.formats.rec_edge import RecEdge
from gateway.formats.rounds import Rounds
from gateway.formats.senml import SenMl
from gateway.model import Answer, Item, Json, Receipt, Request, Verdict

Body = Literal["json", "senml", "rec_edge"]
BODIES: Final[Mapping[str, Callable[..., Format]]] = {"json": JsonEvent, "senml": SenMl, "rec_edge": RecEdge}
LIMIT: Final = "not sent: {octets} octets, and {platform} takes messages of {most}"

Address = Callable[[Item, Request], Request]
"""Return a message with the cloud's topic; ValueError says why there is none."""


def body_of(name: str, options: Mapping[str, Json]) -> Format:
    """Return the format of a body with its options; ValueError says what is wrong with either."""
    if name not in BODIES:
        raise ValueError(f"body: {name!r} is none of {', '.join(map(repr, BODIES))}")
    wrong = [option for option in ("topic", "batch", "device", "device_interval") if option in options]
    if wrong:
        raise ValueError(f"body_options: {wrong[0]!r} is the cloud's, not the body's")
    made: Any = BODIES[name]
    try:
        return made(**options)  # type: ignore[no-any-return]  # a format, whose options are not known before
    except (TypeError, ValueError) as error:
        raise ValueError(f"body_options: {error}") from error


def posted(batch: Sequence[Item], memory: Mapping[str, Json], body: Format, address: Address) -> Conversation:
    """Send what ``body`` says of each row to where ``address`` says; what has no address is refused with the reason."""
    return Rounds(batch, memory, _Addressed(body, address), patience=UNKNOWN_PLATFORM).talk()


@dataclass(frozen=True, slots=True)
class _Addressed(OneByOne):
    """What a body's format says of a row, each message to the cloud's own topic."""

    body: Format
    address: Address

    def say(self, item: Item) -> Said:
        said, receipt = _unwrapped(self.body.deliver([item], {}))
        requests: list[Request] = []
        refused = list(receipt.refused.values())
        for request in said:
            try:
                requests.append(self.address(item, request))
            except ValueError as error:
                refused.append(str(error))
        inexpressible = list(Counter(receipt.inexpressible).elements())
        return standing_alone(item, requests, inexpressible=inexpressible, refused=refused)


def _unwrapped(inner: Conversation) -> tuple[Sequence[Request], Receipt]:
    """Return what a format whose messages stand each for itself says, without sending anything."""
    said: list[Request] = []
    answers: Sequence[Answer] | None = None
    while True:
        try:
            asked = next(inner) if answers is None else inner.send(answers)
        except StopIteration as end:
            return said, end.value
        said += asked
        answers = [Answer(verdict=Verdict.TAKEN, status=0)] * len(asked)
