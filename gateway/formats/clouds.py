"""What the clouds' formats share: another format's messages, in the cloud's own topics and within its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from gateway.formats import Conversation, Format
from gateway.formats.json_event import JsonEvent
from gateway.formats.postings import Posting, Said, unwrapped
from gateway.formats.rec_edge import RecEdge
from gateway.formats.senml import SenMl
from gateway.model import Item, Json, Request

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
    return Posting([_addressed(item, body, address) for item in batch], memory).talk()


def _addressed(item: Item, body: Format, address: Address) -> Said:
    said = unwrapped(item, body.deliver([item], {}))
    requests: list[Request] = []
    refusals = list(said.refusals)
    for request in said.requests:
        try:
            requests.append(address(item, request))
        except ValueError as error:
            refusals.append(str(error))
    return replace(said, requests=tuple(requests), refusals=tuple(refusals))
