"""The way to a platform for the length of one conversation."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import Unreachable
from gateway.model import NOT_SENT, Answer, Request, Verdict
from gateway.transports import Transport


class Line:
    """A transport as a conversation sees it: a loss does not break it off.

    What was answered before the loss counts: the conversation is told LATER for the rest and ends with its receipt. One that goes on
    after the line broke over what was in flight gets a new one, as long as there is one to be had.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._answered = False
        self._is_gone = False  # and cannot be had again now
        self.lost = ""  # why, in words: something was not sent

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Send as `Transport.send` does; raises Unreachable only when nothing was answered yet."""
        if not self._is_gone:
            try:
                answers = await self._transport.send(requests)
            except Unreachable as error:
                if not self._answered:
                    raise
                self.lost, self._is_gone = str(error), True
            else:
                self._answered = True
                self._note_loss(answers)
                return answers
        return [Answer.unsent(self.lost)] * len(requests)

    def _note_loss(self, answers: Sequence[Answer]) -> None:
        unsent = next((one for one in answers if one.is_unsent), None)
        if unsent is not None:
            self.lost = unsent.detail.removeprefix(NOT_SENT)
            self._is_gone = all(one.verdict is not Verdict.UNCLEAR for one in answers)
