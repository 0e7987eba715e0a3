"""The last answers of a platform, for people who look why it does not go on: the beginning of each, without secrets."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.errors import Hindrance
from gateway.model import Answer, Clock, Instant, Json, Request, Verdict
from gateway.transports.reasons import hindrance_of

KEPT: Final = 10  # exchanges of one destination
LOOKED_AT: Final = 4000  # octets in which secrets are looked for: one that lies across the end is not shown in part
SHOWN: Final = 500  # characters of what was sent, and of what came back: 10 kB a destination
WORST: Final = (Verdict.REFUSED, Verdict.LATER, Verdict.UNCLEAR, Verdict.TAKEN)


class LastAnswers:
    """What went to and fro lately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[tuple[Instant, int, Request, Answer]] = deque(maxlen=KEPT)

    def note(self, requests: Sequence[Request], answers: Sequence[Answer]) -> None:
        """Keep of requests that went together the one that went worst, the last of several."""
        pairs = [*zip(requests, answers, strict=False)]
        if not pairs:
            return
        request, answer = min(reversed(pairs), key=lambda pair: WORST.index(pair[1].verdict))
        short = replace(request, body=request.body[:LOOKED_AT]).shown()
        kept = replace(short, body=short.body[:SHOWN])
        self._kept.append((self._clock(), len(pairs), kept, replace(answer, body=answer.body[:SHOWN])))

    @property
    def hindrance(self) -> Hindrance:
        """What the newest answer says of why not all was taken."""
        answer = self._kept[-1][-1] if self._kept else None
        return Hindrance.ANSWER if answer is None or answer.verdict is Verdict.TAKEN else hindrance_of(answer.status)

    def as_json(self) -> list[Mapping[str, Json]]:
        """Return them, the newest first."""
        return [
            {
                "at": at.utc.isoformat(timespec="milliseconds"),
                "method": request.method,
                "target": request.target,
                "requests": count,
                "verdict": str(answer.verdict),
                "status": answer.status,
                "detail": answer.detail,
                "sent": _text(request.body),
                "answered": _text(answer.body),
            }
            for at, count, request, answer in reversed(self._kept)
        ]


def _text(octets: bytes) -> str:
    """Return octets as text where they are that, else as hex."""
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(octets) - 3 and error.reason == "unexpected end of data":  # cut within a character
            return octets[: error.start].decode()
        return octets.hex()
