"""Bodies compressed on their way (Content-Encoding: gzip; RFC 9110, section 8.4.1): for a gateway behind metered LTE.

Few servers say whether they take it, and one that does not may complain of anything. So nothing that was refused while compressed counts
until a compressed body was taken once: it is asked again plain, and where that is taken, all goes plain from then on.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Final

from gateway.errors import Unreachable
from gateway.model import Answer, Request, Verdict

SMALLEST: Final = 512  # octets; what is less fits into the packet that its headers need anyhow
LEVEL: Final = 6  # zlib's own; 9 gains 1 % for half as much time again
HEADERS: Final[Mapping[str, str]] = {"Content-Encoding": "gzip"}
STUMBLED: Final = 500  # some servers say so of a body that they cannot read
NO_GZIP: Final = "the platform takes no compressed bodies: they go plain"

Exchange = Callable[[Request, bytes, Mapping[str, str]], Awaitable[Answer | Unreachable]]


class _Trust(Enum):
    UNTRIED = "untried"
    WORKS = "works"
    REFUSED = "refused"


class Packing:
    """Whether a platform is sent compressed bodies, and what was learned of it."""

    def __init__(self, *, wanted: bool) -> None:
        self._trust = _Trust.UNTRIED if wanted else _Trust.REFUSED
        self._wanted = wanted
        self.saved_octets = 0

    @property
    def note(self) -> str:
        """Return what a person should know of it, "" for nothing."""
        return NO_GZIP if self._wanted and self._trust is _Trust.REFUSED else ""

    async def exchange(self, request: Request, ask: Exchange) -> Answer | Unreachable:
        """Return what ``ask`` brings, of the compressed body where that may be, else of the plain one."""
        if self._trust is _Trust.REFUSED or len(request.body) < SMALLEST:
            return await ask(request, request.body, {})
        packed = gzip.compress(request.body, LEVEL, mtime=0)
        outcome = await ask(request, packed, HEADERS)
        if isinstance(outcome, Answer) and outcome.verdict is Verdict.TAKEN:
            self._trust = _Trust.WORKS
            self.saved_octets += len(request.body) - len(packed)
        elif self._trust is _Trust.UNTRIED and _may_be_the_packing(outcome):
            outcome = await ask(request, request.body, {})
            if isinstance(outcome, Answer) and outcome.verdict is Verdict.TAKEN:
                self._trust = _Trust.REFUSED
        return outcome


def _may_be_the_packing(outcome: Answer | Unreachable) -> bool:
    return isinstance(outcome, Answer) and (outcome.verdict is Verdict.REFUSED or outcome.status == STUMBLED)
