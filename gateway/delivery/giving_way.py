"""The way to a platform for a turn of history: it ends early where something newer waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.errors import Unreachable
from gateway.model import Answer, Request, Verdict
from gateway.transports import Transport

GAVE_WAY: Final = "newer uplinks go first"


class GivingWay:
    """A transport that sends no more than goes side by side before it looks whether it ``is_wanted`` elsewhere.

    What was not sent then has the answer LATER with status 0, as after a loss: the conversation ends with its receipt, and what was
    answered counts.
    """

    def __init__(self, transport: Transport, *, side_by_side: int, is_wanted: Callable[[], bool]) -> None:
        self._transport = transport
        self._side_by_side = side_by_side
        self._is_wanted = is_wanted
        self._has_sent = False
        self.gave_way = False
        self.is_troubled = False  # an answer was one that leaves its row undecided

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Send as `Transport.send` does, in pieces."""
        answers: list[Answer] = []
        while len(answers) < len(requests) and not self._gives_way():
            piece = requests[len(answers) : len(answers) + self._side_by_side]
            try:
                answers += await self._transport.send(piece)
            except Unreachable as error:
                if not answers:
                    raise
                self.is_troubled = True
                return [*answers, *[Answer.unsent(str(error))] * (len(requests) - len(answers))]
            self._has_sent = True
        self.is_troubled |= any(one.verdict in {Verdict.LATER, Verdict.UNCLEAR} for one in answers)
        return [*answers, *[Answer.unsent(GAVE_WAY)] * (len(requests) - len(answers))]

    async def close(self) -> None:
        """Leave the transport open: it is another's."""

    def status(self) -> dict[str, object]:
        """Return nothing: whoever has the transport is asked."""
        return {}

    def _gives_way(self) -> bool:
        self.gave_way = self.gave_way or (self._has_sent and self._is_wanted())
        return self.gave_way
