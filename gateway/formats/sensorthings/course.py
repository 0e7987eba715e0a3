"""How a conversation goes on: whether anything was written, and why the rest has to wait."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.formats.sensorthings.answers import OF_THE_WAY, Fate, fate, words
from gateway.model import Answer


@dataclass(slots=True)
class Course:
    """The state that all parts of one conversation share."""

    stopped: str = ""  # why nothing more is sent, in words
    wrote: bool = False  # the server took at least one thing
    lost: bool = False  # the answer to something that was to be written did not come
    retry_after: timedelta | None = None
    warnings: Counter[str] = field(default_factory=Counter)

    def hear(self, answer: Answer, *, writes: bool = False) -> Fate:
        """Judge an answer, and stop when it is about the way there."""
        judged = fate(answer)
        if answer.retry_after is not None:
            self.retry_after = max(answer.retry_after, self.retry_after or answer.retry_after)
        if judged in OF_THE_WAY:
            self.stopped = self.stopped or words(answer)
        self.wrote |= writes and judged is Fate.TAKEN
        self.lost |= writes and judged is Fate.UNCLEAR
        return judged
