"""Having made at a platform what it shows values in; or, without making anything, what would be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.formats import Provided, Providing
from gateway.model import Answer, Request, Verdict
from gateway.transports import Transport

AT_ONCE: Final = 20  # things asked for between two signs of life
IMAGINED: Final = b'{"id":0}'  # what a platform says that has made something; the number is nobody's

Tell = Callable[[int, int], None]
"""Be told how many of how many things have been asked for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the platform is prepared for, and the requests that made something, or would."""

    provided: Provided
    making: tuple[Request, ...]


async def provision(conversation: Providing, transport: Transport, tell: Tell) -> Outcome:
    """Hold ``conversation`` to its end. Raises Unreachable; what was made until then is found the next time."""
    return await _hold(conversation, transport, tell, is_meant=True)


async def rehearse(conversation: Providing, transport: Transport, tell: Tell) -> Outcome:
    """Look what is there, and imagine that the rest is made. Raises Unreachable."""
    return await _hold(conversation, transport, tell, is_meant=False)


async def _hold(conversation: Providing, transport: Transport, tell: Tell, *, is_meant: bool) -> Outcome:
    making: list[Request] = []
    try:
        requests = next(conversation)
        while True:
            made = [one for one in requests if one.method != "GET"]
            making += made
            if made and not is_meant:
                requests = conversation.send([_imagined() for _ in requests])
            else:
                requests = conversation.send(await _exchanged(requests, transport, tell))
    except StopIteration as end:
        return Outcome(end.value, tuple(making))
    finally:
        conversation.close()


async def _exchanged(requests: Sequence[Request], transport: Transport, tell: Tell) -> list[Answer]:
    answers: list[Answer] = []
    while len(answers) < len(requests):
        answers += await transport.send(requests[len(answers) : len(answers) + AT_ONCE])
        tell(len(answers), len(requests))
    return answers


def _imagined() -> Answer:
    return Answer(verdict=Verdict.TAKEN, status=200, body=IMAGINED)
